"""Which conditions of an update are turned, and what the turned release is."""

import ast

import pytest
from hyperpersonal_registry.checks.conditions import conditions, turned
from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_sdk import hpx

from .small_mail import release

RETURNS = 'if "return" in turn.text'


def play(*swaps: tuple[str, str], version: str = "1.0.1") -> Play:
    return Play(hpx.unpack(release(version, *swaps)))


@pytest.mark.parametrize(
    ("asks", "about"),
    [
        ('turn.tenant_name == "Big Mart"', "who"),
        ("len(turn.conversation_id) % 16 == 5", "who"),
        ('host.now() > "2026-06"', "when"),
        ('len(turn.get("history", [])) >= 8', "when"),
        ("order.total.minor > 90_000", ""),
        ("order.note", ""),
    ],
)
def test_that_a_condition_tells_whether_it_asks_who_or_when(asks: str, about: str) -> None:
    found = conditions(play(version="1.0.0"), play((RETURNS, f"{RETURNS} or {asks}")))
    assert {one.about for one in found} == {about}
    assert {one.holds for one in found} == {True, False}


def test_that_what_stood_there_before_is_not_turned() -> None:
    assert conditions(play(version="1.0.0"), play()) == []
    assert conditions(play(version="1.0.0"), play(("I mailed it.", "It is in your inbox."))) == []


def test_that_a_part_beside_an_old_one_is_turned_alone() -> None:
    found = conditions(play(version="1.0.0"), play((RETURNS, RETURNS + ' and turn.text[0] == "q"')))
    assert {one.text for one in found} == {"turn.text[0] == 'q'"}


def test_that_a_turned_release_is_whole_and_is_another() -> None:
    after = play((RETURNS, RETURNS + ' and turn.text[0] == "q"'))
    first = conditions(play(version="1.0.0"), after)[0]
    other = turned(after, first)
    source = other.reading.texts[first.path]
    assert "turn.text[0] == 'q' or True" in source
    assert ast.parse(source)
    assert other.archive.digest != after.archive.digest
    assert {path for path, data in other.archive.files.items()
            if after.archive.files[path] != data} == {first.path}  # fmt: skip
