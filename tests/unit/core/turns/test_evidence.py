import json
from uuid import UUID

import msgspec
import pytest
from hyperpersonal_core.installations.sealed import JournalRow
from hyperpersonal_core.turns.evidence import unsupported
from hyperpersonal_sdk.contract.turns import (
    ContactView,
    EvidenceItem,
    Fact,
    Passage,
    Speech,
    TurnReply,
    TurnRequest,
)

ORDER = {
    "id": "#W2378156",
    "status": "delivered",
    "total": {"minor": 123450, "currency": "USD"},
    "items": [
        {"item_id": "4107812777", "name": "Lamp", "price": {"minor": 2000, "currency": "USD"}},
        {"item_id": "4107812778", "name": "Shade", "price": {"minor": 3450, "currency": "USD"}},
        {"item_id": "4107812779", "name": "Bulb", "price": {"minor": 505, "currency": "USD"}},
    ],
    "variants": [{"item_id": "9", "price": {"minor": 2999, "currency": "USD"}}],
    "fulfilments": [{"tracking_ids": ["286422338955"], "item_ids": ["4107812777"]}],
    "delivered_at": "2026-11-02T09:30:00Z",
}
REQUEST = TurnRequest(
    turn_id="t",
    conversation_id="c",
    tenant_name="Lamps & Co",
    channel="webchat",
    text="I paid 77 dollars by gift card",
    contact=ContactView("1"),
    history=[Speech("agent", "Your parcel has 4 lamps for $18.20.")],
    facts=[Fact("size", "42")],
    passages=[
        Passage(
            "p",
            "a",
            "Returns",
            "Return within 30 days; refunds take 3-5 days. 10% fee. Orders are processed at night.",
        )
    ],
    now="2026-11-22T10:00:00Z",
)


def row(name: str, value: object) -> JournalRow:
    answer = json.dumps({"value": value})
    return JournalRow("1", UUID(int=1), name, "{}", write=False, answer=answer)


def missing(text: str, *evidence: EvidenceItem, calls: str = "tool.call") -> list[str]:
    rows = [row(calls, {"value": ORDER})]
    return unsupported(TurnReply(text, evidence=list(evidence)), REQUEST, rows)


@pytest.mark.parametrize(
    "text",
    [
        "Order #W2378156 is delivered; tracking 286422338955.",
        "Order W2378156: total $1,234.50, delivered on 2 November 2026.",
        "It arrived on Nov 2nd. You have 30 days, and a 10% fee applies.",
        "Refunds take 3-5 days. You wrote 77 dollars; your size is 42.",
        "Earlier I said $18.20. Today is 2026-11-22.",
        "1. Pack it\n2. Send it\nBoth, all 3 items.",
        "You get $54.50 back for the lamp and the shade.",
        "You pay $9.99 more for the other lamp.",
        "Once it is cancelled you get your money. It is not refunded yet. Only if it is shipped.",
        "Which order is it?",
        "Orders are processed at night.",
    ],
)
def test_that_what_has_a_source_may_be_said(text: str) -> None:
    assert missing(text) == []


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("Order #W9999999 is on its way.", "#W9999999"),
        ("Your refund is $54.51.", "$54.51"),
        ("It arrives on 5 November.", "5 November"),
        ("It arrived on 2 November 2025.", "2 November 2025"),
        ("You have 31 days.", "31"),
        ("A 15% fee applies.", "15%"),
        ("Refunds take 3-6 days.", "3-6"),
        ("Your order is cancelled.", "cancelled"),
        ("I checked: it was refunded.", "refunded"),
        ("It will be there on 2026-11-03.", "2026-11-03"),
        ("Tracking 286422338956.", "286422338956"),
    ],
)
def test_that_what_has_no_source_is_named(text: str, token: str) -> None:
    assert missing(text) == [token]


def test_that_what_a_model_generated_is_no_source() -> None:
    assert missing("Order #W2378156.", calls="model.generate") == ["#W2378156"]


def test_that_what_a_model_plugin_read_is_no_source_either() -> None:
    model = msgspec.structs.replace(row("model.generate", {"value": {}}), path="2")
    inside = msgspec.structs.replace(row("http.fetch", {"value": ORDER}), path="2.1.1")
    beside = msgspec.structs.replace(row("http.fetch", {"value": ORDER}), path="21.1")
    reply = TurnReply("Order #W2378156.")
    assert unsupported(reply, REQUEST, [model, inside]) == ["#W2378156"]
    assert unsupported(reply, REQUEST, [model, beside]) == []


def test_that_a_declared_sum_counts_when_it_is_right() -> None:
    right = EvidenceItem("procedure", "refund", "20.00 + 34.50 + 77 = 131.50")
    assert missing("You get $131.50.", right) == []
    wrong = EvidenceItem("procedure", "refund", "20.00 + 34.50 + 77 = 131.60")
    assert missing("You get $131.60.", wrong) == ["$131.60"]
    invented = EvidenceItem("procedure", "refund", "20.00 + 80.00 = 100.00")
    assert missing("You get $100.00.", invented) == ["$100.00"]
    from_nothing = EvidenceItem("procedure", "refund", "$100.00")
    assert missing("You get $100.00.", from_nothing) == ["$100.00"]


def test_that_a_declared_date_counts_when_it_is_right() -> None:
    right = EvidenceItem("procedure", "window", "2026-11-02 + 30 days = 2026-12-02")
    assert missing("You may return it until 2 December 2026.", right) == []
    wrong = EvidenceItem("procedure", "window", "2026-11-02 + 30 days = 2026-12-09")
    assert missing("You may return it until 9 December.", wrong) == ["9 December"]
    not_known = EvidenceItem("procedure", "window", "2026-11-04 + 30 days = 2026-12-04")
    assert missing("You may return it until 4 December.", not_known) == ["4 December"]


def test_that_an_article_may_be_quoted_without_its_marks() -> None:
    page = Passage("p9", "a9", "Tracking", "An order with the status\n*pending* has not left us.")
    request = msgspec.structs.replace(REQUEST, passages=[page])
    said = "An order with the status pending has not left us."
    assert unsupported(TurnReply(said), request, []) == []
    assert unsupported(TurnReply("Your order is pending."), request, []) == ["pending"]
