"""The shadow: a candidate beside real turns of real sandboxes, with no effect."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from fakes.sandboxed import AGENT_GRANTS, ORDER_AGENT, SandboxedRig, Shelf
from fakes.turns import TENANT
from hyperpersonal_core.api import (
    BesideAsker,
    BesideService,
    Candidate,
    Judge,
    RecordedTurns,
    Rollout,
    RolloutPlan,
    RolloutRecords,
    RolloutStage,
    RolloutWatch,
    Shadow,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.requests import Requests
from hyperpersonal_core.rollouts.shadow import drawn, drawn_of
from hyperpersonal_runtime.api import Replayer, SealedRelease
from hyperpersonal_runtime.testing import default_cache
from msgspec import structs

PLAN = RolloutPlan(4, 1.0, (RolloutStage(0.5, 0.3),), settle_s=0.0)
CHANGES = {
    "polite": ORDER_AGENT.replace('"Order {done.id}', '"Dear shopper, order {done.id}'),
    "other": ORDER_AGENT.replace("no longer needed", "ordered by mistake"),
    "curious": ORDER_AGENT.replace("done = host", 'host.tool("commerce.orders.get", order_id="#W7")'
                                   "\n    done = host"),
    "greedy": ORDER_AGENT.replace(
        "    evidence", '    host.remember("likes", "tents")\n    evidence'
    ),
    "broken": ORDER_AGENT.replace("order =", 'raise RuntimeError("it fell over")\n    #'),
}  # fmt: skip
_LEFT = """
select (select jsonb_agg(k order by k) from kv k) as kept,
       (select jsonb_agg(e order by e.id) from events e) as said,
       (select count(*) from receipts_due) as billed, (select count(*) from turns) as turns,
       (select count(*) from handoffs) as handoffs, (select count(*) from facts) as facts"""


class Twins(Shelf):
    """Every source is a release of the same plugin."""

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        release = await super().load(digest, unreviewed=unreviewed)
        name = digest.removeprefix("sha256:")
        name = name if name in ("shop", "return") else "order"
        return structs.replace(release, plugin_id=f"acme/{name}")


class Place:
    """A rig that has answered turns, and everything a rollout needs."""

    def __init__(self, rig: SandboxedRig, replayer: Replayer) -> None:
        async def rehearser() -> Replayer:
            return replayer

        self.rig = rig
        self.records = RolloutRecords(rig.db, rig.clock, rig.ids, notice_s=0.0)
        recorded = RecordedTurns(rig.db, rig.journals)
        self.shadow = Shadow(rig.db, recorded, self.records, rig.clock, (rehearser, rig.shelf))
        judge = Judge(rig.db, self.records, rig.clock)
        self.watch = RolloutWatch(self.records, judge, self.shadow)

    async def begin(self, name: str, plan: RolloutPlan = PLAN) -> Rollout:
        found = await self.rig.installations.list(TENANT)
        (present,) = [one for one in found if one.plugin_id == "acme/order"]
        release = Candidate("2.0.0", f"sha256:{name}", present.manifest, AGENT_GRANTS)
        return await self.records.begin(present, release, plan)

    async def talk(self, count: int) -> None:
        for _ in range(count):
            await self.rig.ask("cancel my order")

    async def left(self) -> dict[str, Any]:
        async with self.rig.db.transaction(TENANT) as connection:
            return dict(await connection.fetchrow(_LEFT))


@pytest.fixture
async def place(db: Database, bus: Bus) -> AsyncIterator[Place]:
    rig = SandboxedRig(db, bus)
    rig.shelf = Twins()
    rig.shelf.sources |= CHANGES | {"same": ORDER_AGENT + "\n"}
    replayer = Replayer(default_cache(), workers=1)
    await asyncio.gather(rig.prepare(), replayer.start())
    await rig.begin()
    rig.start()
    yield Place(rig, replayer)
    await rig.stop()
    await asyncio.gather(rig.real.close(), replayer.close())


async def test_that_a_release_that_does_the_same_goes_on_to_the_canary(place: Place) -> None:
    one = await place.begin("same")
    await place.talk(PLAN.shadow_turns)
    before = await place.left()
    await place.watch.look()
    assert await place.left() == before, "nothing of it is seen, kept or billed"
    standing = await place.records.read(TENANT, one.id)
    shadow = standing.shadow
    assert (shadow.turns, shadow.followed, shadow.same_reply, shadow.same_actions) == (4, 4, 4, 4)
    assert shadow.kinds.get("text") is None
    assert shadow.host_calls[0] == shadow.host_calls[1] == 8
    assert standing.rollout.state == "canary"


@pytest.mark.parametrize(
    ("name", "kinds", "same_reply", "same_actions"),
    [
        ("polite", {"text"}, 0, 2),
        ("other", {"arguments", "money"}, 2, 0),
        ("curious", {"parted"}, 0, 0),
        ("greedy", {"refused", "outcome"}, 0, 0),
        ("broken", {"outcome"}, 0, 0),
    ],
)
async def test_that_what_differs_is_told_and_waits_for_a_word_where_it_is_grave(
    place: Place, name: str, kinds: set[str], same_reply: int, same_actions: int
) -> None:
    one = await place.begin(name, structs.replace(PLAN, shadow_turns=2))
    await place.talk(2)
    before = await place.left()
    await place.watch.look()
    assert await place.left() == before
    standing = await place.records.read(TENANT, one.id)
    assert kinds <= set(standing.shadow.kinds), standing.shadow
    assert standing.shadow.same_reply == same_reply
    assert standing.shadow.same_actions == same_actions
    harmless = name == "polite"
    assert standing.rollout.state == ("canary" if harmless else "shadow")
    assert bool(standing.rollout.reason) is not harmless
    if not harmless:
        went = await place.records.advance(TENANT, one.id, UUID(int=5))
        assert went.state == "canary"
        told = (await place.records.read(TENANT, one.id)).told
        assert [line.kind for line in told] == ["started", "waits", "raised"]
        assert told[-1].member_id == UUID(int=5)


async def test_that_both_answers_are_shown_side_by_side_and_kept_nowhere(
    place: Place, bus: Bus
) -> None:
    one = await place.begin("polite", structs.replace(PLAN, shadow_turns=1))
    await place.talk(2)
    await place.watch.look()
    before = await place.left()
    requests = Requests(bus)
    asker, service = BesideAsker(requests), BesideService(requests, place.shadow)
    (compared,) = await place.records.shadow_turns(TENANT, one.id)
    turn = compared.turn_id
    with pytest.raises(OutsideError):
        await asker.ask((TENANT, one.id), turn)  # nobody serves it
    await service.start()
    try:
        (call, *_) = await asker.ask((TENANT, one.id), turn)
        assert (call.hook, call.asked) == ("reply", "cancel my order")
        assert (call.before.outcome, call.after.outcome) == ("ok", "ok")
        assert call.after.text.startswith("Dear shopper, order")
        assert call.before.text.startswith("Order")
        assert "other words" in [change.words for change in call.changes]
        assert await place.left() == before
        with pytest.raises(RefusedError, match="not compared in such a turn"):
            await asker.ask((TENANT, one.id), UUID(int=3))
        with pytest.raises(RefusedError, match="not compared in such a turn"):
            await asker.ask((UUID(int=4), one.id), turn)  # another tenant
    finally:
        await service.close()
    kept = await kept_words(place)
    assert "Dear shopper" not in kept


async def kept_words(place: Place) -> str:
    """All that a rollout has in the database."""
    async with place.rig.db.transaction(TENANT) as connection:
        rows = await connection.fetch("select * from shadow_turns")
        rows += await connection.fetch("select * from rollout_events")
    return str([dict(row) for row in rows])


async def test_that_only_the_drawn_share_is_compared(place: Place) -> None:
    plan = structs.replace(PLAN, shadow_turns=50, shadow_share=0.3)
    one = await place.begin("same", plan)
    await place.talk(12)
    for _ in range(4):
        await place.watch.look()
    async with place.rig.db.transaction(TENANT) as connection:
        turns = [row["id"] for row in await connection.fetch("select id from turns")]
    expected = sum(drawn(one, turn) for turn in turns)
    assert len(turns) == 12
    assert (await place.records.read(TENANT, one.id)).shadow.turns == expected
    await place.watch.look()
    assert (await place.records.read(TENANT, one.id)).shadow.turns == expected, "each once"


def test_that_the_shadow_draws_the_plans_share() -> None:
    ids = [UUID(int=number) for number in range(20_000)]
    part = sum(drawn_of(b"seed", 0.3, one) for one in ids) / len(ids)
    assert abs(part - 0.3) < 0.015


async def test_that_a_shadow_alone_stays_in_the_shadow(place: Place) -> None:
    one = await place.begin("same", structs.replace(PLAN, shadow_turns=1, stages=()))
    await place.talk(1)
    await place.watch.look()
    standing = await place.records.read(TENANT, one.id)
    assert standing.rollout.state == "shadow"
    assert "your word" in standing.rollout.reason
    assert (await place.records.stop(TENANT, one.id, None)).state == "stopped"
