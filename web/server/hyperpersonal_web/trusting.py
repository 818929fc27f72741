"""Where a process finds the registry's root of trust, its keys where they are here, and what it
makes of both.

Rules:
1. A root is believed when its operator pinned it in the data folder (`trust/`). Once one is pinned,
   a registry with another root, or with none, is refused.
2. Only a process with the keys (`registry-keys/`) changes what the registry signs.
3. A deployment that held no ceremony has a registry of its own: signatures of publishers only.
"""

from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.clock import Clock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import (
    DomainProofs,
    Fetch,
    Keeper,
    KeyFolder,
    MetadataStore,
    Pins,
    Policy,
    Signer,
    Trust,
    fingerprint,
    first_root,
    found,
    from_database,
    reviewers,
)
from hyperpersonal_runtime.api import Fetcher
from msgspec import Struct

from hyperpersonal_web.witnesses import wanted_of

REGISTRY_KEYS = "registry-keys"
TRUST = "trust"
LOG_ORIGIN = "hyperpersonal.registry/log"
LOG = "log/"
FETCH_SECONDS_MAX = 10.0
FILE_BYTES_MAX = 8 * 1024 * 1024


class Trusting(Struct, frozen=True):
    """What a process has of the registry's trust; nothing where no ceremony was held."""

    keeper: Keeper | None = None
    metadata: MetadataStore | None = None
    signer: Signer | None = None

    async def refresh(self) -> None:
        """Look for news of what may be loaded."""
        if self.keeper is not None:
            await self.keeper.refresh()

    @property
    def policy(self) -> Policy:
        """What a release needs here."""
        return Policy.public() if self.keeper is not None else Policy.private()


async def open_trust(stack: AsyncExitStack, settings: Settings, db: Database) -> Trusting:
    """Read the pinned root and the keys, as far as they are here.

    Raises:
        RefusedError: the registry's root is not one this host believes in.
    """
    pins, keys = Pins(settings.data_dir / TRUST), KeyFolder(settings.data_dir / REGISTRY_KEYS)
    fetch = _mirror(stack, settings, db)
    root = await fetch("1.root.json")
    if root is None:
        if pins.any:
            raise RefusedError(
                f"this host believes in a root in {settings.data_dir / TRUST}, and the registry "
                "has none: is it the right database?"
            )
        return Trusting()
    known = pins.find(fingerprint(root))
    if known is None:
        raise RefusedError(
            f"the registry's root {fingerprint(root)[:16]} is not believed in here: compare it "
            "with what the registry's people tell, then run `hp registry pin FILE`"
        )
    unreviewed = settings.unreviewed_namespaces.replace(",", " ").split()
    trust = Trust(*known, unreviewed=unreviewed, witnesses=wanted_of(settings))
    keeper, clock = Keeper(trust, fetch), SystemClock()
    if settings.trust_mirror or not keys.is_there:
        return Trusting(keeper)
    return Trusting(keeper, MetadataStore(keys.online(), clock), keys.signer(LOG_ORIGIN))


async def hold_ceremony(
    settings: Settings, db: Database, holders: list[Ed25519PrivateKey], threshold: int
) -> bytes:
    """Make the registry's keys, its first root and first metadata, and believe in it here.

    Raises:
        ConflictError: this registry has its root already.
        RefusedError: so few holders cannot sign.
    """
    keys, clock = KeyFolder(settings.data_dir / REGISTRY_KEYS), SystemClock()
    online = keys.make()
    async with db.transaction() as connection:
        named = await reviewers(connection)
    log = keys.signer(LOG_ORIGIN).public
    root = first_root(online, holders, threshold, clock.now(), reviewers=named, log=log)
    store = MetadataStore(online, clock)
    Pins(settings.data_dir / TRUST).pin(root)  # before it counts: a process killed here can repeat
    async with db.transaction() as connection:
        await found(connection, store, root)
    return root


async def is_founded(db: Database, clock: Clock | None = None) -> bool:
    """Whether the registry in this database has its root."""
    return await from_database(db)("timestamp.json") is not None


def _mirror(stack: AsyncExitStack, settings: Settings, db: Database) -> Fetch:
    if not settings.trust_mirror:
        return from_database(db)
    client = httpx.AsyncClient(base_url=settings.trust_mirror, timeout=FETCH_SECONDS_MAX)
    stack.push_async_callback(client.aclose)
    return over_http(client)


def over_http(client: httpx.AsyncClient) -> Fetch:
    """A registry's HTTP as a mirror; what it says is verified, not trusted."""

    async def fetch(name: str) -> bytes | None:
        try:
            place = name if name.startswith(LOG) else f"tuf/{name}"
            async with client.stream("GET", f"/v1/registry/{place}") as answer:
                if answer.status_code == 404:
                    return None
                answer.raise_for_status()
                return await _bounded(answer)
        except httpx.HTTPError as error:
            raise OutsideError(f"the registry gave no {name}: {error!r}") from error

    return fetch


async def _bounded(answer: httpx.Response) -> bytes:
    data = b""
    async for part in answer.aiter_bytes():
        data += part
        if len(data) > FILE_BYTES_MAX:
            raise OutsideError("the registry's answer has no end")
    return data


def open_proofs(stack: AsyncExitStack, settings: Settings) -> DomainProofs:
    """Reads what domains show, by the guard that plugins' requests pass."""
    near = settings.private_hosts.replace(",", " ").split()
    fetcher = Fetcher(private_hosts=near)
    stack.push_async_callback(fetcher.close)
    return DomainProofs(fetcher, near)


def folder_of(settings: Settings) -> Path:
    """Where the registry's keys are, or would be."""
    return settings.data_dir / REGISTRY_KEYS
