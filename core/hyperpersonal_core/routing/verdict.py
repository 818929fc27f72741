"""From the model's opinion to a decision: which agent, or a question, or a polite no.

Rules: decline only what is surely foreign; ask once when two agents are as likely and nothing
else decides (an order number does: that is the order side's); a conversation stays with its agent
unless the new matter is clear.
"""

import re
from collections.abc import Sequence

from hyperpersonal_sdk.procedure.slots import extract

from hyperpersonal_core.routing.decision import AgentCard, Decision, RouteAsk
from hyperpersonal_core.routing.seed import OUT_OF_SCOPE, SMALLTALK, STAND_INS
from hyperpersonal_core.routing.sight import Sight
from hyperpersonal_core.routing.vague import vague_choices
from hyperpersonal_core.routing.words import question_between

DECLINE_LEAST = 0.35
DECLINE_WHILE_ASKING_LEAST = 0.9
SWITCH_LEAST = 0.6
CLARIFY_MARGIN = 0.1
CLARIFY_WORDS_MAX = 8
KNOWN_EXAMPLE = 0.8
KNOWN_ARTICLE = 0.5
FOLLOW_KNOWN_EXAMPLE = 0.7
ORDER = "order"
PAIR = 2
# How much of a foreign text's probability counts: half where nothing like it is known, all near it.
DECLINE_FAR, DECLINE_NEAR = 0.3, 0.8
_OF_ORDERS = re.compile(r"\b(?:orders?|parcel|package|delivery|tracking|shipment)\b", re.IGNORECASE)


def decide(ask: RouteAsk, sight: Sight) -> Decision:
    """The decision for a text that no rule and no open question decided."""
    ranked = sight.ranked()
    foreign = dict(ranked)[OUT_OF_SCOPE]
    active = card_of(ask.agents, ask.active)
    least = DECLINE_WHILE_ASKING_LEAST if active else DECLINE_LEAST
    if ranked[0][0] == OUT_OF_SCOPE and foreign >= least:
        reason = f"no shop answers this: {sight.because()}"
        runner_up = next((label for label, _ in ranked[1:]), "")
        sure = _round(foreign * _trust(sight))
        return Decision("decline", OUT_OF_SCOPE, sure, reason, runner_up=runner_up)
    inside = [pair for pair in ranked if pair[0] != OUT_OF_SCOPE]
    if active and (kept := _kept(ask, active, inside, sight)):
        return kept
    choices = _unclear(ask, inside, sight)
    if choices and ORDER in (*choices, *dict(inside[:2])) and _names_order(ask.text):
        return _to_agent(ask, sorted(inside, key=lambda pair: pair[0] != ORDER), sight)
    if len(choices) == PAIR and (told := _who_spoke(ask, inside, choices)):
        return told
    if choices:
        return _clarify(inside, choices)
    return _to_agent(ask, inside, sight)


def decide_follow_up(ask: RouteAsk, sight: Sight) -> Decision:
    """The decision for a message without a subject; `sight` is of it and the line before it."""
    last = card_of(ask.agents, ask.last)
    inside = [pair for pair in sight.ranked() if pair[0] != OUT_OF_SCOPE]
    for label, likely in inside[:2]:
        if last and label in last.labels:
            reason = f"it goes on from what {last.name} said; with that {sight.because()}"
            return to_card(last, label, max(likely, 0.5), reason)
    return decide(ask, sight)


def is_known(sight: Sight) -> bool:
    """True when a short text resembles something well enough to stand by itself."""
    return sight.near_example >= FOLLOW_KNOWN_EXAMPLE or sight.near_article >= KNOWN_ARTICLE


def to_card(card: AgentCard, label: str, confidence: float, reason: str) -> Decision:
    """A decision for one agent."""
    return Decision("agent", label, _round(confidence), reason, card.installation_id)


def card_of(agents: Sequence[AgentCard], installation_id: object) -> AgentCard | None:
    """The card of an installation."""
    return next((card for card in agents if card.installation_id == installation_id), None)


