"""What shoppers name, matched to items and variants."""

import pytest
from hyperpersonal_sdk.procedure import items

NAMES = {"Electric Kettle", "Desk Lamp", "Digital Camera", "Action Camera", "T-Shirt"}


def variant(item_id: str, available: bool = True, **options: str) -> dict[str, object]:
    price = {"minor": 100, "currency": "USD"}
    return {"item_id": item_id, "options": options, "available": available, "price": price}


SHELVES = [
    variant("1", height="4 ft", material="metal"),
    variant("2", height="5 ft", material="glass"),
    variant("3", height="5 ft", material="metal", available=False),
]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("my kettle leaks", ["Electric Kettle"]),
        ("both desk lamps and the t-shirt.", ["Desk Lamp", "T-Shirt"]),
        ("the digital camera", ["Digital Camera"]),
        ("the camera", []),
        ("the tea kettle", []),
        ("nothing of yours", []),
    ],
)
def test_mentions(text: str, named: list[str]) -> None:
    assert [name for _, name in items.mentions(text, NAMES)] == named


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a 5-feet one made of glass", {"height": "5 ft", "material": "glass"}),
        ("5 foot", {"height": "5 ft"}),
        ("4 ft or 5 ft", {"height": None}),
        ("a taller one", {}),
    ],
)
def test_options_in(text: str, options: dict[str, str | None]) -> None:
    assert items.options_in(text, SHELVES) == options


def test_stated_options_win_over_free_words() -> None:
    variants = [variant("1", size="12", waterproof="no"), variant("2", size="12", waterproof="yes")]
    assert items.stated("size: 12, waterproof: no", variants) == {"size": "12", "waterproof": "no"}


def test_that_only_what_is_to_be_had_is_chosen() -> None:
    old = {"height": "4 ft", "material": "metal"}
    assert items.choose({"height": "5 ft"}, SHELVES, old) is None
    assert items.choose({"height": "5 ft", "material": "glass"}, SHELVES, old) == SHELVES[1]
    assert items.choose({}, SHELVES, old) == SHELVES[0]


def test_that_the_wish_stands_after_the_change() -> None:
    said = items.same("exchange the 19 bar machine to a 9 bar capsule one instead of manual")
    assert "19bar" not in items.target(said)
    assert "9bar capsule" in items.target(said)
    assert "manual" not in items.target(said)


@pytest.mark.parametrize("text", ["a cheaper one", "I prefer red", "whichever is best", "similar"])
def test_that_comparisons_are_vague(text: str) -> None:
    assert items.is_vague(text)
    assert not items.is_vague("the red one in large")
