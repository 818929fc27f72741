"""The journal gives the same answers to the same questions, and names the first that differs."""

import pytest
from hyperpersonal_runtime.journal import (
    Entry,
    Journal,
    NondeterministicError,
    answer_text,
    guest_answer,
    request_hash,
)
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer


def entry(path: str, name: str = "clock.now", request: str = "{}", **more: object) -> Entry:
    return Entry(path, name, request, request_hash(name, request), **more)  # type: ignore[arg-type]


def test_that_calls_are_numbered_in_order_and_again_after_a_rewind() -> None:
    journal = Journal()
    assert [journal.next("clock.now", "{}")[0] for _ in range(3)] == ["1", "2", "3"]
    journal.rewind()
    assert journal.next("clock.now", "{}")[0] == "1"


def test_that_a_connector_numbers_its_calls_under_the_agents_call() -> None:
    recorded = [entry("3"), entry("3.1"), entry("3.1.1"), entry("31"), entry("3.2")]
    journal = Journal("3", recorded)
    assert [one.path for one in journal.entries] == ["3.1", "3.2"]
    assert journal.next("clock.now", "{}") == ("3.1", recorded[1])
    assert [one.path for one in Journal("", recorded).entries] == ["3", "31"]


@pytest.mark.parametrize(("name", "request_"), [("random.bytes", "{}"), ("clock.now", '{"a":1}')])
def test_that_another_call_under_a_number_is_named(name: str, request_: str) -> None:
    journal = Journal("", [entry("1", answer='{"value":1}')])
    with pytest.raises(NondeterministicError, match=r"call 1 was clock.now .* now it is " + name):
        journal.next(name, request_)


def test_that_answers_come_back_as_they_were() -> None:
    assert guest_answer(answer_text(HostAnswer({"b": 1, "a": "é"}))) == ("", '{"b":1,"a":"é"}')
    assert guest_answer(answer_text(HostAnswer(b'{"x": 1.0}'))) == ("", '{"x": 1.0}')
    assert guest_answer(answer_text(HostAnswer())) == ("", "null")
    refused = HostAnswer(failure=Failure(FailureKind.DENIED, "not granted: x"))
    assert guest_answer(answer_text(refused)) == ("denied", "not granted: x")


def test_that_name_and_request_cannot_be_mixed_up() -> None:
    assert request_hash("a", "bc") != request_hash("ab", "c")
