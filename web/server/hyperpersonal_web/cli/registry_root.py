"""`hp registry root` and `hp registry rotate`: what only several holders together may change."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import (
    KeyFolder,
    Lifetimes,
    Registry,
    Signer,
    ceremony,
    name_log,
    naming,
)
from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.errors import BadInputError
from msgspec import structs

from hyperpersonal_web.cli.registry import with_registry
from hyperpersonal_web.cli.registry_commands import registry
from hyperpersonal_web.trusting import LOG_ORIGIN, folder_of

ROTATED = ("targets", "snapshot", "timestamp", "withdrawn", "log")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@registry.group()
def root() -> None:
    """Change the root: draft the next one, let its holders sign, hand it in."""


@root.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("next-root.json"),
              show_default=True, help="The file to write.")  # fmt: skip
@click.option("--add", "added", type=FILE, multiple=True, help="A new holder's .pub file.")
@click.option("--remove", "removed", multiple=True, help="Key id (of TUF) of a holder who goes.")
def draft(out: Path, added: tuple[Path, ...], removed: tuple[str, ...]) -> None:
    """Write the next root, unsigned, to a file that the holders then sign one after the other.

    It names those as reviewers whom `hp registry people` has as reviewers now.
    """
    publics = [_public(file) for file in added]

    async def work(registry: Registry, settings: Settings) -> bytes:
        def change(present: Any) -> Any:
            return ceremony.changed_root(present, publics, removed, _now())

        return (await naming.draft(registry.ground, change)).to_bytes()

    out.write_bytes(with_registry(work))
    click.echo(
        f"each holder reads it (hp registry root show {out}) and runs:\n"
        f"  hp registry root sign {out} --key THEIR-KEY"
    )


@root.command()
@click.argument("file", type=FILE)
@click.option("--key", "keys", type=FILE, multiple=True, required=True, help="A holder's key.")
def sign(file: Path, keys: tuple[Path, ...]) -> None:
    """Add a holder's signature to a drafted root, after `root show`; needs no database."""
    try:
        signed = ceremony.signed(file.read_bytes(), [key_files.load_key(key) for key in keys])
    except (BadInputError, RefusedError) as error:
        raise click.UsageError(str(error)) from error
    file.write_bytes(signed)
    click.echo(f"signed; when enough holders have: hp registry root apply {file}")


@root.command()
@click.argument("file", type=FILE)
def show(file: Path) -> None:
    """What a drafted root says: read it before you sign, the names of reviewers above all."""
    try:
        click.echo("\n".join(ceremony.told(file.read_bytes())))
    except RefusedError as error:
        raise click.UsageError(str(error)) from error


@root.command()
@click.argument("file", type=FILE)
def apply(file: Path) -> None:
    """Hand in a root that enough holders signed. Hosts follow by themselves."""
    data = file.read_bytes()

    async def work(registry: Registry, settings: Settings) -> int:
        return await registry.change_root(data)

    click.echo(f"version {with_registry(work)} of the root is in force")


@registry.command()
@click.argument("role", type=click.Choice(ROTATED))
@click.option("--holder", "holders", type=FILE, multiple=True, required=True,
              help="A root holder's key; as many as must sign.")  # fmt: skip
def rotate(role: str, holders: tuple[Path, ...]) -> None:
    """Make a new key for one of the registry's own roles, after a theft or out of prudence.

    The old key's file is kept as ROLE.old; what it signs is believed no more. Start the registry's
    processes again afterwards. Of `log` tell its witnesses the new key: `hp registry status`.
    """
    try:
        keys = [key_files.load_key(file) for file in holders]
    except BadInputError as error:
        raise click.UsageError(str(error)) from error

    async def work(registry: Registry, settings: Settings) -> int:
        if role == "log":
            return await _rotate_log(registry, KeyFolder(folder_of(settings)), keys)
        return await _rotate(registry, KeyFolder(folder_of(settings)), role, keys)

    click.echo(f"{role} signs with a new key: version {with_registry(work)} of the root says so")


async def _rotate(
    registry: Registry, folder: KeyFolder, role: str, holders: list[Ed25519PrivateKey]
) -> int:
    """The new key is on disk before anything is signed with it; the old one makes way last."""
    ground, fresh = registry.ground, folder.key(f"{role}.new")
    if ground.metadata is None:
        raise RefusedError("the registry's keys are not on this machine")
    keys = structs.replace(folder.online(), **{role: fresh})
    async with ground.changing() as (_, found):
        assert found is not None
        following = ceremony.rekeyed_root(found.root, role, (folder.online(), keys), _now())
    ceremony.sign(following, *holders)
    version = await registry.change_root(following.to_bytes(), keys)
    folder.take_over(role)
    return version


async def _rotate_log(
    registry: Registry, folder: KeyFolder, holders: list[Ed25519PrivateKey]
) -> int:
    """The same tree by another key; also for a root that named no log yet."""
    ground, fresh = registry.ground, Signer(LOG_ORIGIN, folder.key("log.new"))
    async with ground.db.transaction() as connection, ground.signing(connection) as found:
        if found is None:
            raise RefusedError("the registry's keys are not on this machine")
        following = ceremony.next_root(found.root, _now(), Lifetimes())
    ceremony.sign(name_log(following, fresh.public), *holders)
    version = await registry.change_root(following.to_bytes())
    folder.take_over("log")
    await registry.log.sign(fresh)
    return version


def _public(file: Path) -> bytes:
    try:
        return bytes.fromhex(file.read_text().strip())
    except ValueError as error:
        raise click.UsageError(f"{file} holds no public key (64 hex digits)") from error


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
