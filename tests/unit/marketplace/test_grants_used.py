"""What grants were used for: counted from journals, names only."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from fakes.publishing import manifest
from hyperpersonal_core.api import Installation, JournalRow
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_marketplace.api import GrantsUsed, GrantUses
from hyperpersonal_marketplace.grants_used import allows, call_name
from hyperpersonal_sdk.capabilities import parse
from hyperpersonal_sdk.manifest import read

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OURS, OTHER = UUID(int=1), UUID(int=2)
READ, WRITE, REFUND = (
    "tool:commerce.orders.read", "tool:commerce.orders.write", "money:refund<=5.00 USD/turn",
)  # fmt: skip
WEB, KV = "http:GET https://api.example/*", "kv:1KiB"


def row(name: str, at: float, answer: str = '{"value":1}', who: UUID = OURS, **ask: Any) -> Any:
    return JournalRow("0", who, name, msgspec.json.encode(ask).decode(), False, answer, None, at)


def tool(name: str, at: float, **more: Any) -> Any:
    return row("tool.call", at, tool=name, arguments={"order_id": "#W1"}, **more)


class Journals:
    """Turns, each with its host calls."""

    def __init__(self, *turns: Sequence[JournalRow]) -> None:
        self.turns = turns

    async def host_calls(self, *_: Any) -> AsyncIterator[list[JournalRow]]:
        for turn in self.turns:
            yield list(turn)


async def used(*turns: Sequence[JournalRow]) -> GrantsUsed:
    said = msgspec.to_builtins(read(manifest(asks=(READ, WRITE), optional=(REFUND, WEB, KV))))
    grants = (READ, WRITE, REFUND, WEB, KV)
    one = Installation(
        UUID(int=9), OURS, "acme/hello", "1.0.0", "sha256:x", "agent", said, grants, {}, True
    )
    uses = GrantUses(Journals(*turns), FixedClock(NOW))  # type: ignore[arg-type]
    return await uses.of(one)


async def test_that_each_call_counts_for_the_grants_that_allowed_it() -> None:
    found = await used(
        [tool("commerce.orders.get", 100.0), tool("commerce.orders.get", 300.0)],
        [tool("commerce.orders.cancel", 200.0)],
        [row("http.fetch", 50.0, url="https://api.example/x?card=4111", method="GET")],
        [row("clock.now", 1.0), tool("commerce.orders.get", 999.0, who=OTHER)],
    )
    counts = {one.capability: one.calls for one in found.grants}
    assert counts == {READ: 2, WRITE: 1, REFUND: 1, WEB: 1, KV: 0}
    by_name = {one.capability: one for one in found.grants}
    assert by_name[READ].last_used == datetime.fromtimestamp(300, UTC)
    assert by_name[READ].examples == ("commerce.orders.get",)
    assert by_name[WEB].examples == ("GET api.example",)
    assert found.turns == 4


async def test_that_nothing_that_was_said_is_told() -> None:
    found = await used(
        [row("http.fetch", 1.0, url="https://api.example/4111?q=ada", body="ada@shop.example")],
        [row("kv.put", 1.0, key="ada", value="secret"), tool("commerce.orders.get", 1.0)],
    )
    told = msgspec.json.encode(found).decode()
    assert not any(word in told for word in ("4111", "ada", "secret", "#W1"))


async def test_that_refused_calls_count_for_no_grant_and_are_told() -> None:
    denied = '{"failure":{"kind":"denied","message":"not granted"}}'
    found = await used(
        [tool("commerce.customers.get", 1.0, answer=denied)] * 3,
        [tool("commerce.orders.get", 1.0, answer='{"failure":{"kind":"not-found"}}')],
    )
    assert found.refused == {"commerce.customers.get": 3}
    assert {one.capability for one in found.grants if one.calls} == {READ}


async def test_that_what_nothing_used_is_offered_but_never_what_is_needed() -> None:
    found = await used()
    assert {one.capability for one in found.grants if one.removable} == {REFUND, WEB, KV}
    assert {one.capability for one in found.grants if one.needed} == {READ, WRITE}


@pytest.mark.parametrize(
    ("right", "call", "asked", "expected"),
    [
        ("memory:contact.read", "memory.recall", {}, True),
        ("memory:contact.read", "memory.remember", {}, False),
        ("knowledge:read", "knowledge.search", {"query": "x"}, True),
        ("model:generate<=1k tokens/turn", "model.generate", {}, True),
        ("kv:1KiB", "kv.keys", {}, True),
        ("kv:1KiB", "http.fetch", {"url": "https://a.example/"}, False),
        ("http:GET https://a.example/*", "http.fetch", {"url": "https://a.example/1"}, True),
        ("http:GET https://a.example/*", "http.open", {"url": "https://b.example/1"}, False),
        ("tool:acme.stock.read", "tool.call", {"tool": "acme.stock"}, True),
        ("tool:acme.stock.read", "tool.call", {"tool": "acme.stocks"}, False),
        (REFUND, "tool.call", {"tool": "commerce.orders.get"}, False),
    ],
)
def test_that_a_right_is_known_by_what_it_allows(
    right: str, call: str, asked: dict[str, Any], expected: bool
) -> None:
    assert allows(parse(right), call, asked) is expected
    assert call_name("clock.now", {}) == call_name("random.bytes", {}) == ""
