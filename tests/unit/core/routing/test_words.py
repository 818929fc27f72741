"""What is read from words alone: asking for a person, answers, vagueness, rules, history."""

import pytest
from hyperpersonal_core.api import Labelled, Rule, read_history
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.memory.matter import matter_of
from hyperpersonal_core.routing.follow import is_answer
from hyperpersonal_core.routing.person import asks_for_person
from hyperpersonal_core.routing.rules import Matcher
from hyperpersonal_core.routing.vague import vague_choices
from hyperpersonal_core.routing.words import question_between

SERVED = ("order", "return", "product", "billing", "customer_success")


@pytest.mark.parametrize(
    "text",
    [
        "I want to talk to a human",
        "human please",
        "can you put me through to a real person",
        "speak to an oeprator",
        "get me your manager",
        "is there anybody I can speak to?",
        "transfer me",
        "no more bots!",
        "could someone call me about my order",
    ],
)
def test_that_asking_for_a_person_is_understood(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "are you a real person?",
        "how do I contact customer service",
        "will the delivery person ring the bell?",
        "I was talking to an agent yesterday and got a refund",
        "I need someone to help me choose boots",
        "do you have contract phones",
        "is it for 4 people",
        "",
    ],
)
def test_that_other_talk_of_people_is_not_asking_for_one(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no thanks",
        "W1234567",
        "my order number is #W1234567",
        "jane@example.com",
        "Jane Doe, 10001",
        "the blue one",
        "yes, go ahead please",
        "!!",
    ],
)
def test_that_answers_are_seen(text: str) -> None:
    assert is_answer(text)


@pytest.mark.parametrize(
    "text",
    [
        "where is my other order?",
        "I want a refund",
        "yes but how do I track the other parcel",
        "actually I would like to know which boots are waterproof",
    ],
)
def test_that_a_new_matter_is_no_answer(text: str) -> None:
    assert not is_answer(text)


def test_that_vague_messages_offer_what_they_may_mean() -> None:
    assert vague_choices("I have a problem with my order", SERVED) == ("order", "return")
    assert vague_choices("can you help me please?", SERVED) == SERVED
    assert vague_choices("I have a problem with my order, it is late", SERVED) == ()
    assert vague_choices("my order", SERVED) == ()
    assert vague_choices("I have a problem with my order", ("order", "billing")) == ()


def test_that_the_question_names_each_choice() -> None:
    assert "order or its delivery, or about a return" in question_between(("order", "return"))
    assert question_between(SERVED).count(",") == 3
    assert "gift wrapping" in question_between(("order", "gift_wrapping"))


def test_that_the_matter_is_without_greeting_name_and_thanks() -> None:
    text = "Hi there, I forgot my password Jane Doe jane@example.com Thank you"
    assert matter_of(text) == "I forgot my password"
    assert matter_of("hello") == "hello"
    assert matter_of("Hi! Thanks") == "Hi! Thanks"
    assert len(matter_of("word " * 5000)) <= 2000


def test_that_the_first_rule_that_matches_decides() -> None:
    words, pattern = Rule("gift card", "billing"), Rule("/\\bwhole\\s?sale\\b/", "person")
    matcher = Matcher([words, pattern])
    assert matcher.match("My CARD is a gift") == words
    assert matcher.match("whole sale prices for a gift card?") == words
    assert matcher.match("Wholesale?") == pattern
    assert matcher.match("a giftcard") is None


@pytest.mark.parametrize("pattern", ["", "!!", "/(/", "/(a+)+b/", "x" * 201])
def test_that_rules_we_cannot_or_will_not_run_are_refused(pattern: str) -> None:
    with pytest.raises(RefusedError):
        Matcher([Rule(pattern, "person")])


def test_that_history_is_read_and_a_bad_line_is_named() -> None:
    good = b'{"text": "hi", "agent": "smalltalk"}\n\n{"text": "x", "agent": "order", "extra": 1}'
    assert read_history("h.jsonl", good) == [Labelled("hi", "smalltalk"), Labelled("x", "order")]
    with pytest.raises(RefusedError, match="line 2"):
        read_history("h.jsonl", b'{"text": "hi", "agent": "a"}\n{"text": 1}')
