"""Writes the data file of rule `vulnerabilities` from an export of the OSV database.

    python -m hyperpersonal_sdk.checks.advisories all.zip --out advisories.json

`all.zip` is OSV's export of one ecosystem (PyPI): one JSON file an advisory. Only advisories with
a package of that ecosystem that is not withdrawn are taken.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from hyperpersonal_sdk.checks.vulnerabilities import Advisories, Advisory, Range

ECOSYSTEM = "PyPI"
ENTRIES_MAX, ENTRY_BYTES_MAX = 200_000, 4 * 1024 * 1024
SUMMARY_CHARS_MAX = 160


def of_export(data: bytes, as_of: date) -> Advisories:
    """The data file of OSV's zip. Raises zipfile.BadZipFile, msgspec.DecodeError."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [one for one in archive.infolist() if one.filename.endswith(".json")]
        small = [one for one in entries[:ENTRIES_MAX] if one.file_size <= ENTRY_BYTES_MAX]
        found = [made for one in small for made in of_osv(msgspec.json.decode(archive.read(one)))]
    return Advisories(as_of, f"OSV, {ECOSYSTEM}", tuple(sorted(found, key=lambda a: a.id)))


def of_osv(entry: dict[str, Any]) -> Iterator[Advisory]:
    """The advisories of one OSV entry, one a package. Source: OSV schema 1.7."""
    if entry.get("withdrawn"):
        return
    words = str(entry.get("summary") or entry.get("details") or "")[:SUMMARY_CHARS_MAX]
    for one in entry.get("affected", []):
        package = one.get("package", {})
        if package.get("ecosystem") == ECOSYSTEM:
            yield Advisory(
                entry["id"],
                re.sub(r"[-_.]+", "-", package["name"]).lower(),
                words,
                tuple(_ranges(one.get("ranges", []))),
                tuple(one.get("versions", [])),
                entry["id"].startswith("MAL-"),
            )


def _ranges(ranges: Iterable[dict[str, Any]]) -> Iterator[Range]:
    for span in ranges:
        if span.get("type") != "ECOSYSTEM":
            continue
        introduced = "0"
        for event in span.get("events", []):
            introduced = event.get("introduced", introduced)
            if "fixed" in event:
                yield Range(introduced, event["fixed"])
                introduced = ""
        if introduced:
            yield Range(introduced)


@click.command()
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The export's day.")
def main(export: Path, out: Path, as_of: datetime | None) -> None:
    """Write the advisories of OSV's EXPORT (all.zip of the ecosystem PyPI)."""
    day = (as_of or datetime.now(UTC)).date()
    made = of_export(export.read_bytes(), day)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1))
    click.echo(f"{out}: {len(made.advisories)} advisories as of {day}")


if __name__ == "__main__":
    main()
