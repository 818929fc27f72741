import itertools
import time

import pytest
from hyperpersonal_sdk.procedure.slots import extract, normal
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("cancel order #W5073920 please", "order_id", "#W5073920"),
        ("my order number is 7916676427", "order_id", "7916676427"),
        ("track order113542617735902", "order_id", "113542617735902"),
        ("I need invoice #37777", "invoice_id", "#37777"),
        ("Account ID: B3BLRKKZQQ", "account_id", "B3BLRKKZQQ"),
        ("LTKOYPMLPU", "account_id", "LTKOYPMLPU"),
        ("write to jane.doe+x@mail.example.com.", "email", "jane.doe+x@mail.example.com"),
        ("call me at (977) 625-2661", "phone", "(977) 625-2661"),
        ("Username: cminh730", "username", "cminh730"),
        ("zip code is 47749, thanks", "zip", "47749"),
        ("37159", "zip", "37159"),
        ("the boots that are $64.50", "amount", "$64.50"),
        ("I want a refund of 350 dollars", "refund_amount", "350 dollars"),
        ("my name is Albert Sanders and I need help", "person_name", "Albert Sanders"),
        ("get my bill from Ms. Hawkings", "person_name", "Ms. Hawkings"),
        ("I forgot my password Sanya Afzal", "person_name", "Sanya Afzal"),
        ("change to the Gold account", "account_type", "Gold"),
        ("I am a Silver member", "member_level", "Silver"),
        ("do you ship to Munich?", "delivery_city", "Munich"),
        ("do you deliver to New Zealand", "delivery_country", "New Zealand"),
    ],
)
def test_that_what_shoppers_type_is_found_in_its_place(text: str, kind: str, value: str) -> None:
    found = extract(text)
    assert [(slot[0], slot[1]) for slot in found] == [(kind, value)]
    assert text[found[0][2] : found[0][3]] == value


@pytest.mark.parametrize(
    "text",
    [
        "where is my order",
        "Calvin Klein jackets are nice",
        "is heating element 61927 the same as 503978?",
        "I have 3 items and 2 boxes",
        "Good Morning",
        "thanks for the Credit Card tip",
        "",
    ],
)
def test_that_what_is_none_is_left_alone(text: str) -> None:
    assert extract(text) == []


def test_that_several_are_found_in_order() -> None:
    text = "Alessandro Phoenix, zip code is 47749, email: a@example.com, order #W1234567"
    assert [slot[0] for slot in extract(text)] == ["person_name", "zip", "email", "order_id"]


def test_that_values_are_compared_in_one_form() -> None:
    assert normal("order_id", "#W12 ") == "w12"
    assert normal("refund_amount", "$1,499.00") == "1499"
    assert normal("amount", "350 dollars") == "350"


@given(st.text(max_size=300))
def test_that_slots_lie_inside_and_never_overlap(text: str) -> None:
    found = extract(text)
    for before, after in itertools.pairwise(found):
        assert before[3] <= after[2]
    assert all(text[start:end] == value for _, value, start, end in found)


@pytest.mark.parametrize("piece", ["a", "A a ", "order ", "1-", "$1,", "send to A ", "x@", "Mr. "])
def test_that_no_text_takes_long(piece: str) -> None:
    started = time.thread_time()
    extract(piece * (4000 // len(piece)))
    assert time.thread_time() - started < 2
