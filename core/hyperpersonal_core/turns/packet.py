"""What a person gets with a conversation, built by the engine from what is on record.

An agent may add words (goal, question, suggestion), never remove: what was done comes from the
journal, what was said from the timeline.
"""

from typing import Any

from hyperpersonal_sdk.contract.turns import EvidenceItem, HandoffAsk, HandoffReason, Speech

from hyperpersonal_core.turns.actions import actions
from hyperpersonal_core.turns.turn import HandoffOrder, Packet, Said, Turn

GOAL_CHARS_MAX = 500
QUESTION_CHARS_MAX = 200
MESSAGES_MAX = 10
# What a person would best do first, where the agent had no better idea.
SUGGESTIONS: dict[HandoffReason, str] = {
    "asked_for_person": "Greet the contact and ask what a person can do for them.",
    "not_able": "Answer the last message; if an article is missing, add it for next time.",
    "not_allowed": "Decide whether to make an exception, and say why or why not.",
    "money_limit": "Check the amount, and do it in the shop yourself if it is right.",
    "low_confidence": "Ask the contact what they need, in other words than ours.",
    "failed": "Look at what was tried before you try again: it may have been done.",
    "rule": "Answer as your own rule for this matter says.",
}


def order(
    turn: Turn, said: list[Said], ask: HandoffAsk, agent: str = "", withheld: str = ""
) -> HandoffOrder:
    """The order to hand over, with its complete packet.

    `said` is what this turn tells the shopper all the same; `ask` the reason, with an agent's or
    the engine's words about it; `withheld` a reply that was not sent, for the person to judge.
    """
    live = turn.live
    done = actions(live.turn_id, live.rows.values())
    last = turn.legs[-1].request if turn.legs else None
    packet = Packet(
        goal=ask.goal or turn.text[:GOAL_CHARS_MAX],
        question=ask.question or f"How do we answer “{_last_words(turn)}”?",
        suggested_action=ask.suggested_action or SUGGESTIONS[ask.reason],
        tried=[*ask.tried, *(_tried(one) for one in done), *_failures(turn)],
        actions=done,
        evidence=_evidence(turn, said),
        facts=last.facts if last else [],
        passages=last.passages if last else [],
        messages=[*turn.history, *(Speech("contact", text) for text in turn.messages)][
            -MESSAGES_MAX:
        ],
        agent=agent,
        withheld=withheld,
    )
    return HandoffOrder(ask.reason, packet)


def _last_words(turn: Turn) -> str:
    return (turn.messages[-1] if turn.messages else turn.text)[:QUESTION_CHARS_MAX]


def _tried(action: dict[str, Any]) -> str:
    end = {True: "done", False: f"failed: {action['failure']}", None: "answer unknown"}
    return f"{action['tool']}: {end[action['done']]}"


def _failures(turn: Turn) -> list[str]:
    return [
        f"the agent for {leg.decision.label}: {leg.failure}" for leg in turn.legs if leg.failure
    ]


def _evidence(turn: Turn, said: list[Said]) -> list[EvidenceItem]:
    replies = [leg.reply for leg in turn.legs if leg.reply is not None]
    items = [item for reply in replies for item in reply.evidence]
    items += [item for part in said for item in part.evidence if item not in items]
    return items
