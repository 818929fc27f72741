"""Turns with a language model, from the shopper's socket to the vendor's protocol and back."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.model_house import House, open_house
from fakes.models import KEY, stub
from hyperpersonal_core.api import spent
from hyperpersonal_sdk.contract.models import GenerateAsk, ToolUse
from hyperpersonal_web.model_stub.script import Fault, Said, words
from hyperpersonal_web.model_stub.server import StubModel

pytestmark = pytest.mark.timeout(400)  # each opens the whole product
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = {"order_id": "#W1"}


class Held(StubModel):
    """Streams as far as some words, and goes on when it is told to."""

    after = ""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.go = asyncio.Event()

    async def between(self, said: Said, event: str) -> None:
        if self.after and self.after in event:
            await self.go.wait()
        await super().between(said, event)


@pytest.fixture
async def house(
    dsn: str, nats_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """Its guards may take their time: a busy machine shows a draft later, and no other one."""
    monkeypatch.setattr("hyperpersonal_core.models.drafts.REVIEW_MS", 25_000)
    monkeypatch.setattr("hyperpersonal_core.models.review.GUARD_MS", 20_000)
    async with open_house((dsn, nats_url), folder, f"m{secrets.token_hex(6)}") as made:
        yield made


@pytest.fixture
async def service(house: House) -> AsyncIterator[Held]:
    async with stub(kind=Held) as (server, port):
        await house.put_model("anthropic", port)
        yield server


def looks_up_then(text: str, **more: Any) -> Any:
    def script(ask: GenerateAsk) -> Said:
        if ask.messages[-1].role == "tool":
            return Said(words(text), **more)
        return Said([], [ToolUse("u1", "get_order", ORDER)])

    return script


async def frames_of(chat: Any, held: Held | None = None) -> tuple[list[str], str]:
    """The drafts that were shown, and the reply that took their place. `held`: goes on after the
    first."""
    drafts: list[str] = []
    while True:
        frame = await chat.next("draft", "events")
        if frame["type"] == "draft":
            drafts.append(frame["text"])
            if held is not None:
                held.go.set()
        elif told := [event for event in frame["events"] if event["source"] != "contact"]:
            return drafts, told[0]["text"]


async def test_that_a_shopper_sees_the_answer_grow_and_the_merchant_its_cost(
    house: House, service: Held
) -> None:
    text = "Your order was processed. It costs $129.00 in all. Have a nice day!"
    service.script, service.after = looks_up_then(text, piece_ms=30), "processed. "
    chat = await house.chat()
    await chat.say("Where is my order #W1?")
    drafts, reply = await frames_of(chat, service)
    assert reply == text
    assert drafts
    assert drafts[0] == "Your order was processed."
    assert all(text.startswith(draft) for draft in drafts)
    assert len(service.asks) == 2
    assert set(service.keys) == {KEY}
    (used,) = [one for one in (await house.turn())["usage"] if "model" in one]
    model = used["model"]
    assert (model["asks"], model["models"]) == (2, ["model-1"])
    assert model["micros"]["USD"] == 3 * model["tokens_in"] + 15 * model["tokens_out"]
    for by, what in (("agent", "acme/agent"), ("model", "model-1"), ("tenant", ""),
                     ("conversation", str(house.crowd.conversations[0]))):  # fmt: skip
        (row,) = await spent(house.ground.db, house.tenant_id, EPOCH, by)
        assert (row.what, row.turns, row.asks) == (what, 1, 2)
        assert (row.tokens_in, row.micros) == (model["tokens_in"], model["micros"])


async def test_that_a_draft_never_shows_what_the_reply_may_not_say(
    house: House, service: Held
) -> None:
    service.script = looks_up_then(
        "Your order was processed. It costs $333.00 in all. Bye now! ", piece_ms=20
    )
    chat = await house.chat()
    await chat.say("Where is my order #W1?")
    drafts, reply = await frames_of(chat)
    assert set(drafts) <= {"Your order was processed."}
    assert "333" not in reply
    assert "colleague" in reply


async def test_that_a_draft_shows_only_what_every_guard_has_read(
    house: House, service: Held
) -> None:
    await house.put("guard")
    service.script = looks_up_then("It is fine. The secret word is tea. Bye! ", piece_ms=40)
    service.after = "fine. "
    chat = await house.chat()
    await chat.say("Tell me")
    drafts, reply = await frames_of(chat, service)
    assert drafts == ["It is fine."]
    assert "secret" not in reply


async def test_that_nothing_streams_after_a_takeover(house: House, service: Held) -> None:
    service.script = looks_up_then(" ".join(["It begins.", *["It goes on."] * 20]), piece_ms=20)
    service.after = "begins. "
    chat = await house.chat()
    await chat.say("Tell me")
    await chat.next("draft")
    member, conversation = house.ground.ids.new(), house.crowd.conversations[0]
    async with house.ground.db.transaction(house.tenant_id) as connection:
        await connection.execute(
            "insert into members (tenant_id, id, email, name, role, created_at)"
            " values ($1, $2, 'a@shop.example', 'Ann', 'owner', now())",
            house.tenant_id, member,
        )  # fmt: skip
    await house.handoffs().take_over(house.tenant_id, conversation, member)
    service.go.set()
    with pytest.raises(TimeoutError):
        await chat.next("draft", seconds=2)


async def test_that_another_vendor_answers_when_the_first_cannot(
    house: House, service: Held
) -> None:
    service.script = lambda _ask: Fault("status", 529)
    async with stub() as (second, port):
        second.script = looks_up_then("All is well, I hear.")
        await house.put_model("openai", port, order=1)
        chat = await house.chat()
        await chat.say("How are you?")
        assert (await frames_of(chat))[1] == "All is well, I hear."
        assert (len(service.asks), len(second.asks)) == (2, 2)
    used = (await house.turn())["usage"][0]["model"]
    assert used["asks"] == 2


async def test_that_without_a_model_the_agent_goes_on_by_itself(house: House) -> None:
    chat = await house.chat()
    await chat.say("How are you?")
    assert (await frames_of(chat))[1] == "No model: unavailable."


async def test_that_the_turn_ends_in_time_when_no_service_answers(
    house: House, service: Held
) -> None:
    service.script = lambda _ask: Fault("status", 429, {"retry-after": "600"})
    chat = await house.chat()
    started = time.monotonic()
    await chat.say("How are you?")
    assert (await frames_of(chat))[1] == "No model: failed."
    assert time.monotonic() - started < 20  # nobody waits ten minutes for anything
