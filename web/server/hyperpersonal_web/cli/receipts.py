"""`hp receipts`: what a tenant is billed for, as a file, and the check of such a file."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from hyperpersonal_core.api import ReceiptSealer, export_receipts
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_sdk.receipts import LINE_BYTES_MAX, Report, verify

from hyperpersonal_web.cli.database import own_settings, tenant_named, with_database
from hyperpersonal_web.cli.lazy import ToldGroup
from hyperpersonal_web.keys import receipt_keys

WRONG = 1
KEYS_BYTES_MAX = 1 << 20

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=ToldGroup)
def receipts() -> None:
    """What a tenant is billed for, call by call: signed, chained, checked by anybody."""


@receipts.command()
@click.argument("tenant")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Instead of the "
              "screen.")  # fmt: skip
@click.option("--first", type=click.IntRange(1), default=1, help="Begin at this number.")
def export(tenant: str, out: Path | None, first: int) -> None:
    """Write TENANT's receipts (a slug or an id), one a line, then the signed line of their end."""

    async def work(db: Database, settings: Settings) -> int:
        keys = receipt_keys(settings)
        await ReceiptSealer(db, keys).seal_all()
        tenant_id = await tenant_named(db, tenant)
        count = -1
        with click.open_file(str(out) if out else "-", "wb") as file:
            async for line in export_receipts(db, keys, SystemClock(), tenant_id, first):
                file.write(line)
                count += 1
        return count

    count = with_database(work)
    if out:
        click.echo(f"{out}: {count} receipts")


@receipts.command("keys")
def show_keys() -> None:
    """Print the public keys of this host as JSON, for whoever verifies."""
    try:
        public = receipt_keys(own_settings()).public
    except RefusedError as error:
        raise click.ClickException(error.message) from error
    click.echo(msgspec.json.format(msgspec.json.encode({k: v.hex() for k, v in public.items()})))


@receipts.command("verify")
@click.argument("file", type=_FILE)
@click.option("--keys", type=_FILE, help="What `hp receipts keys` told; else this host's own.")
@click.option("--tenant", default="", metavar="ID", help="Whose chain it must be.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def check(file: Path, keys: Path | None, tenant: str, *, as_json: bool) -> int:
    """Check an export, offline: nothing is dropped, doubled, altered, reordered or foreign.

    Exit codes: 0 it is right, 1 it is not, 2 wrong usage.
    """
    public = _read(keys) if keys else receipt_keys(own_settings()).public
    report = verify(_lines(file), public, tenant)
    click.echo(msgspec.json.encode(report).decode() if as_json else _told(report))
    return WRONG if report.faults else 0


def _lines(file: Path) -> Iterator[bytes]:
    """Lines of any length, in pieces that fit into memory."""
    with file.open("rb") as stream:
        while line := stream.readline(LINE_BYTES_MAX + 2):
            yield line


def _read(file: Path) -> dict[str, bytes]:
    try:
        told = msgspec.json.decode(file.read_bytes()[:KEYS_BYTES_MAX], type=dict[str, str])
        return {name: bytes.fromhex(text) for name, text in told.items()}
    except (msgspec.MsgspecError, ValueError) as error:
        raise click.UsageError(f"{file} holds no public keys: {error}") from error


def _told(report: Report) -> str:
    lines = [f"line {fault.line}: {fault.kind}: {fault.words}" for fault in report.faults]
    if not report.faults:
        lines.append(f"right: {report.count} receipts of {report.tenant}, number {report.first} to "
                     f"{report.last}")  # fmt: skip
    for release, units in sorted(report.units.items()):
        sums = ", ".join(f"{name} {count}" for name, count in sorted(units.items()))
        lines.append(f"  {release}: {sums}")
    return "\n".join(lines)
