"""Recorded calls run again: every byte the same, nothing reached, what parts is named."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fakes.native import native
from fakes.replays import Shelf, open_replayer, record, release
from hyperpersonal_runtime.api import CallRecord, Recording, Replayed, Replayer
from hyperpersonal_runtime.calls import Limits
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, Outcome
from msgspec import json, structs

AGENT = """
import json, random
from hyperpersonal_sdk.authoring import Agent, Evidence, Reply

plugin = Agent()


@plugin.reply
def reply(turn, host):
    order = host.tool("commerce.orders.get", order_id="#W1")
    seen = host.now()
    host.log("looked it up")
    done = host.tool("commerce.orders.cancel", order_id="#W1", reason="no longer needed")
    evidence = [Evidence("tool", "commerce.orders.get", order.status)]
    return Reply(f"It was {order.status}, now {done.status} ({seen}).", evidence=evidence)
"""
HEAD = AGENT.partition("@plugin")[0]
GRANTS = ("tool:commerce.orders.read", "tool:commerce.orders.write",
          "money:refund<=100.00 USD/turn", "http:GET https://api.example/*")  # fmt: skip
TOOLS = {"commerce.orders.get": {"status": "pending"}, "commerce.orders.cancel": {"status": "off"}}


@pytest.fixture
async def replayer() -> AsyncIterator[Replayer]:
    made = await open_replayer()
    yield made
    await made.close()


def taken(server: SandboxServer, source: str = AGENT, **more: Any) -> Recording:
    world = World(tools=more.pop("tools", TOOLS))
    return record(server, release(source), turn(), world, grants=GRANTS, **more)


def turn() -> dict[str, Any]:
    return {
        "turn_id": "t", "conversation_id": "c", "tenant_name": "Shop", "channel": "test",
        "text": "cancel it", "contact": {"id": "x"}, "messages": ["cancel it"],
    }  # fmt: skip


async def again(replayer: Replayer, recording: Recording, source: str = AGENT) -> Replayed:
    (replayed,) = await replayer.repeat(recording, Shelf(release(source)).load)
    return replayed


async def on(replayer: Replayer, recording: Recording, new: str, old: str = AGENT) -> Replayed:
    """The recording on another release."""
    newer = release(new, "2.0.0")
    (replayed,) = await replayer.rehearse(recording, newer, Shelf(release(old), newer).load)
    return replayed


def kinds(replayed: Replayed) -> list[str]:
    return [one.kind for one in replayed.differences]


class TestTheSameRelease:
    async def test_that_every_byte_is_the_same_and_nothing_is_reached(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        recording = taken(sandbox_server)
        called = len(sandbox_server.world.tool_calls)
        replayed = await again(replayer, recording)
        assert replayed.differences == ()
        assert replayed.after is not None
        assert replayed.after.value == replayed.before.value != ""
        assert replayed.after.asked == replayed.before.asked
        assert len(replayed.after.asked) == 3
        assert len(sandbox_server.world.tool_calls) == called == 2

    async def test_that_an_altered_record_is_seen_at_its_call(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        recording = taken(sandbox_server)
        first, *rest = recording.entries
        altered = structs.replace(first, request=first.request.replace("#W1", "#W2"))
        replayed = await again(replayer, structs.replace(recording, entries=(altered, *rest)))
        (found,) = replayed.differences
        assert found.kind == "parted"
        assert "call 1: it was tool.call" in found.words
        assert "#W2" in found.words

    async def test_that_a_changed_answer_shows_in_the_value(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        recording = taken(sandbox_server)
        first, *rest = recording.entries
        assert first.answer is not None
        altered = structs.replace(first, answer=first.answer.replace("pending", "delivered"))
        replayed = await again(replayer, structs.replace(recording, entries=(altered, *rest)))
        assert kinds(replayed) == ["answer"]

    async def test_that_a_call_that_is_left_out_is_named(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        recording = taken(sandbox_server)
        last = recording.entries[-1]
        more = structs.replace(last, path="4", name="kv.get", request='{"key":"k"}')
        longer = structs.replace(recording, entries=(*recording.entries, more))
        replayed = await again(replayer, longer)
        assert [one.path for one in replayed.differences] == ["4"]

    @pytest.mark.parametrize(
        ("body", "limits", "outcome"),
        [
            ("raise ValueError('no')", None, Outcome.TRAPPED),
            ("while True: host.tool('commerce.orders.get', order_id='1')", None,
             Outcome.OVER_LIMIT),
            ("while True: pass", Limits(guest_cpu_ms=30), Outcome.TIMED_OUT),
            ("return 'x' * 100_000", None, Outcome.OVER_LIMIT),
            ("host.tool('commerce.returns.create')", None, Outcome.REFUSED),
        ],
    )  # fmt: skip
    async def test_that_bad_ends_come_again(
        self, sandbox_server: SandboxServer, replayer: Replayer,
        body: str, limits: Limits | None, outcome: Outcome,
    ) -> None:  # fmt: skip
        source = f"{HEAD}@plugin.reply\ndef reply(turn, host):\n    {body}\n"
        recording = taken(sandbox_server, source, limits=limits)
        assert recording.calls[0].outcome is outcome
        assert (await again(replayer, recording, source)).differences == ()

    async def test_that_a_failed_tool_fails_again(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        gone = Failure(FailureKind.NOT_FOUND, "there is no such order")
        recording = taken(sandbox_server, tools={**TOOLS, "commerce.orders.get": gone})
        assert (await again(replayer, recording)).differences == ()

    async def test_that_hidden_state_is_named_as_nondeterminism(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        """The same source answers otherwise when its release was not the recorded one."""
        recording = taken(sandbox_server)
        other = AGENT.replace("#W1", "#W7")
        held = structs.replace(release(other), digest=recording.calls[0].digest)
        (replayed,) = await replayer.repeat(recording, Shelf(held).load)
        (found,) = replayed.differences
        assert found.words.startswith("not deterministic at call 1:")

    async def test_that_a_native_plugin_is_replayed_in_its_jail(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        body = (
            "import random\n"
            "one = await host.tool('commerce.orders.get', order_id='1')\n"
            "return f'{one.status} {random.random()}'"
        )
        call = native(body, "tool:commerce.orders.read")
        result = sandbox_server.call(call, "reply", turn(), World(tools=TOOLS))
        call = structs.replace(call, hook="reply", payload=json.encode(turn()))
        recording = Recording((CallRecord.of(call, result),), result.journal)
        for _ in range(2):  # in one process, the second time a warm one
            (replayed,) = await replayer.repeat(recording, Shelf(call.release).load)
            assert replayed.differences == ()
            assert replayed.after is not None
            assert replayed.after.outcome is Outcome.OK

    async def test_that_a_call_that_was_never_answered_ends_there(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        recording = taken(sandbox_server)
        *first, last = recording.entries
        open_ = structs.replace(last, answer=None)
        call = structs.replace(recording.calls[0], outcome=Outcome.TIMED_OUT, value="")
        cut = Recording((call,), (*first, open_))
        for cut_off in (cut, Recording((call,), tuple(first)), Recording((call,), ())):
            replayed = await again(replayer, cut_off)
            assert replayed.differences == ()
            assert replayed.after is not None
            assert replayed.after.outcome is Outcome.TIMED_OUT
        compared = await on(replayer, cut, AGENT)
        assert compared.skipped.startswith("it was ended before its own end")


class TestAnotherRelease:
    async def test_that_equal_behaviour_shows_nothing(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        recording = taken(sandbox_server)
        tidied = AGENT.replace("order.status", "order['status']").replace(
            'order_id="#W1", reason="no longer needed"', 'reason="no longer needed", order_id="#W1"'
        )
        assert (await on(replayer, recording, tidied)).differences == ()

    @pytest.mark.parametrize(
        ("old", "new", "found"),
        [
            ("It was", "It has been", ["text"]),
            ('reason="no longer needed")', 'reason="no longer needed", bcc="x@evil.example")',
             ["field", "arguments", "recipient", "money"]),
            ('host.tool("commerce.orders.cancel", order_id="#W1", reason="no longer needed")',
             "order", ["text", "tool dropped"]),
            ("    seen = host.now()", "    seen = host.now(); host.fetch('https://evil.example/')",
             ["outcome", "refused", "tool dropped", "host"]),
            ("    seen = host.now()",
             "    seen = host.now(); host.fetch('https://api.example/x?mail=a@b.example')",
             ["parted", "tool added", "host", "recipient"]),
            ("evidence=evidence", "confidence=0.1", ["confidence", "evidence"]),
        ],
    )  # fmt: skip
    async def test_that_a_difference_is_named(
        self, sandbox_server: SandboxServer, replayer: Replayer,
        old: str, new: str, found: list[str],
    ) -> None:  # fmt: skip
        assert old in AGENT
        replayed = await on(replayer, taken(sandbox_server), AGENT.replace(old, new))
        assert kinds(replayed) == found

    async def test_that_a_write_of_other_arguments_is_simulated(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        other = AGENT.replace("no longer needed", "ordered by mistake")
        replayed = await on(replayer, taken(sandbox_server), other)
        assert kinds(replayed) == ["arguments", "money"]
        assert replayed.after is not None
        assert [one.how for one in replayed.after.asked] == ["recorded", "recorded", "simulated"]
        assert replayed.after.outcome is Outcome.OK

    async def test_that_cpu_is_compared_on_one_machine(
        self, sandbox_server: SandboxServer, replayer: Replayer
    ) -> None:
        slow = AGENT.replace("    seen", "    sum(range(600_000))\n    seen", 1)
        assert kinds(await on(replayer, taken(sandbox_server), slow)) == ["cost"]


async def test_that_a_release_that_was_never_run_is_skipped(
    sandbox_server: SandboxServer, replayer: Replayer
) -> None:
    recording = taken(sandbox_server, "def broken(:\n")
    replayed = await again(replayer, recording, "def broken(:\n")
    assert replayed.skipped.startswith("it never ran")


@pytest.mark.parametrize(
    "call",
    [
        'host.call("kv.put", key="a", value=1)',
        'host.remember("colour", "green")',
        'host.recall("colour")',
        'host.call("kv.get", key="a")',
        'host.search("returns")',
    ],
)
async def test_that_a_granted_call_that_was_never_recorded_reaches_nothing(
    sandbox_server: SandboxServer, replayer: Replayer, call: str
) -> None:
    grants = ("kv:1KiB", "memory:contact.read", "memory:contact.write", "knowledge:read")
    old = HEAD + '@plugin.reply\ndef reply(turn, host):\n    return "hi"\n'
    newer = release(old.replace("    return", f"    {call}\n    return"), "2.0.0")
    recording = record(sandbox_server, release(old), turn(), grants=grants)
    (replayed,) = await replayer.rehearse(recording, newer, Shelf(release(old), newer).load)
    assert {one.kind for one in replayed.differences} <= {"parted", "tool added"}
    assert replayed.differences
