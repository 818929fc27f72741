"""An answer in the making: what was said, who was passed over, whether a person must go on.

An agent that only did not understand (`UNSURE`) is not a reason for a person yet: the engine asks
what was meant, once a matter. Not after anything was acted on, and not when the agent has a
question for a person.
"""

from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_sdk.contract.turns import HandoffAsk, HandoffReason, TurnReply

from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.routing.decision import Decision
from hyperpersonal_core.turns import packet, texts
from hyperpersonal_core.turns.actions import but_models, wrote
from hyperpersonal_core.turns.evidence import unsupported
from hyperpersonal_core.turns.legs import STATE_BYTES_MAX
from hyperpersonal_core.turns.turn import Answer, Doubt, HandoffOrder, Leg, Said, Turn

UNSURE: tuple[HandoffReason, ...] = ("low_confidence", "not_able")
# Of these the engine's own notice says all there is to say.
NOTICED: tuple[HandoffReason, ...] = (*UNSURE, "asked_for_person")


class Draft:
    """Takes one leg after the other and becomes an `Answer`."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.said: list[Said] = []
        self.passed: set[UUID] = set()
        self.order: HandoffOrder | None = None
        self._active: UUID | None = None
        self._outcome = "answered"
        self._failed = False
        self._declined: Said | None = None
        self._unsure: float | None = None
        self._told_why = False
        self._state: dict[str, Any] = {k: v for k, v in turn.state.items() if k != "clarified"}

    def doubt(self, leg: Leg) -> Doubt | None:
        """What in the leg's reply nothing shows, if there is such a thing."""
        if leg.reply is None:
            return None
        missing = unsupported(leg.reply, leg.request, self.turn.live.rows.values())
        if not missing:
            return None
        return Doubt("low_confidence", f"nothing shows {', '.join(missing[:5])}")

    def take(self, leg: Leg, agent: Installation | None, doubt: Doubt | None) -> str:
        """Take a finished leg in; returns the text that is still to be answered.

        Sets `order` when a person must go on, as with any `doubt`.
        """
        self.passed.add(leg.installation_id)
        reply = leg.reply
        if reply is None:
            return self._pass_over_failed(leg)
        if doubt is not None:
            return self._withhold(reply, doubt)
        name = agent.title if agent else ""
        part = Said(reply.text.strip(), leg.installation_id, reply.confidence, reply.evidence)
        if reply.status == "declined" and not wrote(self.turn.live.rows.values(), leg.path):
            self._declined = part if part.text else None
            return leg.text
        self._keep_state(leg.installation_id, reply)
        if reply.status == "handoff" and reply.handoff is not None:
            return self._hand_over(part, reply.handoff, name)
        if part.text:
            self.said.append(part)
        if reply.status == "asking":
            self._active, self._outcome = leg.installation_id, "asking"
        return reply.leftover.strip()

    def by_engine(self, decision: Decision) -> Answer:
        """The end of a turn that the router gave to nobody, to a person, or back to the shopper."""
        if self._failed:
            return self.to_person("failed", "No other agent can take this.", decision)
        if decision.kind == "person":
            return self.to_person(decision.handoff, decision.reason, decision)
        if decision.kind == "clarify":
            words = decision.question or texts.say(texts.CLARIFY, self.turn.manner)
            self._clarify(words, decision.confidence)
        elif decision.kind == "reply":
            self._say(decision.question, decision.confidence)
        elif self._declined is not None:
            self.said.append(self._declined)
            self._outcome = "declined"
        elif self.said:
            self._say(texts.say(texts.DECLINE_REST, self.turn.manner), decision.confidence)
        else:
            wanting = decision.handoff == "not_able"
            words = texts.decline(self.turn.manner, for_want_of_an_agent=wanting)
            self._say(words, decision.confidence)
            self._outcome = "declined"
        return self.end(decision)

    def to_person(
        self, reason: HandoffReason, question: str, decision: Decision | None = None
    ) -> Answer:
        """The end of a turn that a person must go on with, for the engine's own reason."""
        self.order = packet.order(self.turn, self.said, HandoffAsk(reason, question=question))
        return self.end(decision)

    def end(self, decision: Decision | None = None) -> Answer:
        """The answer as it stands."""
        legs = self.turn.legs
        decision = decision or (legs[0].decision if legs else None)
        spoke = [part.installation_id for part in self.said if part.installation_id]
        if spoke:
            self._state["last"] = str(spoke[-1])
        return Answer(
            outcome="handed_over" if self.order else self._outcome,
            said=self.said,
            decision=decision,
            handoff=self.order,
            active=None if self.order else self._active,
            state=self._state,
            confidence=self._confidence(decision),
            agent_told_why=self._told_why,
        )

    def _confidence(self, decision: Decision | None) -> float:
        """That of the least sure part; of a handoff without words, that of who decided for it."""
        sure = [part.confidence for part in self.said]
        sure += [self._unsure] if self._unsure is not None else []
        return min(sure, default=decision.confidence if decision else 0.0)

    def _say(self, text: str, confidence: float) -> None:
        self.said.append(Said(text, confidence=confidence))

    def _clarify(self, text: str, confidence: float) -> None:
        self._say(text, confidence)
        self._state["clarified"] = True
        if self._active is None:
            self._outcome = "clarifying"

    def _hand_over(self, part: Said, ask: HandoffAsk, name: str) -> str:
        if self._may_ask_back(part, ask):
            wordings = texts.CLARIFY_REST if self.said else texts.CLARIFY
            self._clarify(texts.say(wordings, self.turn.manner), part.confidence)
            return ""
        self._unsure = part.confidence
        if part.text and (part.evidence or ask.reason not in NOTICED):
            self.said.append(part)
            self._told_why = ask.reason not in NOTICED
        self.order = packet.order(self.turn, self.said, ask, name)
        return ""

    def _may_ask_back(self, part: Said, ask: HandoffAsk) -> bool:
        """Whether nobody, an agent neither, has asked in this matter yet, and nothing was done."""
        acted = any(row.write for row in but_models(self.turn.live.rows.values()))
        asked = self.turn.state.get("clarified") or self.turn.active == part.installation_id
        return ask.reason in UNSURE and not (ask.question or acted or asked)

    def _pass_over_failed(self, leg: Leg) -> str:
        if wrote(self.turn.live.rows.values(), leg.path):
            ask = HandoffAsk("failed", question=f"The agent failed after it acted: {leg.failure}")
            self.order = packet.order(self.turn, self.said, ask)
            return ""
        self._failed = True
        return leg.text

    def _withhold(self, reply: TurnReply, doubt: Doubt) -> str:
        ask = HandoffAsk(doubt.reason, question=f"The prepared reply was not sent: {doubt.words}.")
        self.order = packet.order(self.turn, self.said, ask, withheld=reply.text)
        return ""

    def _keep_state(self, agent: UUID, reply: TurnReply) -> None:
        self._state[str(agent)] = reply.state
        shared = {**(self._state.get("shared") or {}), **reply.shared}
        if len(msgspec.json.encode(shared)) <= STATE_BYTES_MAX:
            self._state["shared"] = shared
