"""The link guard in its real sandbox, built from its TypeScript."""

import json

import pytest
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.testing.sandbox import PluginSandbox

EVIDENCE = [
    {"kind": "passage", "ref": "psg_1", "text": "Returns: https://shop.example.com/returns"}
]
MADE_UP = (
    "See https://shop-example.com/returns",
    "See https://shop.example.com.evil.net/returns",
    "See https://shop.example.com@evil.net/",
    "Write to help@shop.example.org.",
    "Go to WWW.Evil.net!",
    "Go to evil.shop/returns",
    "Go to \uff45vil.shop",
    "(http://10.0.0.1/pay)",
    "[here](https://evil.net/x)",
    "link:https://evil.net,now",
    "mailto:help@evil.net",
    "x" * 400,
)
KNOWN = (
    "See https://shop.example.com/returns.",
    "See https://shop.example.com/returns/how?x=1",
    "Go to www.shop.example.com",
    "Write to help@shop.example.com.",
    "Order #W1234567 is delivered; it weighs 1.2 kg. Thank you!",
    "Version 2.0, e.g. on Monday, at 10.30.",
    "",
)


def verdict(sandbox: PluginSandbox, text: str, question: str = "how?") -> dict[str, str]:
    ask = {"question": question, "reply": {"text": text, "evidence": EVIDENCE}}
    answer: dict[str, str] = json.loads(sandbox.answer("review_reply", ask))
    return answer


@pytest.mark.parametrize("text", MADE_UP)
def test_that_a_place_nobody_named_is_held(sandbox: PluginSandbox, text: str) -> None:
    held = verdict(sandbox, text)
    assert held["verdict"] == "hold"
    assert "evidence" in held["reason"]
    assert len(held["reason"]) < 200


@pytest.mark.parametrize("text", KNOWN)
def test_that_places_of_the_evidence_pass(sandbox: PluginSandbox, text: str) -> None:
    assert verdict(sandbox, text) == {"verdict": "pass"}


def test_that_the_shoppers_own_address_may_be_repeated(sandbox: PluginSandbox) -> None:
    text = "We will write to mia@mail.example.net."
    assert verdict(sandbox, text)["verdict"] == "hold"
    assert verdict(sandbox, text, "I am mia@mail.example.net") == {"verdict": "pass"}


def test_that_it_answers_long_replies_in_time(sandbox: PluginSandbox) -> None:
    ask = {"question": "", "reply": {"text": "a.b-c. x@y " * 5_000, "evidence": []}}
    result = sandbox.call("review_reply", ask)
    assert result.outcome == Outcome.OK, result.detail
    assert result.guest_cpu_ms < 200
