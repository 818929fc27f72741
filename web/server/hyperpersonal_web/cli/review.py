"""`hp review`: look at what is handed in, sign or reject it, and take away what is harmful."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
import msgspec
from hyperpersonal_registry.reviews import source_diff
from hyperpersonal_sdk import hpx, key_files
from hyperpersonal_sdk.attestations import REASON_CHARS_MAX, Decision
from hyperpersonal_sdk.cli.account import client_as, registry_url
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.registry_client import RegistryClient

from hyperpersonal_web.cli import review_show as show
from hyperpersonal_web.cli.lazy import ToldGroup
from hyperpersonal_web.cli.publisher_client import market_as
from hyperpersonal_web.cli.review_sign import Looked, look, sign_review
from hyperpersonal_web.cli.telling import AS_JSON, console, tell
from hyperpersonal_web.paths import data_folder

DEFAULT_KEY = Path("~/.config/hyperpersonal/reviewer.key")
KEYS_FOLDER = "registry-keys"  # as `trusting` has it, whose import takes seconds
REVIEWER = "reviewer-1"
OUTCOMES = ["dismissed", "quarantined", "revoked", "fixed"]

Command = TypeVar("Command", bound=Callable[..., Any])
_DIGEST = click.argument("digest", metavar="SUBMISSION")
_RELEASE = click.argument("release", metavar="PLUGIN[@VERSION]")
_REASON = click.option("--reason", prompt=True, help="Why: for the log, and for its publisher.")


def _who(command: Command) -> Command:
    """Give a command `--key` and `--registry`."""
    for option in (
        click.option("--key", envvar="HP_REVIEWER_KEY", default="", metavar="FILE",
                     help="Your key, else HP_REVIEWER_KEY; or the name of one of the demo's: "
                     "reviewer-1, reviewer-2, admin."),
        click.option("--registry", envvar="HP_REGISTRY_URL", default="",
                     help="Its address, else HP_REGISTRY_URL, else the running demo."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(cls=ToldGroup)
def review() -> None:
    """Look at what is handed in, sign or reject it, and take away what is harmful.

    Signatures are made on this machine, over hashes recomputed from the very bytes. Exit codes: 0
    done, 1 refused, 2 wrong usage.
    """


@review.command()
@_who
@click.option("--print-token", is_flag=True, help="Print the token, for the page /review.")
def login(key: str, registry: str, *, print_token: bool) -> None:
    """Prove to the registry who you are; the other commands do it by themselves."""
    with _told():
        private = key_files.load_key(_key(key, REVIEWER))
        with RegistryClient(registry_url(registry)) as client:
            session = client.login(private)
            known = f"{client.url} knows you as {', '.join(session.roles) or 'nobody'}"
            click.echo(session.token if print_token else known)


@review.command()
@_who
@AS_JSON
def queue(key: str, registry: str, *, as_json: bool) -> None:
    """What waits, the riskiest and the overdue first."""
    with _client(registry, key) as client:
        tell(client.get("/reviews")["items"], show.show_queue, as_json=as_json)


@review.command("show")
@_DIGEST
@click.option("--diff/--no-diff", default=True, help="What changed in the sources.")
@click.option("--sources", type=click.Path(path_type=Path), help="Put all files into this folder.")
@_who
@AS_JSON
def show_one(
    digest: str, key: str, registry: str, sources: Path | None, *, diff: bool, as_json: bool
) -> None:
    """All there is to know of a submission (PLUGIN@VERSION or its digest); its hashes are
    recomputed here."""
    with _client(registry, key) as client:
        looked = look(client, _digest(client, digest))
        changes = _changes(client, looked) if diff and not as_json else None
    if sources is not None:
        _unpack(looked.archive, sources)
    told = {"dossier": looked.dossier, "permissions": looked.permissions, "gained": looked.gained}
    if as_json:
        click.echo(msgspec.json.encode(told))
    else:
        show.show_dossier(console(), looked, changes)


@review.command()
@_DIGEST
@_REASON
@click.option("--waive", multiple=True, metavar="CHECK", help="Let this failed check pass.")
@click.option("--yes", is_flag=True, help="Sign without being asked.")
@_who
@AS_JSON
def approve(
    digest: str, reason: str, waive: tuple[str, ...], key: str, registry: str, *, yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Stand for a release: sign its digest, its permissions and its check results."""
    _decide(digest, ("approved", reason, waive), (key, registry), yes=yes, as_json=as_json)


