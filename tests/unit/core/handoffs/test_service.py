import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
from fakes.turns import MEMBER, TENANT, Calls, Rig, echo
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_core.turns import texts
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest

OTHER = UUID(int=6)


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[Rig]:
    made = await Rig(db, bus).prepare()
    yield made
    await made.stop()


async def told(rig: Rig, place: UUID) -> list[tuple[str, str]]:
    return [(e.source, e.body.get("text") or e.body["status"]) for e in await rig.events(place)]


async def test_that_after_a_handoff_agents_are_silent_until_handed_back(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "a person please")
    (notice,) = await rig.wait_for(place, 1)
    await rig.write(place, "order hello?")
    await rig.wait_for(place, 2)
    assert rig.host.calls == []
    await rig.handoffs.take_over(TENANT, place, MEMBER)
    await rig.handoffs.reply(TENANT, place, MEMBER, "I am Eve.")
    await rig.write(place, "my order then")
    await rig.handoffs.hand_back(TENANT, place, MEMBER)
    await rig.wait_for(place, 4)
    assert await told(rig, place) == [
        ("contact", "a person please"),
        ("system", notice.body["text"]),
        ("contact", "order hello?"),
        ("system", texts.STILL_WAITING[0]),
        ("member", "taken_over"),
        ("member", "I am Eve."),
        ("contact", "my order then"),
        ("member", "handed_back"),
        ("agent", "You said: my order then"),
    ]
    request = msgspec.json.decode(rig.host.calls[0].payload, type=TurnRequest)
    assert [line.text for line in request.history] == ["I am Eve."]
    assert await rig.handoffs.list_escalated(TENANT) == []


async def test_that_an_old_handoff_causes_no_new_one(rig: Rig) -> None:
    async def stubborn(request: TurnRequest, calls: Calls) -> TurnReply:
        """Hands over whenever its state or the talk says it did before."""
        seen = request.state or any("person" in line.text for line in request.history)
        return TurnReply("again a person" if seen else "I answer", state={"handed": True})

    await rig.agent("order", stubborn)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "order")
    await rig.wait_for(place, 1)
    await rig.write(place, "a person")
    await rig.wait_for(place, 2)
    await rig.handoffs.take_over(TENANT, place, MEMBER)
    await rig.handoffs.hand_back(TENANT, place, MEMBER)
    await rig.write(place, "order")
    *_, last = await rig.wait_for(place, 3)
    assert last.body["text"] == "I answer"


async def test_that_a_takeover_mutes_the_turn_in_flight_and_tells_what_it_did(rig: Rig) -> None:
    inside, gate = asyncio.Event(), asyncio.Event()

    async def slow(request: TurnRequest, calls: Calls) -> TurnReply:
        await calls.tool("shop.cancel", "done", write=True)
        inside.set()
        await gate.wait()
        return TurnReply("cancelled for you")

    await rig.agent("order", slow)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "order")
    await inside.wait()
    taken = await rig.handoffs.take_over(TENANT, place, MEMBER)
    gate.set()
    (action,) = await rig.wait_for(place, 1, ("action",))
    assert action.offset == taken.offset + 1
    assert action.body["tool"] == "shop.cancel"
    assert [event.source for event in await rig.events(place)] == ["contact", "member", "agent"]
    (waiting,) = await rig.handoffs.list_escalated(TENANT)
    assert (waiting.status, waiting.member_id, waiting.reason) == ("taken", MEMBER, "taken")


async def test_that_after_a_takeover_no_write_of_an_agent_leaves(rig: Rig) -> None:
    inside, gate = asyncio.Event(), asyncio.Event()

    async def slow(request: TurnRequest, calls: Calls) -> TurnReply:
        inside.set()
        await gate.wait()
        await calls.tool("shop.cancel", "done", write=True)
        return TurnReply("cancelled for you")

    await rig.agent("order", slow)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "order")
    await inside.wait()
    await rig.handoffs.take_over(TENANT, place, MEMBER)
    gate.set()
    await asyncio.sleep(0.3)
    assert rig.shop.done == {}
    assert [event.source for event in await rig.events(place)] == ["contact", "member"]


