"""Canaries on the real turn path: who meets the candidate, and what becomes of it."""

import asyncio
from collections import Counter
from uuid import UUID

import asyncpg
import pytest
from fakes.turns import TENANT
from hyperpersonal_core.api import Candidate, NewInstallation, RolloutPlan, RolloutStage
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from msgspec import structs

from .conftest import HALF, Stage


async def test_that_a_conversation_keeps_the_release_it_began_with(stage: Stage) -> None:
    one = await stage.roll_out()
    told = await stage.talk(24)
    drawn = {place: one.draw.takes(TENANT, place) for place in told}
    assert set(drawn.values()) == {True, False}
    for place, text in told.items():
        assert text == ("the new one" if drawn[place] else "the old one")
    for place in list(told)[:6]:
        await stage.write(place, "my order again")
        assert await stage.said(place, 2) == told[place]


async def test_that_conversations_from_before_stay_and_go_over_at_the_end(stage: Stage) -> None:
    told = await stage.talk(4)
    one = await stage.roll_out(plan=structs.replace(HALF, stages=(RolloutStage(0.9, 0.4),)))
    for place in told:
        await stage.write(place, "my order")
        assert await stage.said(place, 2) == "the old one"
    ended = await stage.records.promote(TENANT, one.id, None)
    assert ended.state == "promoted"
    assert (await stage.present()).digest == "sha256:order2"
    for place in told:
        await stage.write(place, "my order")
        assert await stage.said(place, 3) == "the new one"


async def test_that_a_raised_share_moves_no_conversation_that_has_begun(stage: Stage) -> None:
    small = structs.replace(HALF, stages=(RolloutStage(0.05, 0.4), RolloutStage(0.9, 0.3)))
    one = await stage.roll_out(plan=small)
    told = await stage.talk(12)
    await stage.records.advance(TENANT, one.id, None)
    await asyncio.sleep(0.005)
    for place, text in told.items():
        await stage.write(place, "my order")
        assert await stage.said(place, 2) == text
    later = Counter((await stage.talk(12)).values())
    assert later["the new one"] > later["the old one"]


async def test_that_a_broken_release_is_undone_and_nobody_meets_it_any_more(stage: Stage) -> None:
    one = await stage.roll_out("sha256:broken")
    for _ in range(10):
        await stage.talk(8)
        one = await stage.judged(one)
        if one.state != "canary":
            break
    assert one.state == "rolled_back"
    assert "errors" in one.reason
    assert set((await stage.talk(12)).values()) == {"the old one"}
    standing = await stage.records.read(TENANT, one.id)
    assert standing.candidate.means["errors"] == 1.0
    assert standing.incumbent.means["errors"] == 0.0
    assert [line.kind for line in standing.told] == ["started", "raised", "rolled_back"]
    assert (await stage.present()).digest == "sha256:order"


async def test_that_a_good_release_goes_on_to_everybody_on_evidence(stage: Stage) -> None:
    one = await stage.roll_out(plan=structs.replace(HALF, level=0.2))
    for _ in range(40):
        await stage.talk(8)
        one = await stage.judged(one)
        if one.state != "canary":
            break
    assert one.state == "promoted"
    assert set((await stage.talk(4)).values()) == {"the new one"}
    seen = await stage.records.read(TENANT, one.id)
    assert seen.candidate.conversations > 0


async def test_that_every_conversation_is_judged_once(stage: Stage) -> None:
    one = await stage.roll_out(plan=structs.replace(HALF, stages=(RolloutStage(0.5, 0.01),)))
    told = await stage.talk(10)
    looks = await asyncio.gather(*(stage.judge.look((TENANT, one.id)) for _ in range(4)))
    assert any(look is not None for look in looks)
    await stage.judged(one)
    standing = await stage.records.read(TENANT, one.id)
    assert standing.candidate.conversations + standing.incumbent.conversations == len(told)
    assert standing.rollout.bets["seen"] == len(told)


async def test_that_a_canary_ends_where_the_installation_was_changed(stage: Stage) -> None:
    one = await stage.roll_out("sha256:broken")
    present = await stage.present()
    new = NewInstallation(
        present.plugin_id, "3.0.0", "sha256:order2", "agent", present.manifest, present.grants
    )
    await stage.installations.update(present, new)
    assert set((await stage.talk(8)).values()) == {"the new one"}, "nobody meets the candidate"
    assert (await stage.judged(one)).state == "stopped"
    with pytest.raises(ConflictError, match="has ended"):
        await stage.records.promote(TENANT, one.id, None)


