"""`hp test` and `hp lint`: the gates of a change, the same here and in CI."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from hyperpersonal_web.paths import ROOT

MEMBERS = ("sdk", "runtime", "core", "registry", "marketplace", "web/server")
PASS_THROUGH = {
    "ignore_unknown_options": True, "allow_extra_args": True,
    "help_option_names": ["--help"],  # -h would be found within pytest's -kwhat
}  # fmt: skip
AGAIN_MOST = 3
_SOME_FAILED = 1  # pytest's exit code; any other is no test's fault


@click.command(context_settings=PASS_THROUGH)
@click.option("--again", is_flag=True, help="Try what failed once more, alone; tell it apart.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(*, again: bool, arguments: tuple[str, ...]) -> None:
    """Run the test suite, on two processes when no test is named.

    Everything else given here goes to pytest: `hp test tests/e2e -k socket -x`, or
    `hp test -- --help` for pytest's own options. With --again a failure that passes alone is
    reported as unsteady and does not fail the run; more than three at once do.
    """
    chosen = any(not argument.startswith("-") for argument in arguments)
    parallel = [] if chosen or "-n" in arguments else ["-n", "2", "--dist", "loadfile"]
    pytest = [sys.executable, "-m", "pytest", *arguments]
    sys.exit(_test_again(pytest, parallel) if again else _run([*pytest, *parallel]))


def _test_again(pytest: list[str], parallel: list[str]) -> int:
    """The gate of CPython does the same (`regrtest --rerun`): a fault fails twice (ADR 0054)."""
    with tempfile.TemporaryDirectory() as cache:
        pytest = [*pytest, "-o", f"cache_dir={cache}"]
        code = _run([*pytest, *parallel])
        failed = _failed(Path(cache))
        if code != _SOME_FAILED or not 0 < len(failed) <= AGAIN_MOST:
            return code
        click.secho(f"{len(failed)} failed: tried once more, alone", bold=True)
        code = _run([*pytest, "--last-failed", "--last-failed-no-failures=none"])
    if code == 0:
        click.secho("UNSTEADY, failed once and passed alone: " + ", ".join(failed), fg="yellow")
    return code


def _failed(cache: Path) -> list[str]:
    kept = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(kept.read_text())) if kept.exists() else []


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
