"""`login`: who one is to a registry, and which one; and the client every later command uses."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.cli.common import (
    AS_JSON,
    CONFIG_FOLDER,
    KEY,
    data_folder,
    program,
    told,
)
from hyperpersonal_sdk.demo_client import DemoAwayError, demo_address
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.key_files import OWNER_ONLY
from hyperpersonal_sdk.registry_client import Json, RegistryClient, RegistryRefusedError, Session

EARLY = timedelta(minutes=1)
TAKEN = 409


class Login(Struct, frozen=True):
    """What `login` keeps: the registry, and a token of an hour at most."""

    url: str
    token: str
    key_id: str
    ends_at: datetime


REGISTRY = click.option(
    "--registry",
    envvar="HP_REGISTRY_URL",
    default="",
    help="Its address, else HP_REGISTRY_URL, else that of the last login, else the running demo.",
)


@click.command()
@KEY
@REGISTRY
@click.option("--namespace", default="", help="Claim this name for your key too.")
@click.option("--domain", default="", help="Prove the namespace by this domain of yours.")
@click.option("--print-token", is_flag=True, help="Print the token, for the page /market.")
def login(key: Path, registry: str, namespace: str, domain: str, *, print_token: bool) -> None:
    """Prove to the registry that you hold your key. What it gives ends after an hour; the other
    commands log in again by themselves."""
    with told():
        private = key_files.load_key(key.expanduser())
        if print_token:
            with RegistryClient(registry_url(registry)) as client:
                click.echo(client.login(private).token)
            return
        with client_as(registry, private) as client:
            click.echo(f"{client.url} knows you as {_short(private)}")
            if namespace:
                _claim(client, namespace, domain, key_files.public_text(private))
            else:
                click.echo(f"Next: {program()} login --namespace YOURNAME, or publish")


@click.command()
@click.argument("namespace")
@KEY
@REGISTRY
@click.option("--domain", default="", help="A domain of yours that shows the name is yours.")
@click.option("--prove", is_flag=True, help="The domain shows the line now: look at it.")
def claim(namespace: str, key: Path, registry: str, domain: str, *, prove: bool) -> None:
    """Claim NAMESPACE for your key: you publish as NAMESPACE/name.

    With --domain acme.example the names acme and acme-… are yours once
    https://acme.example/.well-known/hyperpersonal-publisher shows the line you are told. Without
    one an admin of the registry decides.
    """
    with told():
        private = key_files.load_key(key.expanduser())
        with client_as(registry, private) as client:
            if prove:
                _tell(namespace, client.prove(namespace))
            else:
                _claim(client, namespace, domain, key_files.public_text(private))


@click.command()
@KEY
@REGISTRY
@AS_JSON
def namespaces(key: Path, registry: str, *, as_json: bool) -> None:
    """Under which name your key publishes, which keys speak for it, and what was handed in."""
    with told(), RegistryClient(registry_url(registry)) as client:
        private = key_files.load_key(key.expanduser())
        name = client.login(private).namespace
        found = [_namespace(client, name)] if name else []
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for line in _lines(found, key_files.public_text(private)):
        click.echo(line)


def _namespace(client: RegistryClient, name: str) -> Json:
    return client.namespace(name) | {"submissions": client.submissions(name)}


def _lines(found: list[Json], public: str) -> Iterator[str]:
    """`found` for people."""
    if not found:
        yield f"Your key speaks for no name yet. Next: {program()} claim YOURNAME"
    for one in found:
        yield f"{one['name']}: {one['state']}"
        for held in one["keys"]:
            own = " (yours)" if held["public"] == public else ""
            yield f"  key {held['public'][:16]}… until {held['expires_at'][:10]}{own}"
        for submission in one["submissions"]:
            yield (f"  {submission['plugin_id']}@{submission['version']} {submission['state']}  "
                   f"{submission['digest']}")  # fmt: skip


def client_as(registry: str, key: Ed25519PrivateKey) -> RegistryClient:
    """A client that is logged in as this key. Raises BadInputError."""
    url = registry_url(registry)
    kept = _kept()
    public = key_files.public_text(key)
    now = datetime.now(UTC)
    if kept and (kept.url, kept.key_id) == (url, public) and kept.ends_at - EARLY > now:
        return RegistryClient(url, kept.token)
    client = RegistryClient(url)
    _keep(client.login(key), url, public, now)
    return client


def registry_url(given: str = "") -> str:
    """Which registry is meant. Raises BadInputError: none is known."""
    if given:
        return given.rstrip("/")
    try:
        return demo_address(data_folder())
    except DemoAwayError as error:
        away = error
    kept = _kept()
    if kept and kept.url not in str(away):
        return kept.url
    raise BadInputError(
        f"no registry is known: {str(away).partition(';')[0]}. Start a demo (./hp demo), or "
        "name one with --registry https://… or HP_REGISTRY_URL"
    )


def _claim(client: RegistryClient, namespace: str, domain: str, public: str) -> None:
    try:
        found = client.claim(namespace, domain)
    except RegistryRefusedError as error:
        found = _asked_before(client, namespace) if error.status == TAKEN else {}
        if not any(one.get("public") == public for one in found.get("keys", [])):
            raise
    _tell(namespace, found)


def _asked_before(client: RegistryClient, namespace: str) -> Json:
    """Who claimed it; nothing where nobody did."""
    try:
        return client.namespace(namespace)
    except RegistryRefusedError:
        return {}


def _tell(namespace: str, found: Json) -> None:
    click.echo(f"{namespace}: {found.get('state', 'claimed')}")
    click.echo(f"Next: {found.get('next') or f'{program()} publish FOLDER'}")


def _file() -> Path:
    return CONFIG_FOLDER.expanduser() / "login.json"


def _kept() -> Login | None:
    try:
        return msgspec.json.decode(_file().read_bytes(), type=Login)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _keep(session: Session, url: str, public: str, now: datetime) -> None:
    """Only its owner can read it; replaced as a whole."""
    ends_at = now + timedelta(seconds=session.expires_in_s)
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    coming = path.with_name(f"{path.name}.{os.getpid()}")
    coming.unlink(missing_ok=True)
    descriptor = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(Login(url, session.token, public, ends_at)))
    coming.replace(path)


def _short(key: Ed25519PrivateKey) -> str:
    return key_files.public_text(key)[:16] + "…"