async def test_that_one_person_at_a_time_answers(rig: Rig) -> None:
    place = await rig.conversation()
    with pytest.raises(ConflictError, match="agents have"):
        await rig.handoffs.reply(TENANT, place, MEMBER, "hello")
    with pytest.raises(ConflictError, match="already"):
        await rig.handoffs.hand_back(TENANT, place, MEMBER)
    await rig.handoffs.take_over(TENANT, place, MEMBER)
    with pytest.raises(ConflictError, match="another member"):
        await rig.handoffs.reply(TENANT, place, OTHER, "me too")
    with pytest.raises(ConflictError):
        await rig.handoffs.hand_back(TENANT, place, OTHER)
    await rig.handoffs.take_over(TENANT, place, OTHER)
    await rig.handoffs.reply(TENANT, place, OTHER, "me now")
    with pytest.raises(ConflictError):
        await rig.handoffs.reply(TENANT, place, MEMBER, "and me")


async def test_that_a_members_message_with_one_id_is_sent_once(rig: Rig) -> None:
    place = await rig.conversation()
    await rig.handoffs.take_over(TENANT, place, MEMBER)
    send = [rig.handoffs.reply(TENANT, place, MEMBER, "hello", external_id="m1") for _ in range(5)]
    offsets = await asyncio.gather(*send)
    assert set(offsets) == {2}
    with pytest.raises(RefusedError):
        await rig.handoffs.reply(TENANT, place, MEMBER, "  ")


async def test_that_a_note_is_staffs_and_leaves_the_mode_alone(rig: Rig) -> None:
    place = await rig.conversation()
    await rig.handoffs.note(TENANT, place, MEMBER, "calls often")
    read = await rig.handoffs.read(TENANT, place)
    assert [(event.kind, event.body["text"]) for event in read.events] == [("note", "calls often")]
    assert (read.mode, read.packet) == ("auto", None)
    with pytest.raises(NotFoundError):
        await rig.handoffs.read(UUID(int=2), place)
    with pytest.raises(NotFoundError):
        await rig.handoffs.take_over(UUID(int=2), place, MEMBER)


async def test_that_closing_ends_the_matter_for_agents_too(rig: Rig) -> None:
    await rig.agent("order", echo)
    place = await rig.conversation()
    await rig.write(place, "order one")
    await rig.handoffs.take_over(TENANT, place, MEMBER)
    await rig.handoffs.close(TENANT, place, MEMBER)
    rig.start()
    await rig.write(place, "order two")
    (reply,) = [e for e in await rig.wait_for(place, 1) if e.source == "agent"]
    assert reply.body["text"] == "You said: order two"


async def test_that_who_waits_for_a_person_hears_so_once_in_a_while(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "a person please")
    await rig.wait_for(place, 1)
    await asyncio.sleep(0.2)
    assert len(await rig.events(place)) == 2, "nothing before the shopper writes again"
    for text in ("hello?", "is anybody there?", "hello!"):
        await rig.write(place, text)
        await asyncio.sleep(0.1)
    _, line = await rig.wait_for(place, 2)
    assert (line.source, line.body["text"]) == ("system", texts.STILL_WAITING[0])
    await asyncio.sleep(0.2)
    assert [e.source for e in await rig.events(place)].count("system") == 2
    async with rig.db.transaction(TENANT) as connection:
        await connection.execute("update handoffs set reassured_at = now() - interval '11 minutes'")
    await rig.write(place, "still nobody?")
    assert len(await rig.wait_for(place, 3)) == 3


async def test_that_nobody_is_told_to_wait_while_a_person_is_there(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "a person please")
    await rig.wait_for(place, 1)
    await rig.handoffs.take_over(TENANT, place, MEMBER)
    await rig.write(place, "hello?")
    await asyncio.sleep(0.3)
    assert [e.source for e in await rig.events(place)] == ["contact", "system", "member", "contact"]