async def test_that_a_candidate_gets_no_grant_that_was_not_given(stage: Stage) -> None:
    present = await stage.present()
    wide = ("knowledge:read", "memory:contact.read", "tool:commerce.orders.write")
    release = Candidate("2.0.0", "sha256:order2", present.manifest, wide)
    one = await stage.records.begin(present, release, HALF)
    await asyncio.sleep(0.005)
    await stage.talk(24)
    met = [call for call in stage.host.calls if call.release.digest == "sha256:order2"]
    assert met
    assert {call.grants for call in met} == {("knowledge:read",)}
    await stage.records.promote(TENANT, one.id, None)
    assert (await stage.present()).grants == ("knowledge:read",)


async def test_that_one_rollout_of_an_installation_runs_at_a_time(stage: Stage) -> None:
    one = await stage.roll_out()
    with pytest.raises(ConflictError, match="runs already"):
        await stage.roll_out()
    assert (await stage.records.stop(TENANT, one.id, None)).state == "stopped"
    assert set((await stage.talk(6)).values()) == {"the old one"}
    await stage.roll_out()


@pytest.mark.parametrize(
    "plan",
    [
        RolloutPlan(stages=(RolloutStage(0.5, 0.1), RolloutStage(0.1, 0.1))),
        RolloutPlan(stages=(RolloutStage(1.0, 0.1),)),
        RolloutPlan(stages=(), shadow_turns=0),
        RolloutPlan(level=0.9),
        RolloutPlan(shadow_share=0.0),
    ],
)
async def test_that_a_plan_that_cannot_work_is_refused(stage: Stage, plan: RolloutPlan) -> None:
    with pytest.raises(RefusedError, match="plan"):
        await stage.roll_out(plan=plan)


async def test_that_another_tenants_rollout_is_not_there(stage: Stage) -> None:
    one = await stage.roll_out()
    with pytest.raises(NotFoundError):
        await stage.records.stop(UUID(int=2), one.id, None)


async def test_that_the_history_of_a_rollout_is_never_changed(stage: Stage) -> None:
    one = await stage.roll_out()
    for change in ("delete from rollout_events", "update rollout_events set words = 'nothing'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
            async with stage.db.transaction(TENANT) as connection:
                await connection.execute(change)
    assert len((await stage.records.read(TENANT, one.id)).told) == 2


async def test_that_a_pause_draws_nobody_new_and_a_resumed_canary_goes_on(stage: Stage) -> None:
    one = await stage.roll_out()
    before = await stage.talk(16)
    assert set(before.values()) == {"the old one", "the new one"}
    paused = await stage.records.pause(TENANT, one.id, UUID(int=5))
    assert (paused.state, paused.paused, paused.share) == ("canary", True, 0.0)
    await asyncio.sleep(0.005)
    assert set((await stage.talk(8)).values()) == {"the old one"}
    for place in list(before)[:4]:
        await stage.write(place, "my order again")
        assert await stage.said(place, 2) == before[place], "who met it keeps it"
    with pytest.raises(ConflictError, match="not paused"):
        await stage.records.pause(TENANT, one.id, None)
    resumed = await stage.records.resume(TENANT, one.id, None)
    assert (resumed.paused, resumed.share) == (False, 0.5)
    await asyncio.sleep(0.005)
    assert "the new one" in (await stage.talk(12)).values()
    with pytest.raises(ConflictError, match="is not paused"):
        await stage.records.resume(TENANT, one.id, None)
    told = (await stage.records.read(TENANT, one.id)).told
    assert [line.kind for line in told] == ["started", "raised", "paused", "resumed"]
    assert told[2].member_id == UUID(int=5)


async def test_that_conversations_of_a_pause_show_nothing_and_evidence_waits_for_its_end(
    stage: Stage,
) -> None:
    one = await stage.roll_out(plan=structs.replace(HALF, level=0.2))
    await stage.talk(30)
    await stage.records.pause(TENANT, one.id, None)
    await asyncio.sleep(0.005)
    await stage.talk(8)
    paused = await stage.judged(one)
    assert (paused.state, paused.bets["seen"]) == ("canary", 30.0)
    assert await stage.judged(one) == await stage.judged(one), "each was looked at once"
    standing = await stage.records.read(TENANT, one.id)
    assert standing.candidate.conversations + standing.incumbent.conversations == 30
    shown = await stage.records.evidence(TENANT, one.id)
    assert shown.path[-1].conversations == 30
    assert set(shown.path[-1].fine) == {1.0}, "it would go on"
    await stage.records.resume(TENANT, one.id, None)
    assert (await stage.judged(one)).state == "promoted"


async def test_that_a_pause_does_not_keep_a_worse_release(stage: Stage) -> None:
    one = await stage.roll_out("sha256:broken")
    await stage.talk(40)
    await stage.records.pause(TENANT, one.id, None)
    assert (await stage.judged(one)).state == "rolled_back"
    with pytest.raises(ConflictError, match="has ended"):
        await stage.records.resume(TENANT, one.id, None)
    with pytest.raises(NotFoundError):
        await stage.records.evidence(TENANT, UUID(int=9))
