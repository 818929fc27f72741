"""`login`: who one is to a registry, and which one; and the client every later command uses."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.cli.common import CONFIG_FOLDER, KEY, data_folder, program, told
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.key_files import OWNER_ONLY
from hyperpersonal_sdk.registry_client import Json, RegistryClient, RegistryRefusedError, Session

ADDRESS_FILE = Path("demo") / "address"
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
def login(key: Path, registry: str, namespace: str, domain: str) -> None:
    """Prove to the registry that you hold your key. What it gives ends after an hour; the other
    commands log in again by themselves."""
    with told():
        private = key_files.load_key(key.expanduser())
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
    folder, kept = data_folder(), _kept()
    address = folder / ADDRESS_FILE if folder else None
    if address is not None and address.is_file():
        return address.read_text().strip().rstrip("/")
    if kept:
        return kept.url
    raise BadInputError(
        "no registry is known: start a demo (./hp demo), or name one with --registry https://… "
        "or HP_REGISTRY_URL"
    )


def _claim(client: RegistryClient, namespace: str, domain: str, public: str) -> None:
    try:
        found = client.claim(namespace, domain)
    except RegistryRefusedError as error:
        found = client.namespace(namespace) if error.status == TAKEN else {}
        if not any(one.get("public") == public for one in found.get("keys", [])):
            raise
    _tell(namespace, found)


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
