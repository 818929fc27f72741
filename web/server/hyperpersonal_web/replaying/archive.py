"""The recorded turns of this deployment, and the releases to run them on."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from hyperpersonal_core.api import RecordedTurn, RecordedTurns, TurnJournals
from hyperpersonal_core.kit.clock import Clock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import parse
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Registry, Renewal
from hyperpersonal_runtime.api import SealedRelease
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.errors import ArchiveError
from msgspec import Struct

from hyperpersonal_web.blobs import blobs_of
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.keys import open_vault
from hyperpersonal_web.trusting import open_trust

DAYS_MAX = 3650
_AGO = re.compile(r"(\d{1,6})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


class Choice(Struct, frozen=True):
    """Which turns: the named ones, else the newest of one conversation or of all."""

    turns: tuple[str, ...] = ()
    conversation: str = ""
    since: str = ""
    limit: int = 100


class Archive:
    """Recorded turns of all tenants, and the registry's releases.

    Args:
        folder: a plugin's folder may be named as a release; it is run as it lies there.
    """

    def __init__(self, turns: RecordedTurns, registry: Registry, clock: Clock) -> None:
        self._turns = turns
        self._registry = registry
        self._clock = clock

    async def choose(self, choice: Choice) -> list[tuple[UUID, UUID]]:
        """(tenant, turn) of each, oldest first.

        Raises:
            RefusedError: a name is no id, or there is no such turn.
        """
        if choice.turns:
            return await self._named([_id("turn", text) for text in choice.turns])
        since = _moment(choice.since, self._clock.now()) if choice.since else None
        talk = _id("conversation", choice.conversation) if choice.conversation else None
        found: list[tuple[UUID, UUID]] = []
        for tenant in await self._turns.tenants():
            turns = await self._turns.find(tenant, since, talk, choice.limit)
            found += [(tenant, turn) for turn in turns]
        return sorted(found, key=lambda pair: pair[1])[-choice.limit :]

    async def read(self, place: tuple[UUID, UUID]) -> RecordedTurn:
        """One of them. Raises RefusedError."""
        return await self._turns.read(*place)

    async def load(self, digest: str) -> SealedRelease:
        """A release that was recorded, reviewed or not: its tenant ran it, and nothing of a replay
        has an effect. Raises RefusedError: not trusted (any more)."""
        return await self._registry.load(digest, unreviewed=True)

    async def release(self, name: str) -> SealedRelease:
        """The release a person names: a digest, `publisher/name@version`, `publisher/name` (its
        newest) or a plugin's folder, which is run as it lies there, signed or not.

        Raises:
            RefusedError: there is none.
        """
        if name.startswith("sha256:"):
            return await self._registry.load(name, unreviewed=True)
        if (Path(name) / "plugin.toml").is_file():
            return _folder(Path(name))
        plugin_id, _, version = name.partition("@")
        found = await self._registry.find(plugin_id, version or None)
        return await self._registry.load(found.digest, unreviewed=True)

    async def _named(self, turns: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
        owners = await self._turns.owners(turns)
        for turn in turns:
            if turn not in owners:
                raise NotFoundError(f"there is no turn trn_{turn.hex}")
        return [(owners[turn], turn) for turn in turns]


@asynccontextmanager
async def open_archive(settings: Settings, found: Addresses) -> AsyncIterator[Archive]:
    """Connect to the database, with the keys of the data folder."""
    async with AsyncExitStack() as stack:
        db = await Database.open(found.database_url, size_max=4)
        stack.push_async_callback(db.close)
        clock = SystemClock()
        turns = RecordedTurns(db, TurnJournals(db, open_vault(settings, db, clock)))
        trust = await open_trust(stack, settings, db)
        blobs = blobs_of(settings)
        registry = Registry(db, blobs, clock, metadata=trust.metadata, keeper=trust.keeper)
        if trust.metadata is not None:  # nobody may have renewed it since yesterday
            await Renewal(registry.ground).renew()
        yield Archive(turns, registry, clock)


def _folder(folder: Path) -> SealedRelease:
    try:
        archive = hpx.unpack(hpx.pack(hpx.collect(folder)))
        manifest = archive.manifest
    except (ArchiveError, ValueError) as error:
        raise RefusedError(f"{folder} holds no plugin: {error}") from error
    return SealedRelease(
        manifest.id, manifest.version, archive.digest, manifest.entry, archive.files,
        manifest.runtime.kind,
    )  # fmt: skip


def _id(kind: str, text: str) -> UUID:
    try:
        return parse(kind, text)
    except ValueError as error:
        raise RefusedError(f"{text[:80]!r} is no id of a {kind}") from error


def _moment(text: str, now: datetime) -> datetime:
    """`2h`, `3d`, or a date and time (ISO 8601; UTC where it names no zone)."""
    if ago := _AGO.fullmatch(text):
        minutes = min(int(ago[1]) * _MINUTES[ago[2]], DAYS_MAX * _MINUTES["d"])
        return now - timedelta(minutes=minutes)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(f"{text[:40]!r} is no time; write 2h, 3d or 2026-11-22T18:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