def server_of(agents: Sequence[AgentCard], label: str) -> AgentCard | None:
    """The first agent that serves a label, or its stand-in."""
    for wanted in (label, STAND_INS.get(label)):
        for card in agents:
            if wanted in card.labels:
                return card
    return agents[0] if label == SMALLTALK and agents else None


def _kept(
    ask: RouteAsk, active: AgentCard, inside: list[tuple[str, float]], sight: Sight
) -> Decision | None:
    """Stay with the agent that asked, unless another matter is clearly raised."""
    label, likely = inside[0]
    own = sum(p for name, p in inside if name in active.labels and name != SMALLTALK)
    near = sight.near_example >= KNOWN_EXAMPLE or sight.near_article >= KNOWN_ARTICLE
    clear = likely >= SWITCH_LEAST and near and own < 1 - SWITCH_LEAST
    if label not in active.labels and label != SMALLTALK and clear:
        return None
    best = next((name for name, _ in inside if name in active.labels), active.labels[0])
    return to_card(active, best, max(own, 0.5), f"{active.name} has a question open")


def _who_spoke(
    ask: RouteAsk, inside: list[tuple[str, float]], choices: tuple[str, ...]
) -> Decision | None:
    """Of two that are as likely, the agent that spoke last: the talk is about its matter."""
    last = card_of(ask.agents, ask.last)
    label = next((label for label in choices if last and label in last.labels), "")
    if last is None or not label or vague_choices(ask.text, choices):
        return None
    return to_card(last, label, dict(inside)[label], f"{last.name} spoke last; else unclear")


def _unclear(ask: RouteAsk, inside: list[tuple[str, float]], sight: Sight) -> tuple[str, ...]:
    if ask.clarified or ask.passed or len(inside) < 2:
        return ()
    served = [label for label, _ in inside if label != SMALLTALK and _served(ask, label)]
    if choices := vague_choices(ask.text, served):
        return choices
    (first, most), (second, next_most) = inside[:2]
    near = sight.near_example >= KNOWN_EXAMPLE or sight.near_article >= KNOWN_ARTICLE
    close = most - next_most < CLARIFY_MARGIN and SMALLTALK not in (first, second)
    short = len(ask.text.split()) <= CLARIFY_WORDS_MAX
    if close and short and not near and {first, second} <= set(served):
        return first, second
    return ()


def _served(ask: RouteAsk, label: str) -> bool:
    return any(label in card.labels for card in ask.agents)


def _clarify(inside: list[tuple[str, float]], choices: tuple[str, ...]) -> Decision:
    chances = dict(inside)
    likely = sorted(choices, key=lambda label: -chances[label])
    return Decision(
        "clarify",
        likely[0],
        _round(chances[likely[0]]),
        f"as likely {likely[0]} as {likely[1]}",
        runner_up=likely[1],
        question=question_between(choices),
    )


def _to_agent(ask: RouteAsk, inside: list[tuple[str, float]], sight: Sight) -> Decision:
    label, likely = inside[0]
    second = inside[1][0] if len(inside) > 1 else ""
    card = server_of(ask.agents, label)
    if card is None and ask.passed:
        others = (
            pair for pair in inside if pair[0] != SMALLTALK and server_of(ask.agents, pair[0])
        )
        label, likely = next(others, inside[0])
        card = server_of(ask.agents, label)
    intent = sight.neighbour.intent if sight.neighbour.label == label else ""
    reason = sight.because()
    if card is None:
        reason = f"no installed agent serves {label}; {reason}"
    return Decision(
        "agent" if card else "person",
        label,
        _round(likely),
        reason,
        card.installation_id if card else None,
        runner_up=second,
        intent=intent,
        handoff="not_able",
    )


def _names_order(text: str) -> bool:
    kinds = {kind for kind, _, _, _ in extract(text)}
    return "order_id" in kinds or ("email" in kinds and bool(_OF_ORDERS.search(text)))


def _trust(sight: Sight) -> float:
    span = (sight.near_example - DECLINE_FAR) / (DECLINE_NEAR - DECLINE_FAR)
    return 0.5 + 0.5 * min(1.0, max(0.0, span))


def _round(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 3)
