"""Whatever an agent does, the shopper hears something true, once."""

import asyncio

import msgspec
import pytest
from fakes.turns import TENANT, Calls, Rig, echo
from hyperpersonal_core.turns import texts
from hyperpersonal_core.turns.history import TurnHistory
from hyperpersonal_core.turns.turn import Manner
from hyperpersonal_runtime.api import CallResult
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import EvidenceItem, HandoffAsk, TurnReply, TurnRequest

BAD = [outcome for outcome in Outcome if outcome not in (Outcome.OK, Outcome.SUSPENDED)]


def ends(outcome: Outcome, value: bytes = b""):
    async def script(request: TurnRequest, calls: Calls) -> CallResult:
        return CallResult(outcome, value, "as scripted")

    return script


def says(text: str, **rest: object):
    async def script(request: TurnRequest, calls: Calls) -> TurnReply:
        return TurnReply(text, **rest)

    return script


async def test_that_a_failed_agent_is_passed_over_for_the_next_choice(rig: Rig) -> None:
    for outcome in BAD:
        await rig.agent(outcome.value, ends(outcome))
    await rig.agent("please", echo)
    rig.start()
    for outcome in BAD:
        (reply,) = await rig.ask(f"{outcome.value} please")
        assert reply.body["text"] == f"You said: {outcome.value} please"
        assert reply.body["agents"] == ["acme/please@1.0.0"]


async def test_that_without_a_next_choice_a_person_gets_it(rig: Rig) -> None:
    for outcome in BAD:
        await rig.agent(outcome.value, ends(outcome))
    rig.start()
    for outcome in BAD:
        (notice,) = await rig.ask(outcome.value)
        assert (notice.source, notice.kind) == ("system", "handoff")
        assert notice.body == {"text": texts.notice("failed"), "reason": "failed"}
    waiting = await rig.handoffs.list_escalated(TENANT)
    assert [one.goal for one in waiting] == [outcome.value for outcome in BAD]
    for one in waiting:
        assert (one.reason, one.status) == ("failed", "waiting")
        read = await rig.handoffs.read(TENANT, one.conversation_id)
        assert f"{one.goal}: as scripted" in read.packet["tried"][0]


GARBAGE = (
    b"[]",
    b"\xff",
    b'{"text": ""}',
    b'{"text": "x", "confidence": 7}',
    b'{"text": "x", "status": "handoff"}',
    b'{"text": "nul \\u0000"}',
    msgspec.json.encode(TurnReply("x", state={"a": "y" * 17_000})),
    msgspec.json.encode(TurnReply("x" * 16_001)),
)


async def test_that_garbage_is_a_failure_and_not_a_reply(rig: Rig) -> None:
    for number, value in enumerate(GARBAGE):
        await rig.agent(f"case{number}", ends(Outcome.OK, value))
    rig.start()
    for number in range(len(GARBAGE)):
        (notice,) = await rig.ask(f"case{number}")
        assert notice.body["reason"] == "failed"


async def test_that_an_untrusted_release_never_runs(rig: Rig) -> None:
    await rig.agent("order", echo, digest="sha256:untrusted")
    rig.start()
    (notice,) = await rig.ask("my order")
    assert notice.kind == "handoff"
    assert rig.host.calls == []


async def test_that_an_agent_that_failed_after_it_acted_is_left_to_a_person(rig: Rig) -> None:
    async def acts_and_dies(request: TurnRequest, calls: Calls) -> CallResult:
        await calls.tool("commerce.orders.cancel", {"status": "cancelled"}, write=True, order="1")
        return CallResult(Outcome.TRAPPED, detail="unreachable")

    await rig.agent("order", acts_and_dies)
    await rig.agent("please", echo)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "cancel my order 1 please")
    action, notice = await rig.wait_for(place, 2, ("message", "handoff", "action"))
    assert action.kind == "action"
    assert action.body["tool"] == "commerce.orders.cancel"
    assert action.body["done"] is True
    assert rig.shop.done[action.body["key"]] == 1
    assert notice.kind == "handoff"
    read = await rig.handoffs.read(TENANT, place)
    assert read.packet["actions"][0]["tool"] == "commerce.orders.cancel"
    assert read.packet["tried"][0] == "commerce.orders.cancel: done"


async def test_that_an_agent_that_answers_too_late_is_not_waited_for(rig: Rig) -> None:
    async def sleeps(request: TurnRequest, calls: Calls) -> TurnReply:
        await asyncio.Event().wait()
        return TurnReply("late")

    rig.settings = msgspec.structs.replace(rig.settings, deadline_s=1.8)
    await rig.agent("order", sleeps)
    rig.start()
    (notice,) = await rig.ask("my order")
    assert notice.body["reason"] == "failed"


