"""`hp registry`: its root of trust, its people and names, and running it alone."""

import json
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import click
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import (
    KeyFolder,
    Pins,
    Registry,
    ceremony,
    fingerprint,
    log_of,
)
from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.transparency import note
from tuf.api.metadata import Root

from hyperpersonal_web.blobs import blobs_of
from hyperpersonal_web.cli.database import own_settings, with_database
from hyperpersonal_web.cli.registry_commands import AS_JSON, registry
from hyperpersonal_web.trusting import TRUST, folder_of, hold_ceremony, open_trust

Made = TypeVar("Made")
Work = Callable[[Registry, Settings], Coroutine[Any, Any, Made]]


def with_registry(work: Work[Made]) -> Made:
    """Do it with the registry of this machine's data folder, with its keys where they are here."""

    async def open_and_do(db: Database, settings: Settings) -> Made:
        async with AsyncExitStack() as stack:
            trust = await open_trust(stack, settings, db)
            registry = Registry(
                db, blobs_of(settings), SystemClock(), trust.signer,
                policy=trust.policy, metadata=trust.metadata, keeper=trust.keeper,
            )  # fmt: skip
            return await work(registry, settings)

    return with_database(open_and_do)


@registry.command()
@click.option("--holders", type=click.IntRange(1, 20), default=3, show_default=True,
              help="Keys that stand for the root.")  # fmt: skip
@click.option("--threshold", type=click.IntRange(1, 20), default=2, show_default=True,
              help="How many of them must sign a change of it.")  # fmt: skip
@click.option("--holders-folder", type=click.Path(path_type=Path), default=None,
              help="Where the holders' keys are or will be made: root-1, root-2, … "
              "[registry-keys in the data folder]")  # fmt: skip
def init(holders: int, threshold: int, holders_folder: Path | None) -> None:
    """Hold the root ceremony: make the registry's keys, sign its root, believe in it here.

    Afterwards take the holders' keys (root-1, root-2, …) off this machine, each to one person, and
    tell hosts the root's fingerprint by another way than the registry itself.
    """

    async def work(db: Database, settings: Settings) -> str:
        folder = KeyFolder(holders_folder or folder_of(settings))
        keys = [folder.key(f"root-{number}") for number in range(1, holders + 1)]
        root = await hold_ceremony(settings, db, keys, threshold)
        path = folder_of(settings) / "root.json"
        path.write_bytes(root)
        return (
            f"the root is {fingerprint(root)}\n"
            f"  {path} is for hosts: `hp registry pin {path.name}`\n"
            f"  take root-1 to root-{holders} in {folder.folder} off this machine now\n"
            "but first name the reviewers, at least two: their keys must sign for each of them:\n"
            "  `hp registry people add reviewer NAME PUBLIC-KEY`"
        )

    click.echo(with_database(work))


@registry.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def pin(file: Path) -> None:
    """Believe in a root from now on: FILE is what `hp registry init` wrote.

    Compare the fingerprint with what the registry's people told you.
    """
    settings, root = own_settings(), file.read_bytes()
    try:
        folder = Pins(settings.data_dir / TRUST).pin(root)
    except RefusedError as error:
        raise click.UsageError(f"{file}: {error.message}") from error
    click.echo(f"this host believes in {fingerprint(root)} ({folder})")


@registry.command()
@AS_JSON
def status(*, as_json: bool) -> None:
    """What the registry holds, who stands for it, and what expires when."""

    async def work(registry: Registry, settings: Settings) -> dict[str, Any]:
        return await facts_of(registry)

    found = with_registry(work)
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for name, value in found.items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        click.echo("\n".join(f"{name:10} {key:14} {said}" for key, said in rows))


async def facts_of(registry: Registry) -> dict[str, Any]:
    """The figures of `hp registry status`."""
    ground = registry.ground
    found: dict[str, Any] = {"log": await registry.log_size()}
    waiting = await registry.queue.waiting()
    found["waiting"] = len(waiting)
    found["claims"] = len(await registry.claims.waiting())
    people = [one for one in await registry.people.all() if one.revoked_at is None]
    found["people"] = {one.name: f"{one.role} {one.key_id[:16]}" for one in people}
    if ground.metadata is None:
        found["trust"] = "no keys here; hold `hp registry init` once, where there are none at all"
        return found
    async with ground.db.transaction() as connection, ground.signing(connection) as repository:
        assert repository is not None
        found["root"] = repository.root.signed.version
        named = ceremony.reviewers_of(repository.root.signed)
        waits = [p.name for p in people if p.role == "reviewer" and p.public not in named]
        found["unnamed"] = dict.fromkeys(waits, "the root does not name this reviewer yet")
        found["log_key"] = await log_facts(registry, repository.root.signed)
        found["expires"] = {n: at.isoformat() for n, at in sorted(repository.expiries().items())}
    return found


async def log_facts(registry: Registry, root: Root) -> dict[str, str]:
    """Which key signs the log, whether hosts ask for it, and how many witnesses saw the newest
    checkpoint."""
    signer = registry.ground.signer
    named, own = log_of(root), signer.public if signer else None
    seen = len(note.parse(await registry.checkpoint()).signatures) - 1 if signer else 0
    due = "no: hold `hp registry rotate log`, until then hosts do not ask the log"
    return {
        "": own.text if own else "not here",
        "in the root": "yes" if named is not None and named == own else due,
        "witnesses": f"{seen} cosigned the newest checkpoint",
    }


@registry.group()
def namespaces() -> None:
    """Names that publishers claimed without a domain."""


@namespaces.command("list")
@AS_JSON
def list_claims(*, as_json: bool) -> None:
    """Claims that wait."""

    async def work(registry: Registry, settings: Settings) -> list[dict[str, str]]:
        return [
            {"name": one.name, "domain": one.domain, "key": one.public.hex()}
            for one in await registry.claims.waiting()
        ]

    found = with_registry(work)
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        click.echo(f"{one['name']:24} {one['domain'] or 'an admin decides':30} {one['key'][:16]}…")
    if not found:
        click.echo("no claim waits")


@namespaces.command()
@click.argument("name")
def approve(name: str) -> None:
    """Give a claimed name to whoever claimed it. A name is given once, and never again."""

    async def work(registry: Registry, settings: Settings) -> str:
        return (await registry.claims.approve(name, "an admin, at the console")).next

    click.echo(f"{name} is given; its publisher can go on: {with_registry(work)}")


@namespaces.command()
@click.argument("name")
def refuse(name: str) -> None:
    """Refuse a claimed name."""

    async def work(registry: Registry, settings: Settings) -> None:
        await registry.claims.refuse(name, "an admin, at the console")

    with_registry(work)
    click.echo(f"{name} is refused")


@namespaces.command("revoke-key")
@click.argument("key_id")
@click.option("--reason", required=True, help="What merchants and the log are told.")
def revoke_key(key_id: str, reason: str) -> None:
    """Distrust a publisher's key, say a stolen one: what only it signed runs nowhere from now on.

    KEY_ID: 64 hex digits, as `hp plugin keys show` prints them.
    """

    async def work(registry: Registry, settings: Settings) -> None:
        await registry.revoke_key(key_id, reason)

    with_registry(work)
    click.echo(f"{key_id[:16]}… stands for nothing; its publisher signs anew with another key")


def holder_keys(files: tuple[Path, ...]) -> list[Any]:
    """The root holders' keys in these files. Raises KeyFileError."""
    return [key_files.load_key(file) for file in files]
