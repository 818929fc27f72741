"""`hp registry people`: reviewers, admins and reporters; whom the root names as reviewers."""

from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import KeyFolder, Registry, naming
from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.errors import BadInputError

from hyperpersonal_web.cli.registry import with_registry
from hyperpersonal_web.cli.registry_commands import registry
from hyperpersonal_web.trusting import folder_of

DRAFT = Path("next-root.json")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
HOLDERS = click.option(
    "--holder", "holders", type=FILE, multiple=True,
    help="A root holder's key; as many as must sign. [those still in registry-keys]",
)  # fmt: skip
OUT = click.option(
    "--out", type=click.Path(path_type=Path), default=DRAFT, show_default=True,
    help="Where the next root goes when holders who are not here must sign it.",
)  # fmt: skip
MAY = {"reviewer": "review", "admin": "administrate", "reporter": "report, and is heard at once"}


@registry.group()
def people() -> None:
    """Reviewers, admins and reporters. Reviewers are named by the root, which its holders sign."""


@people.command("add")
@click.argument("role", type=click.Choice(list(MAY)))
@click.argument("name")
@click.argument("public")
@HOLDERS
@OUT
def add_person(role: Any, name: str, public: str, holders: tuple[Path, ...], out: Path) -> None:
    """Let the holder of a key review, administrate or report; PUBLIC is 64 hex digits, or a .pub
    file.

    Hosts believe a reviewer once the root names them: its holders sign that, here and now where
    their keys are at hand, else the next root is written to a file for them.
    """
    text = Path(public).read_text().strip() if Path(public).is_file() else public
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise click.UsageError("a public key is 64 hex digits; `hp plugin keys show`") from error
    keys = _keys(holders)

    async def work(registry: Registry, settings: Settings) -> bytes:
        made = await registry.people.add(raw, name, role)
        click.echo(f"{name} may {MAY[role]}: {made.key_id}")
        return await _name(registry, settings, keys) if role == "reviewer" else b""

    _tell(with_registry(work), out)


@people.command("revoke")
@click.argument("key_id")
@click.option("--reason", required=True, help="Why: for the log.")
@HOLDERS
@OUT
def revoke_person(key_id: str, reason: str, holders: tuple[Path, ...], out: Path) -> None:
    """Let a key review or administrate no more. What rests on its reviews is believed no more: at
    once by hosts that hear of it, and for good once the root names it no longer."""
    keys = _keys(holders)

    async def work(registry: Registry, settings: Settings) -> bytes:
        await registry.people.revoke(key_id, reason)
        return await _name(registry, settings, keys)

    following = with_registry(work)
    click.echo("done; releases that rest on its reviews must be reviewed again")
    _tell(following, out)


async def _name(registry: Registry, settings: Settings, keys: list[Ed25519PrivateKey]) -> bytes:
    """Hold the ceremony with the keys at hand; what is left to be signed, nothing when all is."""
    return await naming.hold(registry, keys or KeyFolder(folder_of(settings)).holders())


def _tell(following: bytes, out: Path) -> None:
    """What the holders of the root do now, where any must."""
    if not following:
        return
    out.write_bytes(following)
    click.echo(
        f"hosts follow once holders of the root have signed {out}; each of them reads it and runs\n"
        f"  hp registry root show {out}\n"
        f"  hp registry root sign {out} --key THEIR-KEY\n"
        f"and then here: hp registry root apply {out}"
    )


def _keys(files: tuple[Path, ...]) -> list[Ed25519PrivateKey]:
    try:
        return [key_files.load_key(file) for file in files]
    except BadInputError as error:
        raise click.UsageError(str(error)) from error
