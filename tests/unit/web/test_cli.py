"""The command line teaches and fails with the right codes."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import load
from hyperpersonal_runtime.jail import find
from hyperpersonal_runtime.jail.program import Jail, JailError
from hyperpersonal_web.cli import COMMANDS, cli, reach
from hyperpersonal_web.cli.doctor import _sandbox, examine
from hyperpersonal_web.cli.reach import host_of, nats_fault, postgres_fault
from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.walls import open_jail

Hp = Callable[..., "subprocess.CompletedProcess[str]"]


def hp(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    return subprocess.run(
        [sys.executable, "-m", "hyperpersonal_web.cli", *arguments],
        env=known | variables, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def test_that_help_names_every_command() -> None:
    shown = hp("--help")
    assert shown.returncode == 0
    assert all(f"  {name}" in shown.stdout for name in COMMANDS)
    assert "\x1b[" not in shown.stdout, "colour belongs on a terminal only"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "test"])
def test_that_every_command_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert len(shown.output.splitlines()) > 5


def groups(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path to every group of commands."""
    if isinstance(command, click.Group):
        yield path
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from groups(below, (*path, name))


def test_that_no_list_of_commands_breaks_off_in_a_sentence() -> None:
    found = list(groups(cli))
    assert len(found) > 12
    for path in found:
        shown = CliRunner().invoke(cli, [*path, "--help"]).output
        assert "..." not in shown.partition("Commands:")[2], path


def test_that_help_of_serve_names_every_setting() -> None:
    shown = CliRunner().invoke(cli, ["serve", "--help"]).output
    for name in ("HP_DATABASE_URL", "HP_NATS_URL", "HP_DATA_DIR", "HP_PORT", "HP_SECRET"):
        assert name in shown


def test_that_wrong_usage_exits_with_two_and_says_why() -> None:
    unknown = hp("dance")
    assert unknown.returncode == 2
    assert "dance" in unknown.stderr
    bad = hp("serve", "--role", "king")
    assert bad.returncode == 2
    misspelt = hp("serve", HP_DATABSE_URL="postgresql://nowhere")
    assert misspelt.returncode == 2
    assert "HP_DATABSE_URL" in misspelt.stderr


def test_that_an_unreachable_database_is_told_and_not_a_traceback() -> None:
    refused = hp(
        "serve",
        HP_DATABASE_URL="postgresql://postgres@127.0.0.1:1/postgres",
        HP_NATS_URL="nats://127.0.0.1:1",
    )
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "doctor" in refused.stderr


def test_that_a_port_on_the_command_line_comes_first() -> None:
    assert settings_of({"HP_PORT": "9000"}, 9001).port == 9001
    assert settings_of({"HP_PORT": "9000"}, None).port == 9000


def test_that_the_doctor_finds_this_machine_able() -> None:
    findings = examine()
    assert {finding.name for finding in findings} >= {"Python", "PostgreSQL", "NATS", "disk"}
    assert [finding for finding in findings if finding.verdict == "missing"] == []


@pytest.mark.parametrize("variable", ["HP_DATABASE_URL", "HP_NATS_URL"])
def test_that_the_doctor_says_who_does_not_answer_and_hides_secrets(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = "postgresql" if variable == "HP_DATABASE_URL" else "nats"
    monkeypatch.setenv(variable, f"{scheme}://me:hunter2@127.0.0.1:1")
    shown = CliRunner().invoke(cli, ["doctor"])
    assert shown.exit_code == 1
    assert f"{variable} (127.0.0.1:1) does not answer" in shown.output
    assert f"correct {variable}" in shown.output
    assert "hunter2" not in shown.output


def test_that_the_doctor_waits_three_seconds_for_a_silent_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        assert "within 3 s" in postgres_fault(f"postgresql://{address}/x")
        assert "within 3 s" in nats_fault(f"nats://{address}")
        assert time.monotonic() - started < 60


@pytest.mark.parametrize("url", ["postgresql://me:hun/ter2@db.example/x", "nats://me:hun/ter2@x"])
def test_that_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    assert "hun" not in host_of(url)
    assert "hun" not in postgres_fault(url) + nats_fault(url)


def test_that_servers_that_answer_are_found(
    dsn: str, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "DEADLINE_S", 60.0)  # a busy machine's server answers late
    assert (postgres_fault(dsn), nats_fault(nats_url)) == ("", "")


def test_that_the_doctor_looks_at_the_folder_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for name, verdict in (("new/folder", "ok"), ("file/folder", "missing")):
        monkeypatch.setenv("HP_DATA_DIR", str(tmp_path / name))
        (found,) = (finding for finding in examine() if finding.name == "data folder")
        assert (found.verdict, found.found) == (verdict, str(tmp_path / name))


@pytest.mark.parametrize(
    ("tier", "verdict", "found"),
    [
        ("auto", "ok", "namespaces, with"),
        ("landlock", "ok", "landlock, with"),
        ("none", "warn", "none, as asked"),
        ("docker", "missing", "there is no tier docker"),
    ],
)
def test_that_the_doctor_tells_the_wall_as_json(
    tier: str, verdict: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HP_SANDBOX_TIER", tier)
    monkeypatch.setitem(examine.__globals__, "CHECKS", (_sandbox,))  # its own exit code alone
    shown = CliRunner().invoke(cli, ["doctor", "--json"])
    (sandbox,) = (one for one in json.loads(shown.output) if one["name"] == "sandbox")
    assert (sandbox["verdict"], sandbox["found"][: len(found)]) == (verdict, found)
    assert shown.exit_code == (1 if verdict == "missing" else 0), shown.output


async def test_that_a_wall_that_cannot_be_had_ends_the_start_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cannot(missing: str) -> Jail:
        raise JailError("bubblewrap (bwrap) is not installed")

    monkeypatch.setitem(find._TIERS, "namespaces", (cannot,))
    with pytest.raises(RefusedError, match=r"HP_SANDBOX_TIER=namespaces: .*not installed"):
        await open_jail(load({"HP_SANDBOX_TIER": "namespaces"}))
    jail = await open_jail(load({"HP_SANDBOX_TIER": "none", "HP_SANDBOX_TRUSTED": "acme"}))
    assert (jail.refusal("acme/x"), bool(jail.refusal("hyperpersonal/x"))) == ("", True)
