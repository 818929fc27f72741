"""The laws of the comparison: pure functions over two traces."""

import msgspec
import pytest
from hyperpersonal_runtime.api import Asked, Trace, compare, exact
from hyperpersonal_runtime.replay.known import Known
from hyperpersonal_runtime.replay.scripts import Exact
from hyperpersonal_runtime.replay.trace import canonical
from hyperpersonal_sdk.contract.outcomes import Outcome
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

TOOLS = ("commerce.orders.get", "commerce.orders.cancel", "crm.note")

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
arguments = st.dictionaries(st.text(max_size=3), values, max_size=3)


def text(value: object) -> str:
    return msgspec.json.encode(value).decode()


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    """One host call, numbered later."""
    name = draw(st.sampled_from(["tool.call", "http.fetch", "kv.get"]))
    request = {
        "tool.call": {"tool": draw(st.sampled_from(TOOLS)), "arguments": draw(arguments)},
        "http.fetch": {"url": f"https://{draw(st.sampled_from('ab'))}.example/", "body": "{}"},
        "kv.get": {"key": draw(st.text(max_size=3))},
    }[name]
    write = "cancel" in text(request)
    return Asked("", name, text(request), text({"value": draw(values)}), write)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """A run that ended well, or not."""
    calls = draw(st.lists(asked(), max_size=5))
    numbered = tuple(structs.replace(one, path=str(n)) for n, one in enumerate(calls, 1))
    outcome = draw(st.sampled_from([Outcome.OK, Outcome.TRAPPED, Outcome.REFUSED]))
    value = text({"text": draw(st.text(max_size=5)), "confidence": draw(st.floats(0, 1))})
    ok = outcome is Outcome.OK
    return Trace("", "a/b@1", "reply", outcome, value if ok else "", "" if ok else "why", (),
                 numbered)  # fmt: skip


@given(traces())
def test_that_a_run_does_not_differ_from_itself(trace: Trace) -> None:
    assert exact(trace, trace) == ()
    assert compare(trace, trace) == ()


@given(traces(), traces())
def test_that_whatever_compare_sees_exact_sees_too(one: Trace, two: Trace) -> None:
    if compare(one, two):
        assert exact(one, two) or one.asked != two.asked


@given(traces(), traces())
def test_that_other_writes_or_answers_never_pass(one: Trace, two: Trace) -> None:
    writes = [
        sorted(canonical(call.request) for call in trace.asked if call.write)
        for trace in (one, two)
    ]
    if writes[0] != writes[1] or (one.outcome, one.value) != (two.outcome, two.value):
        assert compare(one, two)


@given(traces(), st.randoms(use_true_random=False))
def test_that_the_order_of_reads_and_of_keys_is_no_difference(trace: Trace, chance: object) -> None:
    reads = [structs.replace(one, write=False) for one in trace.asked]
    shuffled = list(reads)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    turned = [structs.replace(one, request=reordered(one.request)) for one in shuffled]
    before = structs.replace(trace, asked=tuple(reads))
    assert compare(before, structs.replace(trace, asked=tuple(turned))) == ()


def reordered(request: str) -> str:
    """The same JSON with its keys in another order."""
    value = msgspec.json.decode(request)
    return text(dict(reversed(value.items())))


@given(traces())
def test_that_writes_in_another_order_are_one(trace: Trace) -> None:
    writes = tuple(structs.replace(one, write=True) for one in trace.asked)
    before = structs.replace(trace, asked=writes)
    after = structs.replace(trace, asked=writes[::-1])
    told = [canonical(one.request) + one.name for one in writes]
    assert [one.kind for one in compare(before, after)] == (["order"] if told != told[::-1] else [])


@given(st.lists(asked(), min_size=1, max_size=4))
def test_that_an_exact_script_answers_its_own_record_and_nothing_else(calls: list[Asked]) -> None:
    recorded = tuple(structs.replace(one, path=str(n)) for n, one in enumerate(calls, 1))
    script = Exact("", 50, recorded)
    assert [script.answer(one.name, one.request) for one in recorded] == [
        one.answer for one in recorded
    ]
    assert not isinstance(script.answer("kv.get", "{}"), str)
    script.rewind()
    assert not isinstance(script.answer("kv.get", '{"key":"never"}'), str)
    assert script.parted.startswith("call 1:")


@given(st.lists(asked(), max_size=5))
def test_that_no_answer_is_served_to_another_request(calls: list[Asked]) -> None:
    known = Known(calls, calls)
    for one in calls:
        found = known.same(one.name, one.request)
        assert found is not None
        assert canonical(found[1].request) == canonical(one.request)
    assert known.same("kv.get", '{"key":"never"}') is None


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({"n": 1}, {"n": 1, "bcc": "x@y.example"}, "field"),
        ({"to": "a@y.example"}, {"to": "b@y.example"}, "recipient"),
        ({"amount": {"minor": 5, "currency": "USD"}}, {"amount": {"minor": 9, "currency": "USD"}},
         "money"),
        ({"items": [{"id": "1"}]}, {"items": [{"id": "1", "gift": True}]}, "field"),
    ],
)  # fmt: skip
def test_that_what_a_write_hands_over_is_read(
    before: dict[str, object], after: dict[str, object], kind: str
) -> None:
    def trace(given: dict[str, object]) -> Trace:
        request = text({"tool": "crm.send", "arguments": given})
        one = Asked("1", "tool.call", request, '{"value":{}}', write=True)
        return Trace("", "a/b@1", "reply", Outcome.OK, '{"text":"x"}', asked=(one,))

    assert kind in {one.kind for one in compare(trace(before), trace(after))}
    assert kind not in {one.kind for one in compare(trace(before), trace(before))}