async def test_that_what_is_left_over_goes_to_the_next_agent_in_one_reply(rig: Rig) -> None:
    async def two_parts(request: TurnRequest, calls: Calls) -> TurnReply:
        return TurnReply(
            "Your order is fine.", confidence=0.9, leftover="and a return", shared={"who": "ada"}
        )

    await rig.agent("order", two_parts)
    await rig.agent("return", says("Returns are free.", status="asking", confidence=0.7))
    rig.start()
    (reply,) = await rig.ask("my order and a return")
    assert reply.body["text"] == "Your order is fine.\n\nReturns are free."
    assert reply.body["agents"] == ["acme/order@1.0.0", "acme/return@1.0.0"]
    assert reply.body["confidence"] == 0.7
    paths = [call.scope.path for call in rig.host.calls]
    assert paths == ["", "agent2"]
    second = msgspec.json.decode(rig.host.calls[1].payload, type=TurnRequest)
    assert second.text == "and a return"
    assert second.shared == {"who": "ada"}


async def test_that_at_most_three_agents_speak_in_a_turn(rig: Rig) -> None:
    labels = ("order", "return", "bill", "size")
    for label, rest in zip(labels, (*labels[1:], ""), strict=True):
        await rig.agent(label, says(f"I did {label}.", leftover=rest))
    rig.start()
    reply, notice = await rig.ask("order", 2)
    assert reply.body["text"] == "I did order.\n\nI did return.\n\nI did bill."
    assert notice.body["reason"] == "not_able"


async def test_that_a_declining_agent_makes_room_for_another(rig: Rig) -> None:
    await rig.agent("order", says("Not mine.", status="declined"))
    await rig.agent("please", echo)
    rig.start()
    (reply,) = await rig.ask("order please")
    assert reply.body["text"] == "You said: order please"
    (reply,) = await rig.ask("order")
    assert reply.body["text"] == "Not mine."


