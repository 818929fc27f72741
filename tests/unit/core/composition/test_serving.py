"""What a tenant composed, on real PostgreSQL and NATS: hours, voice and fallback in the turn."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fakes.turns import TENANT, Calls, Rig, echo
from hyperpersonal_core.composition.service import Compositions, Switch
from hyperpersonal_core.composition.values import AgentTerms, Composition
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.routing.rules import Rule
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest, Voice
from hyperpersonal_sdk.hours import DAYS, Hours, parse


def hours(*, open_now: bool) -> Hours:
    """All of today and tomorrow, or nothing before the day after (UTC)."""
    today = datetime.now(UTC).weekday()
    days = (today, (today + 1) % 7) if open_now else ((today + 2) % 7,)
    return parse("UTC", [f"{DAYS[day]} 00:00-24:00" for day in days])


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[Rig]:
    made = await Rig(db, bus).prepare()
    yield made
    await made.stop()


async def switch(rig: Rig, agents: list[UUID], composition: Composition, *rules: Rule) -> None:
    compositions = Compositions(rig.db, Uuid7Ids())
    await compositions.switch(TENANT, Switch(tuple(agents), rules, composition, tuple(agents)))


async def said(rig: Rig, text: str) -> str:
    event = (await rig.ask(text))[-1]
    return str(event.body["text"])


async def test_that_an_agent_answers_in_its_hours_and_is_not_chosen_outside(rig: Rig) -> None:
    agents = [await rig.agent("order", echo), await rig.agent("gifts", echo)]
    terms = {"acme/order": AgentTerms(hours(open_now=True)),
             "acme/gifts": AgentTerms(hours(open_now=False))}  # fmt: skip
    await switch(rig, agents, Composition(terms))
    rig.start()
    assert await said(rig, "my order") == "You said: my order"
    assert "gifts" not in await said(rig, "gifts please")
    await switch(rig, agents, Composition())
    assert await said(rig, "gifts please") == "You said: gifts please", "from the next turn on"


async def test_that_the_shopper_is_told_when_people_are_back(rig: Rig) -> None:
    agents = [await rig.agent("order", echo)]
    await switch(rig, agents, Composition(people=hours(open_now=False)))
    rig.start()
    conversation = await rig.conversation()
    await rig.write(conversation, "a person please")
    notice = (await rig.wait_for(conversation, 1))[-1]
    day = datetime.now(UTC).date() + timedelta(days=2)
    assert f"back on {day:%A} at 00:00 (UTC)" in notice.body["text"]
    assert notice.kind == "handoff", "it waits for a person all the same"
    await rig.write(conversation, "are you there?")
    still = (await rig.wait_for(conversation, 2))[-1]
    assert f"back on {day:%A}" in still.body["text"]


async def test_that_the_voice_frames_replies_and_reaches_agents_as_data(rig: Rig) -> None:
    heard: list[Voice] = []

    async def listens(request: TurnRequest, calls: Calls) -> TurnReply:
        heard.append(request.voice)
        return TurnReply("It is on its way.", confidence=0.9)

    voice = Voice("Fern", ("warm",), "Hello from Fernhill!", "Fern", ("sorry",))
    await switch(rig, [await rig.agent("order", listens)], Composition(voice=voice))
    rig.start()
    conversation = await rig.conversation()
    await rig.write(conversation, "my order")
    first = (await rig.wait_for(conversation, 1))[-1]
    assert first.body["text"] == "Hello from Fernhill!\n\nIt is on its way.\n\nFern"
    assert first.body["agents"] == ["acme/order@1.0.0"]
    await rig.write(conversation, "my order, again")
    second = (await rig.wait_for(conversation, 2))[-1]
    assert second.body["text"] == "It is on its way.\n\nFern", "greeted once"
    assert heard == [voice, voice]
    declined = await said(rig, "the weather")
    assert "sorry" not in declined.lower()
    assert "Fern can help" in declined


async def test_that_a_switch_is_whole_or_nothing(rig: Rig) -> None:
    agents = [await rig.agent("order", echo)]
    compositions = Compositions(rig.db, Uuid7Ids())
    before = await compositions.present(TENANT)
    composition = Composition(voice=Voice("Fern"))
    wrong = [
        Switch((*agents, UUID(int=9)), (), composition),
        Switch((agents[0], agents[0]), (), composition),
        Switch(tuple(agents), (Rule("/(a+)+/", "order"),), composition),
    ]
    for one in wrong:
        with pytest.raises((NotFoundError, RefusedError)):
            await compositions.switch(TENANT, one)
        assert await compositions.present(TENANT) == before
    to = Switch(tuple(agents), (Rule("parcel", "acme/order"),), composition, tuple(agents))
    await compositions.switch(TENANT, to)
    assert await compositions.present(TENANT) == to


async def test_that_a_turn_that_began_keeps_what_was_composed_then(rig: Rig) -> None:
    agents = [await rig.agent("order", echo)]
    await switch(rig, agents, Composition(voice=Voice("First")))
    version = (await rig.installations.bundle(TENANT)).version
    await switch(rig, agents, Composition(voice=Voice("Second")))
    then = await rig.installations.bundle(TENANT, version)
    now = await rig.installations.bundle(TENANT)
    assert (then.composition.voice.name, now.composition.voice.name) == ("First", "Second")


async def test_that_only_the_newest_hundred_compositions_are_kept(rig: Rig) -> None:
    agents = [await rig.agent("order", echo)]
    for number in range(105):
        await switch(rig, agents, Composition(bundle=f"acme/x@{number}"))
    async with rig.db.transaction(TENANT) as connection:
        count = await connection.fetchval("select count(*) from compositions")
    assert count == 100
    assert (await rig.installations.bundle(TENANT)).composition.bundle == "acme/x@104"
