"""The conversations of the demo: what shoppers say, and what must come of it. Pure values."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

MAYA, TOM, PRIYA, JONAS = (
    "maya.lindqvist@example.com",
    "tom.okafor@example.com",
    "priya.nair@example.com",
    "jonas.weber@example.com",
)

SUGGESTIONS = (
    ("Where is my order?", f"Where is my order #W1000001? My e-mail is {MAYA}"),
    ("Return one item", f"I want to return the Tarn Enamel Mug from #W1000002, {TOM}"),
    ("Cancel an order", f"Please cancel order #W1000003, I ordered it by mistake. {PRIYA}"),
    ("How long can I return?", "How long do I have to return something?"),
    ("Something unclear", "I have a problem with my order"),
    ("Off topic", "What is the capital of Mongolia?"),
    ("A person, please", "I want to talk to a human being"),
)
NOTES = {
    MAYA: "an order on its way, with tracking",
    TOM: "a delivered order of two items",
    PRIYA: "a pending order",
    JONAS: "two orders",
    "elena.rossi@example.com": "a cancelled order, refunded",
    "sam.carter@example.com": "no orders, a gift card",
}


class Ended(Struct, frozen=True):
    """A conversation after the last answer: the shopper's view and the staff's.

    `replies`: what was answered, one text an answer; `acts`: the shop's log of writes since the
    conversation began.
    """

    replies: list[str]
    turns: list[dict[str, Any]]
    conversation: dict[str, Any]
    handoff: dict[str, Any] | None
    events: list[dict[str, Any]]
    acts: list[dict[str, Any]]

    @property
    def last(self) -> dict[str, Any]:
        return self.turns[-1] if self.turns else {}

    def evidence(self) -> list[str]:
        return [f"{item['kind']}:{item['ref']}" for turn in self.turns for item in turn["evidence"]]


class Expectation(Struct, frozen=True):
    """One thing that must hold at the end."""

    words: str
    holds: Callable[[Ended], bool]


class Scene(Struct, frozen=True):
    """One conversation. `trouble`: what the check does to the platform meanwhile."""

    title: str
    says: tuple[str, ...]
    expects: tuple[Expectation, ...]
    trouble: str = ""


def _said(*words: str) -> Expectation:
    def holds(end: Ended) -> bool:
        text = " ".join(end.replies).lower()
        return all(word.lower() in text for word in words)

    return Expectation("the answers say " + ", ".join(words), holds)


def _outcome(outcome: str) -> Expectation:
    return Expectation(f"the turn ends as {outcome}", lambda end: end.last["outcome"] == outcome)


def _agent(title: str) -> Expectation:
    return Expectation(
        f"{title} answers", lambda end: any(turn["agent"] == title for turn in end.turns)
    )


def _acts(tool: str, count: int) -> Expectation:
    def holds(end: Ended) -> bool:
        return [act["tool"] for act in end.acts] == [tool] * count

    return Expectation(f"the shop's log holds {tool} exactly {count} time(s)", holds)


def _article(name: str) -> Expectation:
    return Expectation(
        f"the article {name} is the evidence",
        lambda end: any(name in ref for ref in end.evidence()),
    )


NO_ACTS = Expectation("nothing was written in the shop", lambda end: not end.acts)
ONE_TURN = Expectation(
    "one message, one turn, one answer", lambda end: len(end.turns) == len(end.replies) == 1
)
HANDED = Expectation(
    "the conversation waits for a person, with its packet",
    lambda end: end.conversation["mode"] == "manual" and bool(end.handoff),
)
ONCE_EACH = Expectation(
    "each message was answered once", lambda end: len(end.replies) == len(end.turns)
)
RESUMED = Expectation(
    "the turn that was killed ran again and was answered",
    lambda end: any(max([use.get("runs", 1) for use in turn["usage"]] or [1]) > 1
                    or turn["attempts"] > 1 for turn in end.turns),
)  # fmt: skip

RETURN = (f"I want to return the Tarn Enamel Mug from order #W1000002. {TOM}", "paypal", "yes")

SCENES = (
    Scene(
        "Order status with tracking",
        (SUGGESTIONS[0][1],),
        (_agent("Orders"), _said("#W1000001", "FH1000000001"), _outcome("answered"), NO_ACTS),
    ),
    Scene(
        "A return of one item, confirmed",
        RETURN,
        (_said("Tarn Enamel Mug"), _acts("return_delivered_order_items", 1), ONCE_EACH),
    ),
    Scene(
        "A policy question",
        (SUGGESTIONS[3][1],),
        (_said("30 days"), _article("returns"), NO_ACTS),
    ),
    Scene(
        "An ambiguous message",
        (SUGGESTIONS[4][1],),
        (_outcome("clarifying"), ONE_TURN, NO_ACTS),
    ),
    Scene("A shopper who asks for a person", (SUGGESTIONS[6][1],), (HANDED, NO_ACTS)),
    Scene(
        "A message no shop answers",
        (SUGGESTIONS[5][1],),
        (_outcome("declined"), ONE_TURN, NO_ACTS),
    ),
    Scene(
        "The same message delivered twice",
        (SUGGESTIONS[3][1],),
        (ONE_TURN, _said("30 days")),
        trouble="twice",
    ),
    Scene(
        "The worker is killed in the middle of a turn",
        (f"Please cancel order #W1000003, I no longer need it. {PRIYA}", "yes"),
        (_acts("cancel_pending_order", 1), ONCE_EACH, RESUMED),
        trouble="kill",
    ),
)
