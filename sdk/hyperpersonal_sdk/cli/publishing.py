"""`publish`, `status`, `appeal`, `yank`: a release's way through the registry."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from hyperpersonal_sdk import hpx, key_files, manifest, namespace_metadata, signing
from hyperpersonal_sdk.cli.account import REGISTRY, client_as
from hyperpersonal_sdk.cli.common import AS_JSON, FOLDER, KEY, archived, declared, program, told
from hyperpersonal_sdk.cli.packing import write_archive
from hyperpersonal_sdk.cli.tables import verdict_lines
from hyperpersonal_sdk.cli.trying import checked
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.registry_client import Json, RegistryClient

METADATA_LASTS = timedelta(days=365)
POLL_S = 0.5
WAIT_SECONDS_MAX = 15 * 60
BUSY = ("submitted",)
GONE = ("rejected", "revoked", "quarantined", "yanked")

_WAIT = click.option("--wait", is_flag=True, help="Wait until it is published or rejected.")


@click.command()
@FOLDER
@KEY
@REGISTRY
@click.option("--private-to", multiple=True, metavar="TENANT", help="Only these merchants see it.")
@click.option("--unlisted", is_flag=True, help="Who knows its id may install it; nobody finds it.")
@_WAIT
@AS_JSON
def publish(folder: Path, key: Path, registry: str, **options: Any) -> None:
    """Check the plugin, make and sign its archive, and hand it in.

    Your signature stands for the archive and for your namespace's list of releases: the registry
    cannot make a release appear without you. Exit codes: 0 published or waiting for review,
    1 refused, 2 wrong usage.
    """
    with told():
        private = key_files.load_key(key.expanduser())
        archive = checked(folder)
        out = write_archive(folder, archive)
        with client_as(registry, private) as client:
            found = _handed_in(client, out.read_bytes(), private, _visibility(options))
            found = _waited(client, found, _done if options["wait"] else _judged)
    _tell(found, as_json=options["as_json"])


@click.command()
@click.argument("what", default=".")
@KEY
@REGISTRY
@_WAIT
@AS_JSON
def status(what: str, key: Path, registry: str, *, wait: bool, as_json: bool) -> None:
    """What became of a submission. WHAT is its digest, or the plugin's folder.

    Exit codes: 0 published or still on its way, 1 rejected or withdrawn, 2 wrong usage.
    """
    with told(), _client(registry, key) as client:
        found = client.submission(_digest(what))
        if wait:
            found = _waited(client, found, _done)
    _tell(found, as_json=as_json)


@click.command()
@click.argument("what", default=".")
@click.argument("text")
@KEY
@REGISTRY
def appeal(what: str, text: str, key: Path, registry: str) -> None:
    """Ask a person to look at a failed check. TEXT says why it is no fault.

    A reviewer may waive a FAIL by name; a check that could not run cannot be waived.
    """
    with told(), _client(registry, key) as client:
        found = client.appeal(_digest(what), text)
    click.echo(f"A reviewer reads it. Next: {program()} status {what} --wait")
    if found.get("next"):
        click.echo(found["next"])


@click.command()
@click.argument("release", metavar="PUBLISHER/NAME@VERSION")
@click.option("--reason", required=True, help="Why, for those who installed it.")
@KEY
@REGISTRY
def yank(release: str, reason: str, key: Path, registry: str) -> None:
    """Withdraw a release of your own; its version can never be used again."""
    plugin_id, _, version = release.partition("@")
    if not (version and "/" in plugin_id):
        raise click.UsageError("write the release as publisher/name@version")
    with told(), _client(registry, key) as client:
        client.yank(plugin_id, version, reason)
    click.echo(f"{release} is withdrawn")


def _handed_in(client: RegistryClient, artifact: bytes, key: Any, options: dict[str, str]) -> Json:
    statement = signing.statement_of(hpx.unpack(artifact))
    namespace = statement.id.partition("/")[0]
    expires = (datetime.now(UTC) + METADATA_LASTS).replace(microsecond=0)
    listed = namespace_metadata.signed_release(client.metadata(namespace), artifact, expires, key)
    return client.submit(artifact, signing.sign(statement, key), listed, **options)


def _waited(client: RegistryClient, found: Json, enough: Callable[[Json], bool]) -> Json:
    """The submission once there is enough to tell, or when waiting makes no sense any more."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not enough(found) and time.monotonic() < deadline:
        time.sleep(POLL_S)
        found = client.submission(found["digest"])
    return found


def _judged(found: Json) -> bool:
    """Whether the checks have spoken."""
    return found.get("state") not in BUSY


def _done(found: Json) -> bool:
    return found.get("state") == "published" or found.get("state") in GONE


def _tell(found: Json, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        for line in verdict_lines(found.get("verdicts", [])):
            click.echo(line)
        name = f"{found.get('plugin_id')}@{found.get('version')}"
        click.echo(f"{name} {found.get('digest')}: {found.get('state')}")
        for why in found.get("why", []):
            click.echo(f"  {why}")
        if found.get("next"):
            click.echo(f"Next: {found['next']}")
    if found.get("state") in GONE:
        raise SystemExit(1)


def _visibility(options: dict[str, Any]) -> dict[str, str]:
    tenants = ",".join(options["private_to"])
    if tenants:
        return {"visibility": "private", "tenants": tenants}
    return {"visibility": "unlisted"} if options["unlisted"] else {}


def _client(registry: str, key: Path) -> RegistryClient:
    return client_as(registry, key_files.load_key(key.expanduser()))


def _digest(what: str) -> str:
    """Of a folder, as it would be packed now; a digest is itself."""
    if what.startswith("sha256:"):
        return what
    folder = Path(what)
    if not (folder / manifest.MANIFEST_FILE).is_file():
        raise BadInputError(f"{what!r} is neither a digest (sha256:…) nor a plugin's folder")
    declared(folder)
    return archived(folder).digest
