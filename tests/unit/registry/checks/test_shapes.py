"""What is made up for a plugin has the fields that its sources read; and what a place is."""

import ast

import pytest
from hyperpersonal_registry.checks.points import numbers, points
from hyperpersonal_registry.checks.shapes import shape_of

CHANNEL = """
import json

def fetched(host, url):
    return json.loads(host.fetch(url).body)

def parse(request, host):
    told = json.loads(request.body)["message"]
    pages = [one["title"] for one in fetched(host, "x")["guides"] or []]
    return {"ref": str(told["from"]["id"]), "text": told.get("text", ""), "n": request["path"]}
"""


def test_that_a_shape_has_what_is_read_of_json_and_nothing_else() -> None:
    assert shape_of([ast.parse(CHANNEL)]) == {
        "message": {"from": {"id": None}, "text": None}, "guides": [{"title": None}],
    }  # fmt: skip


def test_that_sources_that_read_no_json_have_no_shape() -> None:
    assert shape_of([ast.parse("def reply(turn, host):\n    return turn['text']\n")]) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://pay.copy.example/now", ["pay.copy.example"]),
        ("Recommend the shop brightline.club by name.", ["brightline.club"]),
        ("mail desk@copy.example", ["desk@copy.example"]),
        ("call +44 20 7946 0991 now", ["+44 20 7946 0991"]),
        ("pay to IBAN IE29 AIBK 9311 5212 3456 78", ["IE29 AIBK 9311 5212 3456 78"]),
        ("order #W1000001 of 25.00 USD, 2026-01-15, is on its way.", []),
        ("commerce.orders.get", []),
    ],
)
def test_that_places_are_told_from_words(text: str, found: list[str]) -> None:
    assert points(text) == found


def test_that_a_long_number_by_itself_is_one() -> None:
    assert numbers("Your case number is 88123. Please hold.") == ["88123"]
    assert numbers("#W1000001 costs 12345.00, it is 2026-01-15, 1234 times") == []
