"""Messages read into requests."""

import pytest
from hyperpersonal_sdk.procedure import requests


def verbs(text: str) -> list[str]:
    return [one["verb"] for one in requests.read(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cancel order #W1234567 because no longer needed.", ["cancel"]),
        ("I want to return the lamp and exchange the bag for a red one", ["return", "swap"]),
        ("Please send the mug back", ["return"]),
        ("Change the address of #W1234567 to my office address", ["set_address"]),
        ("Update my default address, I moved", ["profile_address"]),
        ("For #W1234567, change payment to paypal_1234567.", ["set_payment"]),
        ("I want to pay with the other card: switch my order to paypal", ["set_payment"]),
        ("Where is my parcel?", ["status"]),
        ("Where is #W1234567? sam@example.com", ["status"]),
        ("any news on W1234567", ["status"]),
        ("I want the tracking number", ["tracking"]),
        ("Where is my refund? I returned it two weeks ago.", ["refund_status"]),
        ("I cancelled my order but you still charged me", ["charges"]),
        ("I want it to be cancelled", ["cancel"]),
        ("The lamp is broken and I want a full refund", ["regret"]),
        ("I found it at half the price", ["regret"]),
        ("Why was I charged twice?", ["charges"]),
        ("What a lovely day", []),
    ],
)
def test_that_the_wish_is_recognised(text: str, expected: list[str]) -> None:
    assert verbs(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I do not want to cancel my order.",
        "Cancel order #W1234567. Actually, don't cancel it.",
        "I want to return the lamp, but I changed my mind and decide to not return it.",
    ],
)
def test_that_what_is_taken_back_is_no_request(text: str) -> None:
    assert verbs(text) == []


def test_that_what_is_kept_is_noted() -> None:
    (first, *_) = requests.read("Return the mug and the lamp. I would rather keep the lamp.")
    assert "lamp" in first["kept"]


def test_that_braces_are_never_cut() -> None:
    old, new = "{'power': 'a. b; and return'}", "{'power': 'c'}"
    text = f"For #W1234567, exchange Lamp {old} to {new}; via paypal_1."
    (only,) = requests.read(text)
    assert only["verb"] == "swap"
    assert only["orders"] == ["#W1234567"]


def test_that_details_belong_to_their_request() -> None:
    first, second = requests.read(
        "Cancel order #W1111111 because I ordered it by mistake. Return #W2222222 via paypal: Mug;"
    )
    assert (first["orders"], first["reason"]) == (["#W1111111"], "ordered by mistake")
    assert (second["orders"], second["payment"]) == (["#W2222222"], "paypal")


def test_that_two_payment_methods_in_one_request_are_left_to_a_question() -> None:
    (only,) = requests.read("Return the mug to my gift card or to paypal")
    assert "payment" not in only


def test_that_a_condition_waits_for_the_failure_of_what_stands_before() -> None:
    first, second = requests.read(
        "Exchange the lamp for a red one. If that is not possible, return it instead."
    )
    assert "if_failed" not in first
    assert second["if_failed"]


def test_that_an_address_said_once_serves_both() -> None:
    first, second = requests.read(
        "Update my account address to 5 Pine Lane, Suite 9, Austin, TX, 78701 "
        "and ship order #W1234567 there as well."
    )
    assert first["address"] == second["address"]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("How can I cancel an order?", True),
        ("What is your policy on returns?", True),
        ("How can I return order #W1234567?", False),
        ("Can I return the lamp I bought?", False),
    ],
)
def test_that_questions_are_told_from_wishes(text: str, question: bool) -> None:
    assert all(requests.is_question(one) is question for one in requests.read(text))


def test_that_an_endless_message_is_read_in_bounded_time() -> None:
    text = "return the " * 20_000
    assert len(requests.read(text)) <= requests.REQUESTS_MAX


def test_that_not_wanting_to_keep_is_no_keeping() -> None:
    (only,) = requests.read("It is broken. I don't want to keep the lamp and want a full refund")
    assert only["verb"] == "regret"
    (first, *_) = requests.read("Return the mug. I don't want to keep the mug.")
    assert "kept" not in first
