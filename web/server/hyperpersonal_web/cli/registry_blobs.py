"""`hp registry blobs`: where artifacts are kept, and moving them."""

import asyncio
import json
from typing import TYPE_CHECKING

import click
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

from hyperpersonal_web.cli.registry_commands import AS_JSON, registry

if TYPE_CHECKING:
    from hyperpersonal_registry.api import Blobs, Copied, Fate

DAMAGED_SHOWN_MAX = 20


@registry.group()
def blobs() -> None:
    """The store of artifacts: a folder, or a bucket that HP_BLOBS names."""


@blobs.command()
@click.option("--from", "source", required=True, metavar="URL",
              help="s3://BUCKET/PREFIX, or file:///FOLDER.")  # fmt: skip
@click.option("--to", "target", required=True, metavar="URL", help="The same.")
@AS_JSON
def copy(source: str, target: str, *, as_json: bool) -> None:
    """Copy every artifact from one store to another, verifying each by its digest.

    What is there already is verified and left; so it may be broken off, run again, and run beside
    a registry that serves. Then set HP_BLOBS to the target, restart, and copy once more for what
    was handed in meanwhile. Exit code 1: some artifacts are damaged in the source; none of those
    was copied. S3 is found by the usual variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
    AWS_REGION, AWS_ENDPOINT_URL.
    """
    try:
        found = asyncio.run(_copy(source, target))
    except RefusedError as error:
        raise click.UsageError(error.message) from error
    except OutsideError as error:
        again = "; run the same command again, it goes on where it broke off"
        raise click.ClickException(f"{error}{again if error.retryable else ''}") from error
    if as_json:
        told = {"copied": found.copied, "there": found.there, "damaged": found.damaged}
        click.echo(json.dumps(told))
    else:
        _show(found)
    if found.damaged:
        raise click.exceptions.Exit(1)


async def _copy(source: str, target: str) -> "Copied":
    from hyperpersonal_registry.api import copy_blobs, open_blobs

    stores = open_blobs(source), open_blobs(target)
    count = await _count(stores[0])
    if not count:  # mistyped, it would look done, and the old store be given up
        raise RefusedError("there is no artifact in the source: is its address right?")
    console = Console(stderr=True)
    columns = SpinnerColumn(), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("copy", total=count)

        def told(_digest: str, _fate: "Fate") -> None:
            bar.advance(task)

        return await copy_blobs(*stores, told)


async def _count(blobs: "Blobs") -> int:
    count = 0
    async for _ in blobs.digests():
        count += 1
    return count


def _show(found: "Copied") -> None:
    click.echo(f"{found.copied} copied, {found.there} were there already")
    for digest in found.damaged[:DAMAGED_SHOWN_MAX]:
        click.echo(f"{digest} is damaged or gone in the source", err=True)
    if found.damaged:
        click.echo(
            f"{len(found.damaged)} artifacts were not copied: take them from a mirror or a backup "
            "(`hp registry import`), they are what their publishers signed or nothing",
            err=True,
        )
