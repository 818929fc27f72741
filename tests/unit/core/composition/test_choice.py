"""Who may be chosen now, who takes what no agent takes, and what the engine says in whose voice."""

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import pytest
from hyperpersonal_core.composition.choice import away, fall_back, people_back
from hyperpersonal_core.composition.values import AgentTerms, Composition
from hyperpersonal_core.routing.decision import AgentCard, Decision
from hyperpersonal_core.turns import texts
from hyperpersonal_core.turns.turn import Manner
from hyperpersonal_sdk.contract.turns import HandoffReason, Voice
from hyperpersonal_sdk.hours import parse

ONE, TWO = UUID(int=1), UUID(int=2)
CARDS = (
    AgentCard(ONE, "one", ("order",), plugin_id="acme/one"),
    AgentCard(TWO, "two", ("gifts",), plugin_id="acme/two"),
)
OFFICE = parse("Europe/Berlin", ["mon-fri 09:00-17:00"])
DAY, NIGHT = datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 20, tzinfo=UTC)
NOBODY = Decision("person", "gifts", 0.4, "no installed agent serves gifts", handoff="not_able")


def composed(*fallback: str, people: bool = True, agents: bool = True) -> Composition:
    return Composition(
        {"acme/two": AgentTerms(OFFICE)} if agents else {},
        OFFICE if people else None,
        fallback or ("person",),
    )


def test_that_an_agent_is_away_outside_its_hours_only() -> None:
    assert away(CARDS, composed(), DAY) == frozenset()
    assert away(CARDS, composed(), NIGHT) == {TWO}
    assert away(CARDS, Composition(), NIGHT) == frozenset()


def test_that_people_are_back_when_their_hours_begin() -> None:
    assert people_back(composed(), DAY) == ""
    assert people_back(composed(), NIGHT) == "tomorrow at 09:00 (Europe/Berlin)"
    assert people_back(Composition(), NIGHT) == ""
    assert people_back(Composition(people=parse("UTC", [])), DAY) == "later"


@pytest.mark.parametrize(
    ("fallback", "at", "kind", "installed"),
    [
        (("person",), NIGHT, "person", None),
        (("acme/one", "person"), DAY, "agent", ONE),
        (("acme/two", "person"), NIGHT, "person", None),
        (("person", "decline"), DAY, "person", None),
        (("person", "decline"), NIGHT, "decline", None),
        (("person", "acme/one"), NIGHT, "agent", ONE),
        (("acme/gone", "decline"), DAY, "decline", None),
        (("decline",), DAY, "decline", None),
    ],
)
def test_that_the_fallback_takes_what_no_agent_takes(
    fallback: tuple[str, ...], at: datetime, kind: str, installed: UUID | None
) -> None:
    composition = composed(*fallback)
    found = fall_back(NOBODY, CARDS, away(CARDS, composition, at), composition, at)
    assert (found.kind, found.installation_id) == (kind, installed)


def test_that_an_agent_that_gave_it_back_is_not_asked_again_by_the_fallback() -> None:
    composition = composed("acme/one", "decline")
    assert fall_back(NOBODY, CARDS, {ONE}, composition, DAY).kind == "decline"


@pytest.mark.parametrize("handoff", ["asked_for_person", "rule", "failed", "money_limit"])
def test_that_who_asks_for_a_person_gets_one_at_any_hour(handoff: HandoffReason) -> None:
    asked = Decision("person", "order", 0.9, "asked", handoff=handoff)
    assert fall_back(asked, CARDS, (), composed("decline"), NIGHT) == asked
    other = Decision("agent", "order", 0.9, "its matter", ONE)
    assert fall_back(other, CARDS, (), composed("decline"), NIGHT) == other


LATER = Manner(people_back="tomorrow at 09:00 (Europe/Berlin)")


@pytest.mark.parametrize("reason", get_args(HandoffReason))
def test_that_every_notice_says_when_people_are_back(reason: HandoffReason) -> None:
    for told in (False, True):
        assert "back tomorrow at 09:00" in texts.notice(reason, LATER, told=told)
        assert "back" not in texts.notice(reason, told=told)
    assert "back tomorrow at 09:00" in texts.still_waiting(LATER)
    assert "tomorrow" in texts.decline(LATER, for_want_of_an_agent=True)
    assert "tomorrow" not in texts.decline(LATER)


def test_that_the_engine_avoids_what_the_merchant_avoids_and_speaks_under_its_name() -> None:
    quiet = Manner(Voice("Fern of Fernhill", avoid=("Sorry", "glad to help")))
    assert "Fern of Fernhill" in texts.decline(quiet)
    for said in (texts.decline(quiet), texts.notice("failed", quiet),
                 texts.say(texts.DECLINE_REST, quiet)):  # fmt: skip
        assert "sorry" not in said.lower()
    assert "sorry" in texts.notice("failed").lower(), "without a wish it stays as it was"


def test_that_every_wording_is_whole() -> None:
    wordings = [texts.DECLINE, texts.DECLINE_REST, texts.CLARIFY, texts.CLARIFY_REST,
                texts.STILL_WAITING, texts.STILL_CLOSED, texts.CLOSED]  # fmt: skip
    for same in wordings:
        assert len(same) > 1
        for text in same:
            assert "{" not in texts.say([text], LATER)


def test_that_a_frame_leaves_the_words_between_as_they_are() -> None:
    voice = Voice("Fern", greeting="Hello!", sign_off="Fern")
    words = "Your order #W1 costs $12.00."
    assert texts.framed(words, voice, first=True, settled=True) == f"Hello!\n\n{words}\n\nFern"
    assert texts.framed(words, voice, first=False, settled=False) == words
    assert texts.framed(words, Voice(), first=True, settled=True) == words
