"""What an agent is asked: the shopper's words, the talk, what was recalled, its own state."""

from uuid import UUID

from hyperpersonal_sdk.contract.turns import ContactView, TurnRequest

from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.memory.recalled import RecallAsk, Recalled
from hyperpersonal_core.routing.decision import AgentCard, Decision, RouteAsk
from hyperpersonal_core.routing.follow import is_follow_up, matter_before
from hyperpersonal_core.turns.turn import Turn

READ_CONTACT = "memory:contact.read"
READ_KNOWLEDGE = "knowledge:read"


def recall_ask(turn: Turn, text: str) -> RecallAsk:
    """What memory is asked for this part of the turn."""
    live = turn.live
    return RecallAsk(live.tenant_id, turn.contact_id, live.conversation_id, _whole(turn, text))


def route_ask(
    turn: Turn,
    text: str,
    agents: tuple[AgentCard, ...],
    passed: frozenset[UUID],
    recalled: Recalled,
) -> RouteAsk:
    """What the router is asked; `passed`: agents that gave it back. An open question's agent
    counts only for the burst's own text: what an agent left over is by its own word not for it."""
    own = text == turn.text
    return RouteAsk(
        tenant_id=turn.live.tenant_id,
        text=text,
        agents=agents,
        history=tuple(turn.history),
        passages=recalled.passages,
        active=turn.active if own else None,
        last=turn.last if own else None,
        clarified=bool(turn.state.get("clarified")),
        passed=passed,
    )


def turn_request(
    turn: Turn, text: str, agent: Installation, found: tuple[Decision, Recalled], now: str
) -> TurnRequest:
    """The payload of the agent's `reply` hook: no more than its grants let it know.

    `text` is the part of the burst this agent should answer, `now` ISO 8601 in UTC.
    """
    decision, recalled = found
    knows_contact = READ_CONTACT in agent.grants
    return TurnRequest(
        turn_id=str(turn.live.turn_id),
        conversation_id=str(turn.live.conversation_id),
        tenant_name=turn.tenant_name,
        channel=turn.channel,
        text=_matter(turn, text),
        contact=turn.contact if knows_contact else ContactView(turn.contact.id),
        messages=turn.messages,
        history=turn.history,
        facts=list(recalled.facts) if knows_contact else [],
        passages=list(recalled.passages) if READ_KNOWLEDGE in agent.grants else [],
        intent=decision.intent,
        routing_confidence=decision.confidence,
        state=dict(turn.state.get(str(agent.id)) or {}),
        shared=turn.shared(),
        now=now,
        voice=turn.manner.voice,
    )


def _matter(turn: Turn, text: str) -> str:
    """After our clarifying question, with what it was about: its answer alone says too little."""
    if not turn.state.get("clarified") or text != turn.text or not turn.earlier:
        return text
    return f"{turn.earlier[-1]}\n{text}"


def _whole(turn: Turn, text: str) -> str:
    """What to look up: a follow-up ("and standard?") together with the matter it goes on from."""
    if turn.last is None or turn.active or text != turn.text or not is_follow_up(text):
        return _matter(turn, text)
    return f"{matter_before(turn.earlier)}\n{text}".strip()
