"""Wishes that are corrected, tied to a figure, misspelt, or list what nobody bought."""

from typing import Any

import pytest
from hyperpersonal_sdk.procedure import conditions, confirm, items, listed, requests, text


def read(said: str) -> list[dict[str, Any]]:
    return requests.read(said)


@pytest.mark.parametrize(
    ("said", "verbs"),
    [
        ("pls cancle my oder", ["cancel"]),
        ("Undo the cancellation of my order", ["reopen"]),
        ("One of the two jackets goes back", ["return"]),
        ("Refund goes back to my card, please", ["regret"]),
        ("Take the watch back", ["return"]),
        ("I'd like to pay my order with PayPal instead", ["set_payment"]),
        ("All my orders should go to my home address", ["set_address"]),
        ("In my order the size is wrong, I want M", ["swap"]),
        ("Just tell me how returns work", []),
    ],
)
def test_that_other_words_for_a_wish_are_understood(said: str, verbs: list[str]) -> None:
    assert [one["verb"] for one in read(said) if one["verb"] != "status"] == verbs


def test_that_a_second_thought_replaces_the_first() -> None:
    found = read(
        "I want to return the kettle and the lamp. On second thought only return the lamp."
    )
    assert [one["own"] for one in found] == ["On second thought only return the lamp."]


def test_that_a_correction_replaces_the_thing() -> None:
    (found,) = read("Return the jacket. No, sorry, the helmet. The jacket stays.")
    assert "jacket" not in found["own"]
    assert found["kept"] == "The jacket"


def test_that_an_order_left_out_is_not_the_one_meant() -> None:
    (found,) = read("Cancel all orders except #W1234567, no longer needed.")
    assert (found["orders"], found["not_orders"]) == ([], ["#W1234567"])


def test_that_a_condition_stays_with_its_wish() -> None:
    (found,) = read("If my order is more than $2,000 in total then cancel it.")
    assert found["only_if"]["minor"] == 200_000
    assert not found["only_if"]["less"]


def test_that_words_about_another_order_do_not_belong_to_the_wish_before() -> None:
    (found,) = read("Cancel it. For my other order, a silver lamp.")
    assert "lamp" not in found["text"]


class OneOrder:
    """A shop with one order of $30: a lamp of $20 and a mug of $10."""

    def order(self, order_id: str) -> dict[str, Any]:
        bought = [
            {"item_id": "1", "name": "Desk Lamp", "price": {"minor": 2_000}},
            {"item_id": "2", "name": "Mug", "price": {"minor": 1_000}},
        ]
        return {"id": order_id, "items": bought, "total": {"minor": 3_000}}


@pytest.mark.parametrize(
    ("said", "met"),
    [
        ("if the order is more than $25", True),
        ("if the order is more than $30", False),
        ("unless it is over 35 dollars", True),
        ("if the lamp cost less than $25", True),
        ("if the lamp cost at least 25", False),
        ("if the difference is under $5", True),
    ],
)
def test_that_a_condition_is_held_against_the_shops_figures(said: str, met: bool) -> None:
    found = conditions.find(said)
    assert found is not None
    action = {"arguments": {"order_id": "#W1", "item_ids": ["1"]}, "due": -400}
    assert conditions.holds(found, [action], OneOrder()) is met


def test_that_no_figure_is_no_condition() -> None:
    assert conditions.find("if you have it in size 12, change it") is None


def test_that_what_nobody_bought_is_noticed() -> None:
    names = {"Desk Lamp", "Mug"}
    asked = {"text": "Return the lamp, the 17 inch and my gizmo to PayPal."}
    assert listed.unnamed(asked, names) == ["17 inch", "gizmo"]
    assert listed.unnamed({"text": "Return the lamp and the mug."}, names) == []
    assert listed.unnamed({"text": "Return the whole order."}, names) == []


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my phone", "Smartphone"),
        ("the dumbells", "Dumbbell Set"),
        ("the toothbursh", "Electric Toothbrush"),
        ("both bookshelves", "Bookshelf"),
        ("a coffee machine", "Espresso Machine"),
    ],
)
def test_that_a_thing_is_known_by_what_people_call_it(said: str, name: str) -> None:
    assert [found for _, found in items.mentions(said, {name, "Pet Bed"})] == [name]


@pytest.mark.parametrize("said", ["charge my card", "the tea kettle", "set it up"])
def test_that_like_words_are_no_thing(said: str) -> None:
    assert items.mentions(said, {"Portable Charger", "Electric Kettle", "Grill"}) == []


@pytest.mark.parametrize(
    "said", ["hmm no wait, don't", "hold on", "ok wait", "not yet", "uh, no", "well, stop"]
)
def test_that_a_hesitant_no_is_a_no(said: str) -> None:
    assert confirm.answer(said) == "no"


def test_that_a_condition_is_not_cut_from_its_wish() -> None:
    pieces = [piece for _, piece in text.segments("If it cost over $5 then cancel it. Thanks!")]
    assert pieces == ["If it cost over $5 then cancel it.", "Thanks!"]


def test_that_praise_of_another_thing_is_no_part_of_a_return() -> None:
    (found,) = read("My skateboard is chipped! Return it. The notebook is nice though.")
    assert "notebook" not in found["text"]
    assert found["kept"] == "The notebook"