async def test_that_the_engine_declines_clarifies_once_and_calls_a_person(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    (reply,) = await rig.ask("sing a song")
    assert (reply.body["text"], reply.body["agents"]) == (texts.decline(Manner()), ["engine"])
    place = await rig.conversation()
    await rig.write(place, "what now?")
    await rig.wait_for(place, 1)
    await rig.write(place, "well?")
    clarify, decline = await rig.wait_for(place, 2)
    assert clarify.body["text"] == "Is it about an order?"
    assert decline.body["text"] == texts.decline(Manner())
    (notice,) = await rig.ask("a person please")
    assert notice.body == {"text": texts.notice("asked_for_person"), "reason": "asked_for_person"}


async def test_that_the_answer_to_our_question_comes_with_what_it_was_about(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    place = await rig.conversation()
    for count, text in enumerate(("what about W17?", "the order", "the order"), 1):
        await rig.write(place, text)
        told = await rig.wait_for(place, count)
    _, asked, plain = (event.body["text"] for event in told)
    assert asked == "You said: what about W17?\nthe order"
    assert plain == "You said: the order", "only once"


async def test_that_an_open_question_is_answered_to_who_asked_with_its_state(rig: Rig) -> None:
    async def asks(request: TurnRequest, calls: Calls) -> TurnReply:
        if not request.state:
            state = {"asked": True}
            return TurnReply("Which one?", status="asking", state=state, shared={"who": "Ann"})
        return TurnReply(f"{request.text}: {request.state['asked']} {request.shared['who']}")

    await rig.agent("order", asks)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "order")
    await rig.wait_for(place, 1)
    await rig.write(place, "the second")
    _, reply = await rig.wait_for(place, 2)
    assert reply.body["text"] == "the second: True Ann"


async def test_that_an_agents_handoff_is_the_engines_action_with_a_packet(rig: Rig) -> None:
    ask = HandoffAsk("money_limit", "a refund", ["looked it up"], "May I?", "refund it")
    await rig.agent("order", says("I need to ask.", status="handoff", handoff=ask))
    rig.start()
    reply, notice = await rig.ask("order refund", 2)
    assert reply.body["text"] == "I need to ask."
    assert notice.body["text"] == texts.notice("money_limit", told=True)
    (waiting,) = await rig.handoffs.list_escalated(TENANT)
    packet = (await rig.handoffs.read(TENANT, waiting.conversation_id)).packet
    assert packet["goal"] == "a refund"
    assert packet["question"] == "May I?"
    assert packet["suggested_action"] == "refund it"
    assert packet["tried"] == ["looked it up"]
    assert packet["agent"] == "Order"
    assert packet["messages"] == [{"source": "contact", "text": "order refund", "offset": 0}]


async def test_that_an_agent_that_only_says_so_hands_nothing_over(rig: Rig) -> None:
    await rig.agent("order", says("I am transferring you to a colleague."))
    rig.start()
    await rig.ask("order")
    assert await rig.handoffs.list_escalated(TENANT) == []


async def test_that_a_reply_without_evidence_is_withheld_for_a_person(rig: Rig) -> None:
    await rig.agent("order", says("Your refund is $99.10."))
    rig.start()
    (notice,) = await rig.ask("order")
    assert notice.kind == "handoff"
    (waiting,) = await rig.handoffs.list_escalated(TENANT)
    packet = (await rig.handoffs.read(TENANT, waiting.conversation_id)).packet
    assert packet["withheld"] == "Your refund is $99.10."
    assert "$99.10" in packet["question"]


async def test_that_an_agent_knows_no_more_than_it_was_granted(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    await rig.ask("order")
    request = msgspec.json.decode(rig.host.calls[0].payload, type=TurnRequest)
    assert request.contact.display_name == ""
    assert request.passages[0].title == "Returns"


UNSURE = HandoffAsk("not_able", "what is wanted")


async def test_that_an_agent_that_did_not_understand_means_a_question_before_a_person(
    rig: Rig,
) -> None:
    await rig.agent("order", says("A colleague!", status="handoff", handoff=UNSURE, confidence=0.3))
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "order hm")
    (asked,) = await rig.wait_for(place, 1)
    assert (asked.body["text"], asked.body["outcome"]) == (texts.CLARIFY[0], "clarifying")
    assert asked.body["confidence"] == 0.3
    assert await rig.handoffs.list_escalated(TENANT) == []
    await rig.write(place, "order hm hm")
    _, notice = await rig.wait_for(place, 2)
    assert notice.body == {"text": texts.notice("not_able"), "reason": "not_able"}


@pytest.mark.parametrize(
    "ask",
    [
        HandoffAsk("asked_for_person"),
        HandoffAsk("money_limit"),
        HandoffAsk("not_allowed"),
        HandoffAsk("failed"),
        HandoffAsk("not_able", question="Which order is it? They did not say it twice."),
    ],
)
async def test_that_a_good_reason_hands_over_at_once(rig: Rig, ask: HandoffAsk) -> None:
    await rig.agent("order", says("", status="handoff", handoff=ask))
    rig.start()
    (notice,) = await rig.ask("order hm")
    assert notice.body == {"text": texts.notice(ask.reason), "reason": ask.reason}


async def test_that_after_something_was_done_nobody_asks_back(rig: Rig) -> None:
    async def acts(request: TurnRequest, calls: Calls) -> TurnReply:
        await calls.tool("shop.cancel", "done", write=True)
        return TurnReply("", status="handoff", handoff=UNSURE)

    await rig.agent("order", acts)
    rig.start()
    (notice,) = await rig.ask("order hm")
    assert notice.kind == "handoff"


async def test_that_what_was_answered_is_said_before_we_ask_about_the_rest(rig: Rig) -> None:
    await rig.agent("order", says("Your order is fine.", leftover="the return thing"))
    await rig.agent("return", says("", status="handoff", handoff=UNSURE))
    rig.start()
    (reply,) = await rig.ask("order, and the return thing")
    assert reply.body["text"] == f"Your order is fine.\n\n{texts.CLARIFY_REST[0]}"


async def test_that_a_handoff_is_announced_once(rig: Rig) -> None:
    found = [EvidenceItem("tool", "commerce.orders.get#W1", "pending")]
    ask = HandoffAsk("asked_for_person")
    await rig.agent("order", says("I pass you on.", status="handoff", handoff=ask))
    await rig.agent("please", says("Found.", status="handoff", handoff=ask, evidence=found))
    rig.start()
    (notice,) = await rig.ask("order")
    assert notice.body["text"] == texts.notice("asked_for_person")
    reply, notice = await rig.ask("please", 2)
    assert reply.body["text"] == "Found."
    assert notice.body["text"] == texts.notice("asked_for_person")


async def test_that_the_confidence_of_asking_for_a_person_is_the_routers(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "a person please")
    await rig.wait_for(place, 1)
    (turn,) = await TurnHistory(rig.db).of(TENANT, place)
    assert turn.confidence == pytest.approx(0.99)


async def test_that_a_follow_up_is_looked_up_with_its_matter_and_offered_to_who_spoke(
    rig: Rig,
) -> None:
    await rig.agent("order", echo)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "how much is express for an order?")
    await rig.wait_for(place, 1)
    await rig.write(place, "and standard?")
    await rig.wait_for(place, 2)
    assert rig.recall.asked[-1].text == "how much is express for an order?\nand standard?"


async def test_that_an_agent_that_asked_itself_is_a_reason_for_a_person(rig: Rig) -> None:
    async def gives_up(request: TurnRequest, calls: Calls) -> TurnReply:
        if not request.state:
            return TurnReply("What do you mean?", status="asking", state={"asked": True})
        return TurnReply("", status="handoff", handoff=UNSURE)

    await rig.agent("order", gives_up)
    rig.start()
    place = await rig.conversation()
    await rig.write(place, "order hm")
    await rig.wait_for(place, 1)
    await rig.write(place, "hm hm")
    _, notice = await rig.wait_for(place, 2)
    assert notice.kind == "handoff"
