"""How people of the registry reach the market: a publisher who answers, an admin who hides."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hyperpersonal_web.cli.shop_client import ShopClient


@contextmanager
def as_publisher(registry: str, file: Path | None) -> Iterator[ShopClient]:
    """The market beside a registry, for whoever holds a key.

    Args:
        registry: its address; '': the one that the SDK's commands would take.
        file: of the private key; None: where `hp plugin keys new` puts it.

    Raises:
        click.ClickException: no key, no registry, or it does not know the key.
    """
    from hyperpersonal_sdk import key_files
    from hyperpersonal_sdk.cli.common import DEFAULT_KEY
    from hyperpersonal_sdk.errors import BadInputError

    try:
        private = key_files.load_key((file or DEFAULT_KEY).expanduser())
        client = market_as(registry, private)
    except BadInputError as error:
        raise click.ClickException(str(error)) from error
    try:
        yield client
    finally:
        client.close()


def market_as(registry: str, key: Ed25519PrivateKey) -> ShopClient:
    """The market with a token of the registry. Raises BadInputError."""
    from hyperpersonal_sdk.cli.account import registry_url
    from hyperpersonal_sdk.registry_client import RegistryClient

    with RegistryClient(registry_url(registry)) as client:
        return ShopClient(client.url, client.login(key).token)
