"""The command line teaches and fails with the right codes."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from hyperpersonal_web.cli import COMMANDS, cli
from hyperpersonal_web.cli.doctor import Finding, examine
from hyperpersonal_web.cli.serve import settings_of

Hp = Callable[..., "subprocess.CompletedProcess[str]"]


def hp(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    return subprocess.run(
        [sys.executable, "-m", "hyperpersonal_web.cli", *arguments],
        env=known | variables, capture_output=True, text=True, timeout=60, check=False,
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


def test_that_the_doctor_says_what_to_do_and_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HP_DATABASE_URL", "postgresql://me:hunter2@db.example:5432/shop")
    shown = CliRunner().invoke(cli, ["doctor"])
    assert "db.example:5432" in shown.output
    assert "hunter2" not in shown.output
    assert Finding("x", "missing", "no", "do this").advice == "do this"
