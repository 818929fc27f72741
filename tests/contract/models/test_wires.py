"""The vendors' own clients, unmodified: against the stub directly, and inside the plugins' jails.

The same server, the same scripts, so that what the plugins are tested with is what a vendor's
client takes for its vendor.
"""

import anthropic
import openai
import pytest
from fakes.models import KEY, VENDORS, base_url, jailed, stub
from hyperpersonal_sdk.contract.models import GenerateAsk, ModelMessage, ModelTool, ToolUse
from hyperpersonal_web.model_stub.script import Fault, Said, Script, words

TOOL = {
    "name": "commerce.orders.get",
    "description": "Looks an order up.",
    "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
}
SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
USER = {"role": "user", "text": "Where is #W1?"}
USE = {"id": "use_1", "name": "commerce.orders.get", "arguments": {"order_id": "#W1"}}


def says(said: Said | Fault) -> Script:
    return lambda _ask: said


async def _plain(vendor: str, port: int, *, stream: bool) -> str:
    """What the vendor's client makes of an answer, by no help of ours."""
    url, messages = base_url(vendor, port), [{"role": "user", "content": "hello"}]
    if vendor == "anthropic":
        async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0) as client:
            ask = {"model": "m", "max_tokens": 50, "messages": messages}
            if not stream:
                return (await client.messages.create(**ask)).content[0].text
            async with client.messages.stream(**ask) as flow:
                return "".join([piece async for piece in flow.text_stream])
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0) as client:
        made = await client.chat.completions.create(model="m", messages=messages, stream=stream)
        if not stream:
            return made.choices[0].message.content
        chunks = [chunk async for chunk in made]
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("vendor", VENDORS)
async def test_that_the_plain_client_takes_the_stub_for_its_vendor(
    vendor: str, stream: bool
) -> None:
    async with stub(says(Said(words("All is well.")))) as (_, port):
        assert await _plain(vendor, port, stream=stream) == "All is well."


PLAIN = {
    "anthropic": {429: anthropic.RateLimitError, 529: anthropic.OverloadedError,
                  401: anthropic.AuthenticationError, 500: anthropic.InternalServerError},
    "openai": {429: openai.RateLimitError, 503: openai.InternalServerError,
               401: openai.AuthenticationError, 500: openai.InternalServerError},
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
async def test_that_the_plain_client_knows_every_fault(vendor: str) -> None:
    async with stub() as (server, port):
        for status, raised in PLAIN[vendor].items():
            server.script = says(Fault("status", status))
            with pytest.raises(raised):
                await _plain(vendor, port, stream=False)
        for kind in ("cut", "error_event"):
            server.script = says(Fault(kind))
            with pytest.raises(Exception, match=r".") as caught:
                await _plain(vendor, port, stream=True)
            assert type(caught.value).__module__.split(".")[0] in (vendor, "httpx2")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_that_a_jailed_client_says_the_whole_ask_and_hears_the_whole_answer(
    vendor: str,
) -> None:
    talk = [USER, {"role": "assistant", "text": "One moment.", "uses": [USE]},
            {"role": "tool", "text": '{"result": 1}', "use_id": "use_1"}]  # fmt: skip
    async with stub() as (server, port), jailed(vendor, port) as model:
        server.script = says(Said(["Look: "], [ToolUse("u2", "commerce_orders_get", {"a": [1]})]))
        asked = await model.generate(
            *talk, tools=[TOOL], instructions="Be kind.", tokens_max=77, json_schema=SCHEMA
        )
        assert (asked.text, asked.stop, asked.model) == ("Look: ", "tools", "model-1")
        assert asked.uses == [ToolUse("u2", "commerce.orders.get", {"a": [1]})]
        assert asked.usage.tokens_in > 0
        assert asked.usage.tokens_out > 0
        heard: GenerateAsk = server.asks[-1]
        wire = ModelTool("commerce_orders_get", TOOL["description"], TOOL["parameters"])
        assert (heard.instructions, heard.tokens_max, heard.tools) == ("Be kind.", 77, [wire])
        assert heard.json_schema == SCHEMA
        assert heard.messages == [
            ModelMessage("user", "Where is #W1?"),
            ModelMessage("assistant", "One moment.",
                         [ToolUse("use_1", "commerce_orders_get", {"order_id": "#W1"})]),
            ModelMessage("tool", '{"result": 1}', use_id="use_1"),
        ]  # fmt: skip
        server.script = says(Said(words("It came."), stop="length"))
        last = await model.generate(*talk, tools=[TOOL], may_use=False)
        assert (last.text, last.stop, server.asks[-1].may_use) == ("It came.", "length", False)
        assert set(server.keys) == {KEY}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_that_a_streamed_answer_is_told_by_the_sentence_and_equals_the_whole_one(
    vendor: str,
) -> None:
    text = "It left on Monday. It arrives soon! Anything else?"
    use = ToolUse("u1", "commerce_orders_get", {"order_id": "#W1"})
    async with stub(says(Said(words(text), [use]))) as (_, port), jailed(vendor, port) as model:
        streamed = await model.generate(USER, tools=[TOOL], stream=True)
        assert model.box.world.deltas == [
            "It left on Monday. ",
            "It arrives soon! ",
            "Anything else?",
        ]
        assert streamed == await model.generate(USER, tools=[TOOL])
        assert streamed.uses[0].name == "commerce.orders.get"


FAULTS = [
    (Fault("status", 429, {"retry-after": "7"}), "rate_limited", 7_000),
    (Fault("status", 429, {"retry-after-ms": "250"}), "rate_limited", 250),
    (Fault("status", 529), "overloaded", 0),
    (Fault("status", 503, {"retry-after": "1"}), "overloaded", 1_000),
    (Fault("status", 500, {"retry-after": "soon"}), "unavailable", 0),
    (Fault("status", 400), "rejected", 0),
    (Fault("status", 401), "unauthorized", 0),
    (Fault("malformed"), "malformed", 0),
    (Fault("silent"), "timed_out", 0),
]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_that_every_fault_is_a_value_of_our_words(vendor: str) -> None:
    async with stub() as (server, port), jailed(vendor, port) as model:
        for fault, kind, wait_ms in FAULTS:
            server.script = says(fault)
            waits_ms = 1_000 if fault.kind == "silent" else 60_000
            answer = await model.generate(USER, timeout_ms=waits_ms)
            assert answer.error is not None, fault
            assert (answer.error.kind, answer.error.retry_after_ms) == (kind, wait_ms), answer
            assert KEY not in answer.error.message
        for fault, kind in ((Fault("cut"), "cut"), (Fault("error_event"), "overloaded")):
            server.script = says(fault)
            answer = await model.generate(USER, stream=True)
            assert answer.error is not None, fault
            assert answer.error.kind == kind, answer
        server.script = says(Said(["well"]))
        assert (await model.generate(USER)).text == "well"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_that_a_model_reaches_only_where_it_may(vendor: str) -> None:
    async with stub() as (server, port), jailed(vendor, port, grants=()) as model:
        answer = await model.generate(USER)
        assert answer.error is not None
        assert (answer.error.kind, server.asks) == ("rejected", [])
        assert "not granted: http:POST" in answer.error.message