@review.command()
@_DIGEST
@_REASON
@click.option("--yes", is_flag=True, help="Sign without being asked.")
@_who
@AS_JSON
def reject(digest: str, reason: str, key: str, registry: str, *, yes: bool, as_json: bool) -> None:
    """Refuse a release; its publisher reads the reason."""
    _decide(digest, ("rejected", reason, ()), (key, registry), yes=yes, as_json=as_json)


@review.command()
@_RELEASE
@_REASON
@_who
@AS_JSON
def quarantine(release: str, reason: str, key: str, registry: str, *, as_json: bool) -> None:
    """Hide a plugin, or one release, and stop it on every host until somebody has looked."""
    _withdraw("quarantine", release, reason, (key, registry), as_json=as_json)


@review.command()
@_RELEASE
@_REASON
@_who
@AS_JSON
def lift(release: str, reason: str, key: str, registry: str, *, as_json: bool) -> None:
    """End a quarantine: everything is as it was before."""
    _withdraw("lift", release, reason, (key, registry), as_json=as_json)


@review.command()
@_RELEASE
@_REASON
@_who
@AS_JSON
def revoke(release: str, reason: str, key: str, registry: str, *, as_json: bool) -> None:
    """Forbid a release for good, on every host, calls in flight included. For admins."""
    _withdraw("revoke", release, reason, (key, registry), as_json=as_json)


