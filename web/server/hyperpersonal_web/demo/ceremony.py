"""The demo's own registry: a root ceremony with keys all in one folder, reviewers and an admin.

A real one is held by people with keys of their own (`hp registry init`); the metadata that comes
of it, and what hosts make of it, is the same.
"""

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import (
    KeyFolder,
    MetadataStore,
    Registry,
    Renewal,
    Role,
    naming,
)

from hyperpersonal_web.blobs import blobs_of
from hyperpersonal_web.trusting import LOG_ORIGIN, folder_of, hold_ceremony, is_founded

HOLDERS = ("root-1", "root-2", "root-3")
THRESHOLD = 2
REVIEWERS = ("reviewer-1", "reviewer-2")
ADMIN = "admin"


def ensure_ceremony(settings: Settings, database_url: str) -> None:
    """A registry with its root, two reviewers and an admin; safe to repeat, blocks."""
    with asyncio.Runner() as runner:
        runner.run(_ensure(settings, database_url))


def reviewer_keys(settings: Settings) -> list[Ed25519PrivateKey]:
    """The keys of the demo's reviewers."""
    folder = KeyFolder(folder_of(settings))
    return [folder.key(name) for name in REVIEWERS]


async def _ensure(settings: Settings, database_url: str) -> None:
    db = await Database.open(database_url, size_max=2)
    try:
        keys = KeyFolder(folder_of(settings))
        if not await is_founded(db):
            holders = [keys.key(name) for name in HOLDERS]
            await hold_ceremony(settings, db, holders, THRESHOLD)
        if keys.is_there:
            await _bring_up(settings, db, keys)
    finally:
        await db.close()


async def _bring_up(settings: Settings, db: Database, keys: KeyFolder) -> None:
    """The people, and metadata that is still good after a long sleep."""
    clock = SystemClock()
    store = MetadataStore(keys.online(), clock)
    registry = Registry(db, blobs_of(settings), clock, keys.signer(LOG_ORIGIN), metadata=store)
    await Renewal(registry.ground).renew()
    known = {person.public for person in await registry.people.all()}
    roles: dict[str, Role] = {**dict.fromkeys(REVIEWERS, "reviewer"), ADMIN: "admin"}
    for name, role in roles.items():
        public = keys.key(name).public_key().public_bytes_raw()
        if public not in known:
            await registry.people.add(public, name, role)
    await naming.hold(registry, keys.holders())
