"""`pack`, `sign` and `verify`: an archive, its signature, and whether they belong together."""

from datetime import UTC, datetime
from pathlib import Path

import click

from hyperpersonal_sdk import hpx, key_files, signing
from hyperpersonal_sdk.cli.common import FILE, FOLDER, KEY, program, told
from hyperpersonal_sdk.cli.trying import checked
from hyperpersonal_sdk.errors import BadInputError

EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@click.command()
@FOLDER
@click.option("--out", type=click.Path(path_type=Path), help="dist/NAME-VERSION.hpx if left out.")
def pack(folder: Path, out: Path | None) -> None:
    """Make the archive: the same bytes from the same sources on any machine."""
    with told():
        archive = checked(folder)
        out = write_archive(folder, archive, out)
    click.echo(f"{out} {archive.digest}")


@click.command()
@FILE
@KEY
def sign(file: Path, key: Path) -> None:
    """Sign an archive: writes FILE.sig, a DSSE envelope."""
    with told():
        statement = signing.statement_of(hpx.unpack(file.read_bytes()))
        envelope = signing.sign(statement, key_files.load_key(key.expanduser()))
        _signature(file).write_bytes(envelope)
    click.echo(f"{_signature(file)}: {statement.id} {statement.version} {statement.digest}")


@click.command()
@FILE
@click.option("--public", required=True, help="The publisher's public key, 64 hex digits.")
def verify(file: Path, public: str) -> None:
    """Verify an archive and its FILE.sig offline, against a publisher's public key."""
    with told():
        envelope = _signature(file).read_bytes() if _signature(file).exists() else b""
        namespace = signing.claimed(envelope).id.partition("/")[0]
        key = signing.TrustedKey(_public(public), namespace, *EVER)
        release = signing.verify(envelope, file.read_bytes(), [key], datetime.now(UTC))
    said = release.statement
    click.echo(f"right: {said.id} {said.version} {said.digest}")


def write_archive(folder: Path, archive: hpx.Archive, out: Path | None = None) -> Path:
    """Write the archive of a plugin's folder; gives its path. Raises OSError."""
    said = archive.manifest
    name = said.id.partition("/")[2]
    out = out or folder / "dist" / f"{name}-{said.version}.hpx"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(hpx.pack(archive.files))
    return out


def _signature(file: Path) -> Path:
    return file.with_name(file.name + ".sig")


def _public(text: str) -> bytes:
    try:
        public = bytes.fromhex(text)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise BadInputError(f"a public key is 64 hex digits; see `{program()} keys show`")
    return public
