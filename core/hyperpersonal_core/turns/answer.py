"""From a claimed turn to its answer: route, ask the agent, check, route what it left over.

Rules:
1. At most three agents a turn; what they say becomes one reply.
2. An agent that fails before it acted is passed over for the router's next choice; one that may
   have acted is not: a person looks at it. Either way the shopper hears from us.
3. Declining, asking back and handing over are the engine's own, in its own words (`texts`).
4. A reply with anything nobody can show the source of (`evidence`), or that a guard of the tenant
   does not let pass (`guards`), is not sent: a person gets it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.composition.choice import choose
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.installations.values import Bundle
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.memory.recalled import RecallAsk, Recalled
from hyperpersonal_core.routing.decision import Decision, RouteAsk
from hyperpersonal_core.turns import texts
from hyperpersonal_core.turns.draft import Draft
from hyperpersonal_core.turns.guards import Guards
from hyperpersonal_core.turns.legs import Agents
from hyperpersonal_core.turns.request import recall_ask, route_ask, turn_request
from hyperpersonal_core.turns.turn import Answer, Doubt, Leg, Turn, TurnSettings

MARGIN_MS = 1_500  # the agents give up before the turn does
GUARD_MARGIN_MS = 300  # and the guards, who read last


class Minds(Struct, frozen=True):
    """Who knows and who decides; both take one ask, and may answer many at once behind it."""

    recall: Callable[[RecallAsk], Awaitable[Recalled]]
    route: Callable[[RouteAsk], Awaitable[Decision]]


class Plugins(Struct, frozen=True):
    """Who is called in a sandbox."""

    agents: Agents
    guards: Guards


class Answerer:
    """Answers turns. Holds nothing of any one of them."""

    def __init__(
        self, minds: Minds, plugins: Plugins, installations: Installations,
        clock: Clock, settings: TurnSettings,
    ) -> None:  # fmt: skip
        self._minds = minds
        self._agents, self._guards = plugins.agents, plugins.guards
        self._installations = installations
        self._clock = clock
        self._settings = settings

    async def answer(self, turn: Turn) -> Answer:
        """The turn's answer; never raises for what a plugin did.

        Raises:
            OutsideError: the database is away; the turn is resumed later.
        """
        ends_at = asyncio.get_running_loop().time() + self._settings.deadline_s
        draft = Draft(turn)
        if turn.attempts > self._settings.attempts_max:
            return draft.to_person("failed", "It was interrupted too often.")
        live = turn.live
        bundle = await self._installations.bundle(
            live.tenant_id, live.bundle_version, live.conversation_id
        )
        turn.live.input = turn.legs
        turn.manner = texts.manner_of(bundle.composition, self._clock.now())
        text = turn.text
        for number in range(self._settings.agents_max):
            leg = await self._leg(draft, bundle, text, number)
            if isinstance(leg, Decision):
                return draft.by_engine(leg)
            await self._ask(turn, leg, bundle, ends_at)
            doubt = await self._doubt(draft, leg, bundle, ends_at)
            text = draft.take(leg, bundle.installations.get(leg.installation_id), doubt)
            if draft.order is not None or not text:
                return draft.end()
        return draft.to_person("not_able", f"This is still open: {text}")

    async def _leg(self, draft: Draft, bundle: Bundle, text: str, number: int) -> Leg | Decision:
        """The leg an interrupted run has begun, or a new one; or what the engine itself does."""
        turn = draft.turn
        if number < len(turn.legs):
            return turn.legs[number]
        recalled = await self._minds.recall(recall_ask(turn, text))
        decision = await self._decide(draft, text, bundle, recalled)
        agent = bundle.installations.get(decision.installation_id or UUID(int=0))
        if decision.kind != "agent" or agent is None:
            return decision
        now = self._clock.now().isoformat()
        request = turn_request(turn, text, agent, (decision, recalled), now)
        path = f"agent{number + 1}" if number else ""
        leg = Leg(path, text, agent.id, decision, request)
        turn.legs.append(leg)
        return leg

    async def _decide(
        self, draft: Draft, text: str, bundle: Bundle, recalled: Recalled
    ) -> Decision:
        passed, now = frozenset(draft.passed), self._clock.now()
        if all(card.installation_id in passed for card in bundle.cards):
            return Decision("decline", "", 0.0, "no agent is left to ask")
        asked = route_ask(draft.turn, text, bundle.cards, passed, recalled)
        return await choose(self._minds.route, asked, bundle.composition, now)

    async def _ask(self, turn: Turn, leg: Leg, bundle: Bundle, ends_at: float) -> None:
        if leg.done:
            return
        agent = bundle.installations.get(leg.installation_id)
        left_ms = _left_ms(ends_at) - MARGIN_MS
        if agent is None:
            leg.failure = "it is not installed any more"
        elif left_ms <= 0:
            leg.failure = "timed_out: no time was left for it"
        else:
            await self._agents.ask(turn, leg, agent, left_ms)

    async def _doubt(self, draft: Draft, leg: Leg, bundle: Bundle, ends_at: float) -> Doubt | None:
        """Why the leg's reply must not leave: first what costs nothing to see."""
        left_ms = _left_ms(ends_at) - GUARD_MARGIN_MS
        return draft.doubt(leg) or await self._guards.doubt(draft.turn, leg, bundle.guards, left_ms)


def _left_ms(ends_at: float) -> int:
    return int((ends_at - asyncio.get_running_loop().time()) * 1000)
