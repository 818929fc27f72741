"""What a call hands on otherwise than before: a currency is one however it is written."""

import json
from typing import Any

import pytest
from hyperpersonal_registry.checks.amounts import handed_otherwise
from hyperpersonal_runtime.api import Asked, Trace
from hyperpersonal_sdk.contract.outcomes import Outcome


def charge(**arguments: Any) -> Trace:
    request = json.dumps({"tool": "payments.charges.create", "arguments": arguments})
    asked = Asked("1", "tool.call", request, write=True)
    return Trace("0", "acme/till@1.0.0", "reply", Outcome.OK, asked=(asked,))


@pytest.mark.parametrize("after", [{"amount": 1300}, {"currency": "EUR"}, {"country": "NO"}])
def test_that_another_number_or_code_is_told(after: dict[str, Any]) -> None:
    was = {"amount": 1200, "currency": "USD", "country": "US"}
    (found,) = handed_otherwise(charge(**was), charge(**{**was, **after}), "a talk")
    assert found.grave
    assert next(iter(after)) in found.words


def test_that_a_code_written_small_is_the_same_code() -> None:
    was, now = charge(amount=1200, currency="USD"), charge(amount=1200, currency="usd")
    assert list(handed_otherwise(was, now, "a talk")) == []
