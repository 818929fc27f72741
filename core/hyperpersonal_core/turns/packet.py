"""What a person gets with a conversation, built by the engine from what is on record.

An agent may add words (goal, question, suggestion), never remove: what was done comes from the
journal, what was said from the timeline.
"""

from hyperpersonal_sdk.contract.turns import EvidenceItem, HandoffAsk, HandoffReason, Speech

from hyperpersonal_core.turns.actions import actions
from hyperpersonal_core.turns.turn import HandoffOrder, Packet, Said, Turn

GOAL_CHARS_MAX = 500
MESSAGES_MAX = 10


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
        question=ask.question,
        suggested_action=ask.suggested_action,
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


def give_up(turn: Turn, reason: HandoffReason, question: str) -> HandoffOrder:
    """An order of the engine itself: no agent could or should go on."""
    return order(turn, [], HandoffAsk(reason, question=question))


def _tried(action: dict[str, object]) -> str:
    end = {True: "done", False: f"failed: {action['failure']}", None: "answer unknown"}
    return f"{action['tool']}: {end[action['done']]}"  # type: ignore[index]


def _failures(turn: Turn) -> list[str]:
    return [
        f"the agent for {leg.decision.label}: {leg.failure}" for leg in turn.legs if leg.failure
    ]


def _evidence(turn: Turn, said: list[Said]) -> list[EvidenceItem]:
    replies = [leg.reply for leg in turn.legs if leg.reply is not None]
    items = [item for reply in replies for item in reply.evidence]
    items += [item for part in said for item in part.evidence if item not in items]
    return items
