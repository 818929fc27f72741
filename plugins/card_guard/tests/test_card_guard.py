"""The card guard in its real sandbox."""

import json

import pytest
from hyperpersonal_sdk.testing.sandbox import PluginSandbox

SHOWN = (
    "Your card 4111111111111111 was charged.",
    "Paid with 5555 5555 5555 4444 on Monday.",
    "amex 3782-822463-10005",
    "3056.930902.5904",
    "6011\u00a01111\u00a01111\u00a01117",
    "4111\u200b1111\u200b1111\u200b1111",
    "order 12345 4111 1111 1111 1111 shipped",
    "\uff14\uff11\uff11\uff11 1111 1111 1111",
    "The CVV is 123.",
    "Security code: 4321",
)
SAFE = (
    "Your card ending in 4242 was charged $49.99.",
    "4111111111111112 is one digit off",
    "Order #W1234567, item 1008292230, tracking 808418123456.",
    "Call +49 30 901820 or 1-800-555-0199.",
    "Delivered 2026-11-22 13:45:00, invoice 20261122-000017.",
    "Parcel 94111111111111111112 is on its way",
    "Gift card gift_card_1234567 has 120.00 USD left.",
    "Your security code was sent by mail.",
    "",
)


def verdict(sandbox: PluginSandbox, text: str, **reply: object) -> dict[str, str]:
    ask = {"question": "what did I pay with?", "reply": {"text": text, **reply}}
    answer: dict[str, str] = json.loads(sandbox.answer("review_reply", ask))
    return answer


@pytest.mark.parametrize("text", SHOWN)
def test_that_a_card_is_never_shown(sandbox: PluginSandbox, text: str) -> None:
    held = verdict(sandbox, text)
    assert held["verdict"] == "hold"
    assert "card" in held["reason"]
    assert not any(digit in held["reason"] for digit in "0123456789"), "the reason shows none"


def test_that_everyday_numbers_pass(sandbox: PluginSandbox) -> None:
    for text in SAFE:
        assert verdict(sandbox, text) == {"verdict": "pass"}, text


def test_that_evidence_is_read_too(sandbox: PluginSandbox) -> None:
    evidence = [{"kind": "tool", "ref": "commerce.orders.get", "text": "4111 1111 1111 1111"}]
    assert verdict(sandbox, "It is paid.", evidence=evidence)["verdict"] == "hold"