@review.command()
@click.option("--plugin", default="", help="All that was ever reported of this one.")
@click.option("--handle", metavar="ID", type=click.UUID, help="Somebody has looked at this one.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="What came of it.")
@_who
@AS_JSON
def observations(
    plugin: str, handle: UUID | None, outcome: str | None, key: str, registry: str, *, as_json: bool
) -> None:
    """What anybody reported, by when somebody must have looked; or --handle one."""
    if bool(handle) != bool(outcome):
        raise click.UsageError("--handle ID and --outcome go together")
    with _client(registry, key) as client:
        if handle:
            client.post(f"/observations/{handle}", {"outcome": outcome})
        found = client.get("/observations", **({"plugin": plugin} if plugin else {}))["items"]
        tell(found, show.show_observations, as_json=as_json)


@review.command()
@_RELEASE
@click.option("--text", prompt=True, help="What you saw.")
@_who
@AS_JSON
def report(release: str, text: str, key: str, registry: str, *, as_json: bool) -> None:
    """Report a plugin. A trusted person's report quarantines it at once."""
    plugin, _, version = release.partition("@")
    with _client(registry, key) as client:
        body = {"plugin_id": plugin, "version": version, "text": text}
        taken = client.post("/observations", body)
    hidden = ", ".join(taken["quarantined"])
    words = f"quarantined at once: {hidden}" if hidden else f"looked at by {taken['due_at']}"
    tell(taken, lambda out, _: out.print(words), as_json=as_json)


@review.command()
@_RELEASE
@_who
@AS_JSON
def exposure(release: str, key: str, registry: str, *, as_json: bool) -> None:
    """Which shops a release reached, since when, how often, and what it could touch. For admins."""
    plugin, _, version = release.partition("@")
    with _client(registry, key, "admin") as client:
        query = {"plugin": plugin} | ({"version": version} if version else {})
        tell(client.get("/exposure", **query)["items"], show.show_exposure, as_json=as_json)


@review.command("hide-rating")
@click.argument("rating", metavar="RATING_ID")
@_REASON
@_who
def hide_rating(rating: str, reason: str, key: str, registry: str) -> None:
    """Hide a rating that breaks the rules; its shop is told the reason. For admins."""
    with _told():
        market = market_as(registry, key_files.load_key(_key(key, "admin")))
        try:
            market.post(f"/v1/market/ratings/{rating}/hide", {"text": reason})
        finally:
            market.close()
    click.echo("It is hidden; its shop reads why.")


def _decide(
    digest: str, said: tuple[Decision, str, tuple[str, ...]], who: tuple[str, str], *, yes: bool,
    as_json: bool,
) -> None:  # fmt: skip
    decision, reason, waived = said
    if not 1 <= len(reason.strip()) <= REASON_CHARS_MAX:
        raise click.UsageError(f"a reason has 1 to {REASON_CHARS_MAX} characters")
    key, registry = who
    with _client(registry, key) as client:
        looked = look(client, _digest(client, digest))
        _check_waived(looked, decision, waived)
        item = looked.dossier.item
        if not yes:
            what = f"{item.plugin_id}@{item.version}, which asks {_asks(looked)}"
            click.confirm(f"Sign “{decision}” of {what}?", abort=True)
        private = key_files.load_key(_key(key, REVIEWER))
        taken = sign_review(client, looked, private, said)
    words = f"{item.plugin_id}@{item.version} is {taken['state']}"
    still = "it waits for " if taken["state"] == "checked" else ""
    waits = f": {still}{'; '.join(taken['why'])}" if taken["why"] else ""
    tell(taken, lambda out, _: out.print(words + waits, markup=False), as_json=as_json)


def _check_waived(looked: Looked, decision: Decision, waived: tuple[str, ...]) -> None:
    unknown = set(waived) - set(looked.failed)
    if unknown:
        raise BadInputError(f"nothing to waive: {', '.join(sorted(unknown))} did not fail")
    missing = [name for name in looked.failed if name not in waived]
    if decision == "approved" and missing:
        waive = " ".join(f"--waive {name}" for name in missing)
        raise BadInputError(f"these checks failed; if you stand for it all the same, add {waive}")


def _withdraw(kind: str, release: str, reason: str, who: tuple[str, str], *, as_json: bool) -> None:
    plugin, _, version = release.partition("@")
    key, registry = who
    with _client(registry, key, "admin" if kind == "revoke" else REVIEWER) as client:
        body = {"plugin_id": plugin, "version": version, "kind": kind, "reason": reason}
        taken = client.post("/withdrawals", body)
    changed = ", ".join(f"{plugin}@{one}" for one in taken["versions"]) or "nothing: it was already"
    words = {"quarantine": "quarantined", "lift": "back", "revoke": "revoked"}[kind]
    told = f"{words}: {changed}"
    if kind != "lift":
        told += f"\nNext: hp review exposure {release}"
    tell(taken, lambda out, _: out.print(told, markup=False), as_json=as_json)


def _digest(client: RegistryClient, named: str) -> str:
    """The digest of a submission named by it, or as PLUGIN@VERSION, or as the PLUGIN that waits.

    A digest is what you looked at; a name is whatever waits under it at this moment.
    """
    if named.startswith("sha256:"):
        return named
    waiting = client.get("/reviews")["items"]
    plugin, _, version = named.partition("@")
    found = [one for one in waiting if one["plugin_id"] == plugin]
    found = [one for one in found if not version or one["version"] == version]
    if not found and version:
        found = [one for one in client.releases(plugin) if one["version"] == version]
    if len(found) != 1:
        raise BadInputError(f"{named} does not wait for a review; see `hp review queue`")
    return str(found[0]["digest"])


def _changes(client: RegistryClient, looked: Looked) -> source_diff.SourceDiff:
    """The difference of the sources, computed here from the bytes of both releases."""
    before = looked.dossier.previous_digest
    old = hpx.unpack(client.get_bytes(f"/reviews/{before}/artifact")) if before else None
    return source_diff.compare(old, looked.archive)


def _unpack(archive: hpx.Archive, folder: Path) -> None:
    """An archive's paths cannot lead out of a folder: `hpx` refuses such."""
    for path, data in archive.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def _asks(looked: Looked) -> str:
    return ", ".join(looked.archive.manifest.asked.texts) or "nothing"


@contextmanager
def _client(registry: str, key: str, name: str = REVIEWER) -> Iterator[RegistryClient]:
    with _told():
        private = key_files.load_key(_key(key, name))
        with client_as(registry, private) as client:
            yield client


@contextmanager
def _told() -> Iterator[None]:
    """What is refused is told in a line, with what to do."""
    try:
        yield
    except BadInputError as error:
        raise click.ClickException(str(error)) from error


def _key(given: str, name: str) -> Path:
    """The key's file: as given, by its name in the demo's folder, or where people keep theirs."""
    demo = data_folder() / KEYS_FOLDER
    if given and (demo / given).is_file():
        return demo / given
    if given:
        return Path(given).expanduser()
    own = DEFAULT_KEY.expanduser()
    return own if own.is_file() or not (demo / name).is_file() else demo / name
