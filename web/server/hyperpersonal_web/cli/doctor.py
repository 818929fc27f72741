"""`hp doctor`: what this machine lacks for the product, and how to get it."""

import ctypes
import os
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
import msgspec
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.jail.program import JailError
from msgspec import Struct

from hyperpersonal_web.cli.reach import blobs_fault, host_of, nats_fault, postgres_fault
from hyperpersonal_web.embedded.postgres import binaries
from hyperpersonal_web.paths import ROOT

CLONE_NEWUSER = 0x10000000  # linux/sched.h
FILES_MIN = 4_096
DISK_MIB_MIN = 1_024
CORES_MIN = 2

Verdict = Literal["ok", "warn", "missing"]


class Finding(Struct, frozen=True):
    """One thing looked at; `advice` says what to do unless it is ok."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Everything `hp demo` needs, each looked at for real."""
    return [look() for look in CHECKS]


def _python() -> Finding:
    found = sys.version.split()[0]
    good = sys.version_info >= (3, 11)
    return Finding("Python", "ok" if good else "missing", found, "install Python 3.11 or newer")


def _postgres() -> Finding:
    if named := os.environ.get("HP_DATABASE_URL"):
        return _named("PostgreSQL", "HP_DATABASE_URL", named, postgres_fault(named))
    good = os.access(binaries() / "postgres", os.X_OK)
    advice = "remove .venv and run ./hp again, or name a server in HP_DATABASE_URL"
    return Finding(
        "PostgreSQL", "ok" if good else "missing", "embedded" if good else "no binaries", advice
    )


def _named(name: str, variable: str, url: str, fault: str) -> Finding:
    found = f"{variable} ({host_of(url)}){' ' * bool(fault)}{fault}"
    advice = f"start it or correct {variable}; without {variable} an embedded one is used"
    return Finding(name, "missing" if fault else "ok", found, advice)


def _user_namespace() -> Finding:
    """PostgreSQL refuses uid 0; as root we start it in a user namespace."""
    name = "user namespace"
    if os.geteuid() != 0 or os.environ.get("HP_DATABASE_URL"):
        return Finding(name, "ok", "not needed")
    child = os.fork()
    if child == 0:
        os._exit(0 if ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0 else 1)
    good = os.waitpid(child, 0)[1] == 0
    advice = "run as an ordinary user, or name a server in HP_DATABASE_URL"
    return Finding(
        name, "ok" if good else "missing", "allowed" if good else "forbidden here", advice
    )


def _nats() -> Finding:
    if named := os.environ.get("HP_NATS_URL"):
        return _named("NATS", "HP_NATS_URL", named, nats_fault(named))
    good = os.access(Path(sys.executable).parent / "nats-server", os.X_OK)
    advice = "remove .venv and run ./hp again, or name a server in HP_NATS_URL"
    return Finding("NATS", "ok" if good else "missing", "embedded" if good else "no binary", advice)


def _artifacts() -> Finding:
    if not (named := os.environ.get("HP_BLOBS")):
        return Finding("artifacts", "ok", "in the data folder")
    fault = blobs_fault(named)
    advice = "correct HP_BLOBS or what it names; without it the data folder is used"
    return Finding("artifacts", "missing" if fault else "ok", fault or "HP_BLOBS answers", advice)


def _files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    verdict: Verdict = "ok" if hard >= FILES_MIN else "warn"
    advice = f"each open chat needs one; raise it: ulimit -n {FILES_MIN}"
    return Finding("open files", verdict, f"{soft}, at most {hard}", advice)


def _disk() -> Finding:
    folder = _data_folder()
    free = shutil.disk_usage(_there(folder)).free // 2**20
    verdict: Verdict = "ok" if free >= DISK_MIB_MIN else "warn"
    return Finding(
        "disk", verdict, f"{free:,} MiB free", f"{DISK_MIB_MIN} MiB are needed in {folder}"
    )


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0))
    verdict: Verdict = "ok" if cores >= CORES_MIN else "warn"
    return Finding("cores", verdict, str(cores), "it runs on one core, slower than promised")


def _writable() -> Finding:
    folder = _data_folder()
    good = os.access(_there(folder), os.W_OK | os.X_OK) and _there(folder).is_dir()
    advice = "make it writable, or name another one in HP_DATA_DIR"
    return Finding("data folder", "ok" if good else "missing", str(folder), advice)


def _data_folder() -> Path:
    return ROOT / os.environ.get("HP_DATA_DIR", ".hp")


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _sandbox() -> Finding:
    """A program is really started behind the wall and tries to break out."""
    wanted = os.environ.get("HP_SANDBOX_TIER", "auto")
    try:
        jail = find_jail(wanted)
    except JailError as error:
        advice = "leave HP_SANDBOX_TIER out: the strongest tier that works is taken"
        return Finding("sandbox", "missing", str(error), advice)
    limited = "with" if jail.counts else "without"
    found = f"{jail.tier}, {limited} control groups"
    if jail.tier == "none" and wanted == "none":
        advice = "only trusted publishers' plugins run; checks of releases have no wall either"
        return Finding("sandbox", "warn", "none, as asked", advice)
    if jail.tier == "none":
        return Finding("sandbox", "missing", f"none ({jail.missing})", "docs/guides/sandbox.md")
    if jail.missing:
        return Finding("sandbox", "warn", found, f"for the strongest tier: {jail.missing}")
    return Finding("sandbox", "ok", found)


CHECKS: tuple[Callable[[], Finding], ...] = (
    _python, _postgres, _user_namespace, _nats, _artifacts, _files, _disk, _cores, _writable,
    _sandbox,
)  # fmt: skip
MARKS = {"ok": ("ok", "green"), "warn": ("weak", "yellow"), "missing": ("missing", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(*, as_json: bool) -> None:
    """Say what this machine lacks, and how to get it. Exit code 1 when something is missing."""
    findings = examine()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings)))
    else:
        _show(findings)
    if any(finding.verdict == "missing" for finding in findings):
        raise click.exceptions.Exit(1)


def _show(findings: list[Finding]) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        word, colour = MARKS[finding.verdict]
        click.echo(f"{click.style(f'{word:8}', fg=colour)} {finding.name:{width}}  {finding.found}")
        if finding.verdict != "ok":
            click.echo(f"{'':8} {'':{width}}  -> {finding.advice}")
    if not any(finding.verdict == "missing" for finding in findings):
        click.echo("Ready. Start with ./hp demo")
