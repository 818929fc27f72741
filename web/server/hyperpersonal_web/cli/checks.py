"""`hp test` and `hp lint`: the gates of a change, the same here and in CI."""

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from hyperpersonal_web.paths import ROOT

MEMBERS = ("sdk", "runtime", "core", "registry", "marketplace", "web/server")
PASS_THROUGH = {"ignore_unknown_options": True, "allow_extra_args": True}


@click.command(context_settings=PASS_THROUGH)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the test suite, on two processes when no test is named.

    Everything else given here goes to pytest: `hp test tests/e2e -k socket -x`, or
    `hp test -- --help` for pytest's own options.
    """
    chosen = any(not argument.startswith("-") for argument in arguments)
    parallel = [] if chosen or "-n" in arguments else ["-n", "2", "--dist", "loadfile"]
    sys.exit(_run([sys.executable, "-m", "pytest", *parallel, *arguments]))


@click.command()
@click.option("--fix", is_flag=True, help="Let ruff format and repair what it can, then check.")
def lint(*, fix: bool) -> None:
    """ruff, ruff format, mypy --strict, import-linter, and tests/architecture (sizes, words)."""
    if fix:
        _run([_tool("ruff"), "check", "--fix", "--quiet", "."])
        _run([_tool("ruff"), "format", "--quiet", "."])
    packages = [f"{member}/hyperpersonal_{member.split('/')[0]}" for member in MEMBERS]
    checks = {
        "ruff check": [_tool("ruff"), "check", "."],
        "ruff format": [_tool("ruff"), "format", "--check", "--quiet", "."],
        "mypy": [_tool("mypy"), *packages],
        "import-linter": [_tool("lint-imports")],
        "architecture": [sys.executable, "-m", "pytest", "-q", "tests/architecture"],
    }
    failed = [name for name, command in checks.items() if not _passes(name, command)]
    if failed:
        raise click.ClickException("lint failed: " + ", ".join(failed))


def _passes(name: str, command: list[str]) -> bool:
    click.secho(f"{name} …", bold=True)
    started = time.monotonic()
    code = _run(command)
    click.echo(
        f"{name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - started:.1f} s"
    )
    return code == 0


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _run(command: list[str]) -> int:
    """With the venv's programs first, so nothing depends on what the machine has."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, check=False
    ).returncode
