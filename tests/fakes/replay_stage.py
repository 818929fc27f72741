"""The whole product over the demo shop, talked to until so many plugin calls are on record.

`HP_REPLAYS`: how many, at least (default 100).
"""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

from fakes.talks import talks
from hyperpersonal_core.api import NewMessage, RecordedTurn, RecordedTurns, TurnJournals
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_runtime.api import SealedRelease
from hyperpersonal_web.demo.ceremony import reviewer_keys
from hyperpersonal_web.demo.merchant import furnish, import_policy
from hyperpersonal_web.demo.plugins import install_all, publish_all, publisher_key
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.paths import ROOT
from hyperpersonal_web.wiring import (
    Ground,
    open_engine,
    open_ground,
    open_market,
    open_understanding,
    warm,
)
from msgspec import Struct

REPLAYS = int(os.environ.get("HP_REPLAYS", "100"))
AT_ONCE = 8  # few enough that no turn comes near its deadline
WAVE = 48
TURN_SECONDS_MAX = 120
_PEOPLE = """
with people as (
  insert into contacts (tenant_id, id, created_at)
  select $1, unnest($2::uuid[]), now() returning id)
insert into conversations (tenant_id, id, channel_id, contact_id, created_at, updated_at)
select $1, id, (select id from channels where tenant_id = $1 limit 1), id, now(), now() from people
"""
_OPEN = """
select count(*) from conversations
 where tenant_id = $1 and id = $2 and mode = 'auto' and handled_offset < heard_offset"""
_GUARD = "hyperpersonal/card_guard"


class Stage(Struct, frozen=True):
    """What was recorded, with the releases it ran on by digest, and where the data lie."""

    folder: Path
    turns: list[RecordedTurn]
    releases: dict[str, SealedRelease]
    seconds: float

    @property
    def calls(self) -> int:
        """Plugin calls on record."""
        return sum(len(turn.recording.calls) for turn in self.turns)

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        return self.releases[digest]


def begin(folder: Path) -> Props:
    """The demo's servers and shop in a folder of their own that shares the compiled guests."""
    cache = ROOT / ".hp" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (folder / "cache").symlink_to(cache)
    props = Props(Settings(data_dir=folder), lambda *_: None)
    props.start()
    return props


async def record(props: Props, calls_min: int) -> Stage:
    """Hold seeded conversations until so many plugin calls are on record."""
    started = time.monotonic()
    log.configure("error")
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, props.settings, props.addresses)
        mind, market = open_understanding(ground), open_market(ground)
        tenant_id = (await furnish(ground, props.folder)).tenant_id
        published = await publish_all(
            market.registry, publisher_key(props.folder / "key"), reviewer_keys(props.settings)
        )
        releases = [one for one in published if one.manifest.kind != "model"]
        await install_all(market, tenant_id, releases, (props.shop.url, props.shop.keys.token))
        guard = next(one for one in releases if one.plugin_id == _GUARD)
        await market.installer.install(tenant_id, guard.plugin_id, guard.version, grants=())
        await import_policy(mind.knowledge, tenant_id)
        await warm(mind, market, tenant_id)
        await asyncio.to_thread(props.shop.wait)
        await props.guest()
        await open_engine(stack, ground, mind, market)
        archive = RecordedTurns(ground.db, TurnJournals(ground.db, ground.vault))
        turns: list[RecordedTurn] = []
        number = 0
        while sum(len(turn.recording.calls) for turn in turns) < calls_min:
            number += 1
            said = list(talks(number * WAVE))[-WAVE:]
            places = await _held(ground, tenant_id, said)
            for place in places:
                ids = await archive.find(tenant_id, None, place, 100)
                turns += [await archive.read(tenant_id, one) for one in ids]
        digests = {call.digest for turn in turns for call in turn.recording.calls}
        loaded = {digest: await market.releases.load(digest) for digest in sorted(digests)}
    return Stage(props.settings.data_dir, turns, loaded, time.monotonic() - started)


async def _held(ground: Ground, tenant_id: UUID, said: Sequence[Sequence[str]]) -> list[UUID]:
    """Conversations, held to their ends; their ids."""
    places = [ground.ids.new() for _ in said]
    async with ground.db.transaction(tenant_id) as connection:
        await connection.execute(_PEOPLE, tenant_id, places)
    gate = asyncio.Semaphore(AT_ONCE)

    async def hold(place: UUID, messages: Sequence[str]) -> None:
        async with gate:
            for number, text in enumerate(messages):
                body = {"text": text}
                await ground.timeline.append(
                    NewMessage(tenant_id, place, place, f"m{number}", body)
                )
                await _answered(ground, tenant_id, place)

    await asyncio.gather(*(hold(*pair) for pair in zip(places, said, strict=True)))
    return places


async def _answered(ground: Ground, tenant_id: UUID, place: UUID) -> None:
    async with asyncio.timeout(TURN_SECONDS_MAX):
        while True:
            async with ground.db.transaction(tenant_id) as connection:
                if not await connection.fetchval(_OPEN, tenant_id, place):
                    return
            await asyncio.sleep(0.03)


def only(turns: Sequence[RecordedTurn], plugin: str, count: int) -> list[RecordedTurn]:
    """The first turns in which a plugin was called."""
    found = [
        turn for turn in turns if any(call.plugin_id == plugin for call in turn.recording.calls)
    ]
    assert len(found) >= count, f"{len(found)} turns of {plugin}"
    return found[:count]
