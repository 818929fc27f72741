"""`hp registry export` and `import`: plugins in one signed file, for hosts without a network."""

from pathlib import Path

import click
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import (
    KeyFolder,
    Pins,
    Registry,
    Trust,
    fingerprint,
    mirror,
    mirroring,
)
from hyperpersonal_sdk.errors import UntrustedError

from hyperpersonal_web.blobs import blobs_of
from hyperpersonal_web.cli.database import with_database
from hyperpersonal_web.cli.registry import with_registry
from hyperpersonal_web.cli.registry_commands import registry
from hyperpersonal_web.trusting import LOG_ORIGIN, TRUST, folder_of
from hyperpersonal_web.witnesses import wanted_of


@registry.command()
@click.option("--plugin", "plugins", multiple=True, required=True, metavar="PUBLISHER/NAME",
              help="A plugin to take along, all its releases; several times.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("market.hpm"),
              show_default=True, help="The file to write.")  # fmt: skip
def export(plugins: tuple[str, ...], out: Path) -> None:
    """Write chosen plugins, their signatures, trust metadata, log proofs and the kill list to one
    signed file.

    It is good until the registry's timestamp in it expires.
    """

    async def work(registry: Registry, settings: Settings) -> bytes:
        signer = KeyFolder(folder_of(settings)).signer(LOG_ORIGIN)
        return await mirroring.export(registry, signer, plugins)

    data = with_registry(work)
    out.write_bytes(data)
    click.echo(f"{out} ({len(data)} bytes); there: hp registry pin root.json")
    click.echo(f"                     then:  hp registry import {out.name}")


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def take_in(file: Path) -> None:
    """Verify a mirror file and serve what is in it, without any network.

    The registry's root must be believed in here: `hp registry pin root.json`.
    """
    data = file.read_bytes()

    async def work(db: Database, settings: Settings) -> int:
        body, _ = mirror.read(data)
        root = body.metadata.get("1.root.json", b"")
        known = Pins(settings.data_dir / TRUST).find(fingerprint(root))
        if known is None:
            raise RefusedError(
                f"the root {fingerprint(root)[:16]} of this file is not believed in here: compare "
                "it with what the registry's people told you, then run `hp registry pin FILE`"
            )
        blobs = blobs_of(settings)
        trust = Trust(*known, witnesses=wanted_of(settings))
        try:
            found = await mirroring.take_in(db, blobs, SystemClock(), trust, data)
        except UntrustedError as error:
            raise RefusedError(f"nothing was taken in: {error} ({error.code})") from error
        return len(found.releases)

    click.echo(f"{with_database(work)} releases can be installed here")
