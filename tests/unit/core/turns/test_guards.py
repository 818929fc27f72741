"""A guard reads every agent's reply before it leaves; without its word nothing leaves."""

import asyncio

import msgspec
from fakes.turns import TENANT, Rig, echo
from hyperpersonal_core.turns import texts
from hyperpersonal_runtime.api import CallResult
from hyperpersonal_sdk.contract.hooks import ReviewAsk, ReviewVerdict
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest

NOTICE = {"text": texts.notice("rule"), "reason": "rule"}
FAILED = [outcome for outcome in Outcome if outcome not in (Outcome.OK, Outcome.SUSPENDED)]


async def passes(ask: ReviewAsk) -> ReviewVerdict:
    return ReviewVerdict()


async def holds(ask: ReviewAsk) -> ReviewVerdict:
    return ReviewVerdict("hold", "too rude")


async def test_that_a_guard_reads_what_was_asked_and_what_would_be_said(rig: Rig) -> None:
    asked: list[ReviewAsk] = []

    async def reads(ask: ReviewAsk) -> ReviewVerdict:
        asked.append(ask)
        return ReviewVerdict()

    await rig.agent("order", echo)
    await rig.guard("polite", reads)
    rig.start()
    (reply,) = await rig.ask("my order please")
    assert reply.body["text"] == "You said: my order please"
    (ask,) = asked
    assert ask.question == "my order please"
    assert ask.reply["text"] == "You said: my order please"
    assert set(ask.reply) == {"text", "status", "confidence", "evidence"}, "no working state"
    async with rig.db.transaction(TENANT) as connection:
        usage = await connection.fetchval("select usage from turns")
    assert [used["plugin"] for used in usage] == ["acme/order@1.0.0", "acme/polite@1.0.0"]


async def test_that_a_held_reply_is_not_sent_and_a_person_gets_it_with_the_reason(rig: Rig) -> None:
    await rig.agent("order", echo)
    await rig.guard("calm", passes)
    await rig.guard("polite", holds)
    rig.start()
    (notice,) = await rig.ask("my order please")
    assert (notice.kind, notice.body) == ("handoff", NOTICE)
    (waiting,) = await rig.handoffs.list_escalated(TENANT)
    packet = (await rig.handoffs.read(TENANT, waiting.conversation_id)).packet
    assert packet["withheld"] == "You said: my order please"
    assert "the guard Polite says: too rude" in packet["question"]


async def test_that_a_guard_that_fails_holds_the_reply(rig: Rig) -> None:
    results = [CallResult(outcome, detail="as scripted") for outcome in FAILED]
    results += [CallResult(Outcome.OK, value) for value in (b"", b"{", b'{"verdict": "maybe"}')]
    left = list(results)

    async def fails(ask: ReviewAsk) -> CallResult:
        return left.pop(0)

    await rig.agent("order", echo)
    await rig.guard("broken", fails)
    rig.start()
    for _ in results:
        (notice,) = await rig.ask("my order please")
        assert notice.body == NOTICE
    assert left == []


async def test_that_a_guard_that_sleeps_holds_the_reply(rig: Rig) -> None:
    async def sleeps(ask: ReviewAsk) -> ReviewVerdict:
        await asyncio.Event().wait()
        return ReviewVerdict()

    rig.settings = msgspec.structs.replace(rig.settings, deadline_s=2.0)
    await rig.agent("order", echo)
    await rig.guard("sleepy", sleeps)
    rig.start()
    (notice,) = await rig.ask("my order please")
    assert notice.kind == "handoff"


async def test_that_a_guard_that_is_not_trusted_holds_the_reply(rig: Rig) -> None:
    await rig.agent("order", echo)
    rig.start()
    await rig.guard("unknown", passes, digest="sha256:untrusted")
    (notice,) = await rig.ask("my order please")
    assert notice.body == NOTICE


async def test_that_a_guard_is_not_asked_about_what_would_not_be_sent_anyway(rig: Rig) -> None:
    async def invents(request: TurnRequest, calls: object) -> TurnReply:
        return TurnReply("It arrives on 2031-01-07.")

    await rig.agent("order", invents)
    await rig.guard("polite", passes)
    rig.start()
    (notice,) = await rig.ask("my order please")
    assert notice.body["reason"] == "low_confidence"
    assert {call.hook for call in rig.host.calls} == {"reply"}


async def test_that_a_disabled_guard_reads_nothing(rig: Rig) -> None:
    await rig.agent("order", echo)
    guard = await rig.guard("polite", holds)
    await rig.installations.switch(TENANT, guard, enabled=False)
    rig.start()
    (reply,) = await rig.ask("my order please")
    assert reply.kind == "message"


async def test_that_each_agents_part_is_read(rig: Rig) -> None:
    async def first(request: TurnRequest, calls: object) -> TurnReply:
        return TurnReply("Of course.", leftover="and my return")

    async def second(request: TurnRequest, calls: object) -> TurnReply:
        return TurnReply("You fool.")

    async def reads(ask: ReviewAsk) -> ReviewVerdict:
        return ReviewVerdict("hold", "rude") if "fool" in ask.reply["text"] else ReviewVerdict()

    await rig.agent("order", first)
    await rig.agent("return", second)
    await rig.guard("polite", reads)
    rig.start()
    reply, notice = await rig.ask("my order", count=2)
    assert reply.body["text"] == "Of course."
    assert notice.body == NOTICE
