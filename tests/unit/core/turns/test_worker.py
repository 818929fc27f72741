import asyncio

from fakes.turns import Calls, Rig, echo
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest


async def test_that_a_message_is_answered_by_its_agent(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    (reply,) = await rig.ask("my order please")
    assert (reply.source, reply.kind) == ("agent", "message")
    assert reply.body["text"] == "You said: my order please"
    assert reply.body["agents"] == ["acme/order@1.0.0"]
    assert reply.body["confidence"] == 0.8
    assert reply.turn_id is not None


async def test_that_a_burst_is_one_turn_and_a_later_burst_the_next(rig: Rig) -> None:
    gate = asyncio.Event()

    async def slow(request: TurnRequest, calls: Calls) -> TurnReply:
        await gate.wait()
        return TurnReply(" + ".join(request.messages))

    await rig.agent("order", slow)
    place = await rig.conversation()
    for text in ("order one", "order two", "order three"):
        await rig.write(place, text)
    rig.start()
    while not getattr(rig, "host", None) or not rig.host.calls:
        await asyncio.sleep(0.01)
    await rig.write(place, "order later a")
    await rig.write(place, "order later b")
    gate.set()
    replies = await rig.wait_for(place, 2)
    assert [reply.body["text"] for reply in replies] == [
        "order one + order two + order three",
        "order later a + order later b",
    ]
    history = [(line.source, line.text) for line in _request(rig, 1).history]
    assert history == [
        ("contact", "order one"),
        ("contact", "order two"),
        ("contact", "order three"),
        ("agent", "order one + order two + order three"),
    ]


async def test_that_the_same_external_id_twice_is_answered_once(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "order", external_id="m1")
    await rig.wait_for(place, 1)
    await rig.write(place, "order", external_id="m1")
    await rig.write(place, "order again", external_id="m2")
    replies = await rig.wait_for(place, 2)
    await asyncio.sleep(0.3)
    assert [r.body["text"] for r in replies] == ["You said: order", "You said: order again"]
    assert len(await rig.events(place)) == 4


def _request(rig: Rig, number: int) -> TurnRequest:
    import msgspec

    return msgspec.json.decode(rig.host.calls[number].payload, type=TurnRequest)
