"""A money grant is a ceiling of the whole turn, whoever moves the money, however often it runs."""

from typing import Any

import msgspec
import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.calls import CallResult
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.hostcalls import money
from hyperpersonal_runtime.journal import Entry, answer_text, request_hash
from hyperpersonal_runtime.ports import CallScope
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer, Outcome
from hyperpersonal_sdk.contract.tools import Amount, ToolResult
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

GRANTS = ("tool:commerce.orders.write", "money:refund<=100.00 USD/turn")
TWO_REFUNDS = """
said = []
for order in ('60', '50'):
    try:
        said.append(host.tool('commerce.orders.cancel', order_id=order, reason='x').status)
    except HostCallFailedError as error:
        said.append(error.kind + ': ' + error.message)
return ' | '.join(said)
"""


class Shop:
    """Cancels an order for as many dollars as its number says, if it may move that much."""

    def __init__(self) -> None:
        self.moved: list[int] = []
        self.allowed: list[dict[str, int] | None] = []
        self.tells = True

    async def call(
        self, scope: CallScope, _tool: str, arguments: dict[str, Any], _key: str
    ) -> HostAnswer:
        amount = int(arguments["order_id"]) * 100
        self.allowed.append(scope.money_max)
        most = (scope.money_max or {}).get("USD", 0)
        if amount > most:
            words = f"this moves {amount}, above the limit of {most}"
            return HostAnswer({"failure": Failure(FailureKind.DENIED, words)})
        self.moved.append(amount)
        told = {"moved": Amount(amount)} if self.tells else {}
        return HostAnswer({"value": {"status": "cancelled"}, **told})


async def run(shop: Shop, body: str = TWO_REFUNDS, **changes: Any) -> CallResult:
    host = Host(default_cache(), workers=1, lanes=4)
    ports = structs.replace(FakePorts(World()).ports(), tools=shop)
    await host.start(ports)
    try:
        call = agent(body, *changes.pop("grants", GRANTS))
        result = await host.call(structs.replace(call, **changes))
    finally:
        await host.close()
    assert result.outcome is Outcome.OK, result.detail
    return result


def said(result: CallResult) -> list[str]:
    return str(msgspec.json.decode(result.value)["text"]).split(" | ")


async def test_that_a_second_write_gets_what_the_first_left() -> None:
    shop = Shop()
    first, second = said(await run(shop))
    assert first == "cancelled"
    assert second == "denied: this moves 5000, above the limit of 4000"
    assert shop.allowed == [{"USD": 10_000}, {"USD": 4_000}]
    assert shop.moved == [6_000]


async def test_that_a_used_up_ceiling_is_refused_by_the_host_and_named() -> None:
    shop = Shop()
    first, second = said(await run(shop, TWO_REFUNDS.replace("'60'", "'100'")))
    assert first == "cancelled"
    assert second == (
        "denied: nothing is left of money:refund<=100.00 USD/turn: this turn has moved 100.00 USD"
    )
    assert shop.moved == [10_000]


async def test_that_a_connector_that_tells_nothing_counts_as_all_of_it() -> None:
    shop = Shop()
    shop.tells = False
    _, second = said(await run(shop))
    assert second.startswith("denied: nothing is left of money:refund<=100.00 USD/turn")
    assert shop.moved == [6_000]


async def test_that_a_resumed_turn_counts_what_it_moved_before() -> None:
    shop = Shop()
    first = await run(shop)
    lost = structs.replace(first.journal[1], answer=None)  # the second one left; we died
    again = Shop()
    _, second = said(await run(again, recorded=(first.journal[0], lost)))
    assert again.allowed == [{"USD": 4_000}]
    assert second.endswith("above the limit of 4000")


async def test_that_another_agent_of_the_turn_counts() -> None:
    shop = Shop()
    scope = CallScope("tenant", "other", "turn", "conversation", "contact", path="agent2")
    earlier = (await run(Shop())).journal
    answers = said(await run(shop, scope=scope, recorded=earlier))
    assert [one.partition(":")[0] for one in answers] == ["denied", "denied"]
    assert shop.allowed == [{"USD": 4_000}, {"USD": 4_000}]


async def test_that_a_grant_of_another_currency_does_not_count() -> None:
    shop = Shop()
    grants = ("tool:commerce.orders.write", "money:refund<=100.00 EUR/turn")
    answers = said(await run(shop, grants=grants))
    assert [one.partition(":")[0] for one in answers] == ["denied", "denied"]
    assert shop.allowed == [{"EUR": 10_000}, {"EUR": 10_000}]
    assert shop.moved == []


UNKNOWN = (
    None,
    HostAnswer(failure=Failure(FailureKind.FAILED, "it did not answer in time")),
    HostAnswer({"failure": {"kind": "unavailable", "message": "nobody knows"}}),
    HostAnswer({"value": {"status": "cancelled"}}),
    HostAnswer("not a ToolResult"),
)


@pytest.mark.parametrize("answer", UNKNOWN)
def test_that_what_nobody_knows_leaves_nothing(answer: HostAnswer | None) -> None:
    refused = money.left({"USD": 100}, lambda: [write("1", answer)])
    assert isinstance(refused, Failure)
    assert refused.kind is FailureKind.DENIED


def test_that_what_was_refused_moved_nothing() -> None:
    for kind in (FailureKind.DENIED, FailureKind.INVALID, FailureKind.NOT_FOUND):
        failure = Failure(kind)
        for answer in (HostAnswer(failure=failure), HostAnswer({"failure": failure})):
            assert money.left({"USD": 7}, lambda told=answer: [write("1", told)]) == {"USD": 7}


def test_that_a_connectors_own_calls_do_not_count_twice() -> None:
    told = HostAnswer(ToolResult({}, moved=Amount(60)))
    entries = [write("3", told), write("3.1", told), write("agent2.1.2", None)]
    assert money.left({"USD": 100}, lambda: entries) == {"USD": 40}


amounts = st.tuples(st.integers(0, 500), st.sampled_from(["USD", "EUR", "JPY"]))
ends = st.sampled_from(["done", "denied", "unavailable", "silent"])


@given(
    st.dictionaries(st.sampled_from(["USD", "EUR"]), st.integers(1, 500), min_size=1),
    st.lists(st.tuples(amounts, ends), max_size=12),
)
def test_that_no_turn_moves_more_than_any_of_its_grants(
    granted: dict[str, int], asked: list[tuple[tuple[int, str], str]]
) -> None:
    """Over any run of writes: whatever an honest connector truly moved lies under each ceiling."""
    entries: list[Entry] = []
    truly: dict[str, int] = {}
    for number, ((minor, currency), end) in enumerate(asked, 1):
        may = money.left(granted, lambda: entries)
        if isinstance(may, Failure) or may is None or minor > may.get(currency, 0):
            continue
        if end != "denied":
            truly[currency] = truly.get(currency, 0) + minor
        entries.append(write(str(number), end_of(end, Amount(minor, currency))))
    assert all(total <= granted.get(currency, 0) for currency, total in truly.items())


def end_of(end: str, amount: Amount) -> HostAnswer | None:
    if end == "silent":
        return None
    if end == "done":
        return HostAnswer(ToolResult({}, moved=amount))
    return HostAnswer(ToolResult(failure=Failure(FailureKind(end))))


def write(path: str, answer: HostAnswer | None) -> Entry:
    request = '{"tool": "commerce.orders.cancel", "arguments": {}}'
    text = None if answer is None else answer_text(answer)
    return Entry(path, "tool.call", request, request_hash("tool.call", request), text, write=True)
