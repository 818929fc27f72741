"""What leans on the line before it, asks for nothing, or is in another language."""

import pytest
from hyperpersonal_core.routing.follow import is_follow_up, matter_before, says_nothing_alone
from hyperpersonal_core.routing.language import asks_for_person_abroad, foreign_language
from hyperpersonal_core.routing.person import asks_for_person
from hyperpersonal_core.routing.remarks import reply_to
from hyperpersonal_core.routing.words import ALL_RIGHT, GLAD, GOOD, WHAT_FOR, in_english_please


@pytest.mark.parametrize(
    "text",
    [
        "and standard?",
        "does it expire?",
        "the kettle",
        "how long does it take",
        "what's the status of it now?",
    ],
)
def test_that_a_message_without_a_subject_is_a_follow_up(text: str) -> None:
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "where is my order",
        "can I return it?",
        "and #W1000001?",
        "how long does delivery take",
        "hello",
        "",
        "it has been two weeks and there is still nothing here",
    ],
)
def test_that_a_matter_of_its_own_is_none(text: str) -> None:
    assert not is_follow_up(text)


def test_that_the_matter_is_the_newest_line_that_stands_by_itself() -> None:
    assert matter_before(["how much is express shipping?", "and standard?"]).startswith("how much")
    assert matter_before(["and standard?"]) == ""
    assert says_nothing_alone("how long does it take?")
    assert not says_nothing_alone("how long is the scarf?")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo ist meine Bestellung #W1000001? maya.lindqvist@example.com", "de"),
        ("O\u00f9 est ma commande ?", "fr"),
        ("\u00bfPuedo devolver un art\u00edculo?", "es"),
        ("Dov'\u00e8 il mio ordine?", "it"),
        ("Onde est\u00e1 meu pedido?", "pt"),
        ("waar is mijn bestelling", "nl"),
        ("\u6211\u60f3\u9000\u8d27", "other"),
        ("where is my order for Maya de la Cruz, 12 Rue de la Paix", ""),
        ("I am Hans von der Heide", ""),
        ("\U0001f44d", ""),
    ],
)
def test_that_a_language_is_known_by_its_small_words(text: str, language: str) -> None:
    assert foreign_language(text) == language


def test_that_we_say_in_their_language_that_we_answer_in_english() -> None:
    assert "Englisch" in in_english_please("de")
    assert in_english_please("other").endswith("take over.")
    assert asks_for_person_abroad("je veux parler \u00e0 l'humain")
    assert not asks_for_person_abroad("wo ist meine Bestellung")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("?", WHAT_FOR),
        ("...", WHAT_FOR),
        ("yes", WHAT_FOR),
        ("ok do it", WHAT_FOR),
        ("\U0001f44d", GOOD),
        ("ok", GOOD),
        ("no", ALL_RIGHT),
        ("I love your kettle, best ever", GLAD),
        ("I love your kettle, can I get another one", ""),
        ("I love it but it arrived broken", ""),
        ("cancel", ""),
        ("yes, where is my order", ""),
    ],
)
def test_that_only_what_asks_for_nothing_is_answered_without_an_agent(text: str, said: str) -> None:
    assert reply_to(text) == said


def test_that_the_one_word_we_offer_calls_a_person() -> None:
    for text in ("person", "Person!", "a person please"):
        assert asks_for_person(text)
    assert not asks_for_person("the person at the door took my parcel")
