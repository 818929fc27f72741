"""`check` and `test`: whether the registry would take the plugin, and whether it does its work."""

import importlib.util
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click
import msgspec

from hyperpersonal_sdk import checks, hpx
from hyperpersonal_sdk.cli.common import (
    AS_JSON,
    FOLDER,
    archived,
    check_is_plugin,
    data_folder,
    program,
    told,
)
from hyperpersonal_sdk.cli.tables import verdict_lines
from hyperpersonal_sdk.errors import CheckFailedError
from hyperpersonal_sdk.testing.sandbox import GROUP
from hyperpersonal_sdk.verdicts import Verdict

FATAL = ("FAIL", "ERROR")
NO_SANDBOX = (
    "the sandbox is not installed here, so the plugin cannot run. In the project's checkout "
    "`./hp plugin {verb}` has it; beside the SDK it is: pip install hyperpersonal-runtime"
)


@click.command()
@FOLDER
@click.option("--run", "also_run", is_flag=True, help="Also run it, as the registry does.")
@click.option(
    "--after",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The .hpx of the release before, to compare with; implies --run.",
)
@AS_JSON
def check(folder: Path, *, also_run: bool, after: Path | None, as_json: bool) -> None:
    """Check the manifest, the files and the sources by the registry's own rules.

    With --run it is also started in the sandbox, its recorded calls are replayed, and what it takes
    is measured; with --after what it does is compared with the release before.

    Exit codes: 0 nothing is wrong, 1 something must be mended, 2 wrong usage.
    """
    with told():
        archive = archived(folder)
        report = checks.run(archive)
        if also_run or after is not None:
            report += _run(archive, after)
    failed = [one for one in report if one.verdict in FATAL]
    if as_json:
        body = {"digest": archive.digest, "verdicts": report}
        click.echo(msgspec.json.format(msgspec.json.encode(body), indent=2))
    else:
        _tell(folder, archive, report)
    raise SystemExit(1 if failed else 0)


@click.command(context_settings={"ignore_unknown_options": True})
@FOLDER
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def test(folder: Path, pytest_args: tuple[str, ...]) -> None:
    """Run the plugin's tests, in its real sandbox where they use the fixture `sandbox`."""
    with told():
        check_is_plugin(folder)
    tests = folder / "tests"
    if not tests.is_dir():
        raise click.ClickException(
            f"there is no folder {tests}; start with a test that asks `sandbox.reply(…)`, as every "
            f"template of `{program()} init` does"
        )
    needed(("pytest",), "test")
    command = [sys.executable, "-m", "pytest", "-rs", *_quiet(), str(tests), *pytest_args]
    done = subprocess.run(command, check=False, env=_environment())
    if done.returncode == 0:
        click.echo(f"Next: {program()} check {folder}, or {program()} dev {folder}")
    raise SystemExit(done.returncode)


def _run(archive: hpx.Archive, after: Path | None) -> list[Verdict]:
    before = None if after is None else after.read_bytes()
    report = checks.run_sandboxed(hpx.pack(archive.files), before)
    if report is None:
        raise click.ClickException(NO_SANDBOX.format(verb="check --run"))
    return report


def checked(folder: Path) -> hpx.Archive:
    """The folder as an archive that breaks no rule.

    Raises:
        CheckFailedError: every fault, a line each.
    """
    archive = archived(folder)
    failed = [one for one in checks.run(archive) if one.verdict in FATAL]
    if failed:
        words = "\n".join(verdict_lines(failed))
        raise CheckFailedError(
            failed[0].check, f"{folder} would not be taken:\n{words}\nMend it and try again."
        )
    return archive


def needed(modules: tuple[str, ...], verb: str) -> None:
    """Raises click.ClickException where what a command runs on is not installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise click.ClickException(f"this needs {missing[0]}; run: pip install {missing[0]}")
    if not entry_points(group=GROUP):
        raise click.ClickException(NO_SANDBOX.format(verb=verb))


def _tell(folder: Path, archive: hpx.Archive, report: list[Verdict]) -> None:
    for line in verdict_lines(report):
        click.echo(line)
    faults = sum(one.verdict in FATAL for one in report)
    if faults:
        click.echo(f"{faults} to mend. What each rule wants: docs/reference/checks.md")
        return
    said = archive.manifest
    click.echo(f"{said.id} {said.version}: {len(archive.files)} files, {archive.digest}")
    for text in said.asked.texts:
        click.echo(f"  asks {text}")
    click.echo(f"Nothing is wrong. Next: {program()} publish {folder}")


def _environment() -> dict[str, str]:
    """Tests share the compiled guests of the data folder: building one takes some 15 s."""
    folder = data_folder()
    return {**os.environ, **({"HP_DATA_DIR": str(folder)} if folder else {})}


def _quiet() -> tuple[str, ...]:
    """What keeps pytest-asyncio, where it is installed, from asking authors for a setting."""
    there = importlib.util.find_spec("pytest_asyncio") is not None
    return ("-o", "asyncio_default_fixture_loop_scope=function") if there else ()
