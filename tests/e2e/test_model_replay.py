"""A turn with a language model, replayed: the vendor is gone, and nobody misses it."""

import secrets
from pathlib import Path

import pytest
from fakes.model_house import open_house
from fakes.models import stub
from fakes.replays import open_replayer
from hyperpersonal_core.api import RecordedTurns, TurnJournals
from hyperpersonal_sdk.contract.models import GenerateAsk, ToolUse
from hyperpersonal_web.model_stub.script import Said, words

TEXT = "Your order was processed. It costs $129.00 in all."


def looks_up(ask: GenerateAsk) -> Said:
    if ask.messages[-1].role == "tool":
        return Said(words(TEXT), piece_ms=5)
    return Said([], [ToolUse("u1", "get_order", {"order_id": "#W1"})])


@pytest.mark.timeout(400)
async def test_that_agent_model_connector_and_guard_come_again_without_the_vendor(
    dsn: str, nats_url: str, folder: Path
) -> None:
    async with open_house((dsn, nats_url), folder, f"r{secrets.token_hex(6)}") as house:
        async with stub(looks_up) as (vendor, port):
            await house.put_model("anthropic", port)
            await house.put("guard")
            chat = await house.chat()
            await chat.say("Where is my order #W1?")
            while not any(
                event["source"] == "agent" for event in (await chat.next("events"))["events"]
            ):
                pass
            asked = len(vendor.asks)
        ground = house.ground
        archive = RecordedTurns(ground.db, TurnJournals(ground.db, ground.vault))
        turn = await archive.read(house.tenant_id, (await house.turn())["id"])
        replayer = await open_replayer()
        done = await replayer.repeat(turn.recording, house.market.releases.load)
        await replayer.close()
    hooks = {call.before.hook for call in done}
    assert hooks >= {"reply", "generate", "call_tool", "review_reply"}
    assert [one.words for call in done for one in call.differences] == []
    assert [call.skipped for call in done if call.after is None] == []
    assert sum(call.before.tokens for call in done if call.before.hook == "reply") > 0
    assert len(vendor.asks) == asked == 2
