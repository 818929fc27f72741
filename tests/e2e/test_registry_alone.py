"""`hp registry serve`: the registry as a process of its own, without shops."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from fakes.full_registry import key
from hyperpersonal_registry.api import KeyFolder
from hyperpersonal_sdk.dsse import key_id
from hyperpersonal_sdk.registry_client import RegistryClient
from hyperpersonal_sdk.transparency import checkpoint
from hyperpersonal_web.cli.registry_commands import registry
from hyperpersonal_web.trusting import LOG_ORIGIN

AUTHOR, REVIEWER = key(231), key(232)
SERVE = [sys.executable, "-m", "hyperpersonal_web.cli", "registry", "serve", "--port", "0"]


@pytest.fixture
def env(tmp_path: Path, dsn: str, nats_url: str) -> dict[str, str]:
    given = {"HP_DATA_DIR": str(tmp_path), "HP_DATABASE_URL": dsn, "HP_NATS_URL": nats_url}
    return {**os.environ, **given}


def does(env: dict[str, str], *command: str) -> str:
    done = CliRunner().invoke(registry, command, env=env)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def url(env: dict[str, str]) -> Iterator[str]:
    """Where the registry serves, after its ceremony."""
    does(env, "init")
    public = REVIEWER.public_key().public_bytes_raw().hex()
    does(env, "people", "add", "reviewer", "Ada", public)
    process = subprocess.Popen(SERVE, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip().removesuffix("/v1/registry")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stdout.close()


def test_that_it_serves_authors_reviewers_and_verifiers(
    url: str, env: dict[str, str], tmp_path: Path
) -> None:
    with RegistryClient(url) as author, RegistryClient(url) as reviewer:
        author.login(AUTHOR)
        assert author.claim("acme")["state"] == "waiting"
        does(env, "namespaces", "approve", "acme")
        assert author.namespace("acme")["state"] == "given"
        stolen = key_id(AUTHOR.public_key().public_bytes_raw())
        does(env, "namespaces", "revoke-key", stolen, "--reason", "It was stolen.")
        again = CliRunner().invoke(
            registry, ["namespaces", "revoke-key", stolen, "--reason", "x"], env=env
        )
        assert again.exit_code != 0
        reviewer.login(REVIEWER)
        assert reviewer.get("/reviews")["items"] == []
    with httpx.Client(base_url=url, timeout=60) as http:
        assert http.get("/v1/registry/reviews").status_code == 401
        assert http.get("/health").json()["status"] == "ok"
        assert "<title>" in http.get("/review").text
        assert http.get("/v1/market/plugins").status_code == 404, "it has no merchants"
        seen = http.get("/v1/registry/log/checkpoint").content
    log = KeyFolder(tmp_path / "registry-keys").signer(LOG_ORIGIN)
    assert checkpoint.verify(seen, log.public).size >= 3
    assert json.loads(does(env, "status", "--json"))["log"] >= 3


def test_that_it_needs_its_ceremony(env: dict[str, str]) -> None:
    done = subprocess.run(SERVE, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 2
    assert "hp registry init" in done.stderr
