import json
from typing import Any

from hyperpersonal_sdk.testing.sandbox import PluginSandbox


def verdict(sandbox: PluginSandbox, text: str, *evidence: str) -> dict[str, Any]:
    items = [{"kind": "passage", "ref": "a1", "text": one} for one in evidence]
    ask = {"question": "How long does it take?", "reply": {"text": text, "evidence": items}}
    answer: dict[str, Any] = json.loads(sandbox.answer("review_reply", ask))
    return answer


def test_that_a_promise_of_its_own_is_held(sandbox: PluginSandbox) -> None:
    held = verdict(sandbox, "It arrives within 2 days.")
    assert held == {
        "verdict": "hold",
        "reason": "the reply promises a delivery time that no evidence names",
    }
    assert verdict(sandbox, "Take 15% off your next order.")["verdict"] == "hold"


def test_that_what_the_evidence_names_passes(sandbox: PluginSandbox) -> None:
    text = "It arrives within 2 days."
    assert verdict(sandbox, text, "Orders arrive within 2 days.") == {"verdict": "pass"}


def test_that_the_rest_passes(sandbox: PluginSandbox) -> None:
    assert verdict(sandbox, "Your order has 2 items.") == {"verdict": "pass"}


def test_a_recorded_review(sandbox: PluginSandbox) -> None:
    sandbox.replay("a_promise")
