"""One turn at a desk: what was said, what is known, and the reply in the making."""

from hyperpersonal_sdk.authoring import Handoff, Reply
from hyperpersonal_sdk.procedure import values
from hyperpersonal_sdk.procedure.evidence import Trail
from hyperpersonal_sdk.procedure.shop import Shop
from hyperpersonal_sdk.procedure.text import show_address

SAME_QUESTION_MAX = 2
QUESTIONS_MAX = 10
GOAL_MAX = 600


class Case:
    """Ends in one of `ask`, `done`, `declined` or `handoff`, each of which makes the reply."""

    def __init__(self, turn, host):
        self.turn = turn
        self.text = turn.text
        self.trail = Trail()
        self.shop = Shop(host, self.trail)
        self.state = turn.state
        self.shared = {}
        self.lines = []
        self.passages = [p.to_json() for p in turn.get("passages") or []]

    def who(self):
        """The shopper's words that may say who they are, this turn's and the first ones."""
        return f"{self.text}\n{self.state.get('goal', '')}"

    def leave(self, others):
        for request in others:
            named = " ".join(request["orders"])
            missing = named if named and named not in request["text"] else ""
            text = f"{request['text']} (order {missing})" if missing else request["text"]
            place = request.get("address")
            if place and not values.address(text):
                text += f" (to {show_address(place)})"
            self.leave_text(text)

    def leave_text(self, text):
        kept = self.state.get("leftover", "")
        if text not in kept:
            self.state["leftover"] = f"{kept}\n{text}".strip()

    def ask(self, question):
        """Put a question, unless it was put often enough: then a person."""
        asked = self.state.setdefault("asked", {})
        key = f"{question.kind}:{question.key}"
        asked[key] = asked.get(key, 0) + 1
        often = SAME_QUESTION_MAX + (question.kind == "identity")
        if asked[key] > often or sum(asked.values()) > QUESTIONS_MAX:
            self.trail.note(f"asked {asked[key] - 1} times: {question.question}"[:200])
            return self.handoff("not_able", question=question.question)
        self.state["asking"] = {"kind": question.kind, "key": question.key, **question.where}
        said = question.question.removeprefix("I'm happy to help. " if self.lines else "")
        text = " ".join([*self.lines, said])
        return self._reply(text, "asking", 0.9)

    def done(self, text, confidence=0.9, *, said=False):
        """The matter is settled; what is others' is let go."""
        leftover = self.state.get("leftover", "")
        body = text if said else " ".join([*self.lines, text])
        self.state = {}
        if self.turn.shared.get("unclear"):
            self.shared["unclear"] = False
        return self._reply(body, "done", confidence, leftover)

    def declined(self):
        """Nothing here is this agent's."""
        self.state = {}
        return Reply(text="", status="declined", confidence=0.2, leftover=self.text)

    def handoff(self, reason, text="", question=""):
        """A person takes over, with all that is known. The engine says so; `text` only says why."""
        packet = Handoff(
            reason=reason,
            goal=self.state.get("goal") or self.text[:GOAL_MAX],
            tried=self.trail.tried[:20],
            question=question,
            suggested_action="; ".join(a["say"] for a in self.state.get("plan", []))[:400],
        )
        body = " ".join([*self.lines, text]).strip()
        self.state = {}
        return self._reply(body, "handoff", 0.3, handoff=packet)

    def _reply(self, text, status, confidence, leftover="", handoff=None):
        return Reply(
            text=text,
            status=status,
            confidence=confidence,
            evidence=self.trail.items,
            leftover=leftover,
            handoff=handoff,
            state=self.state,
            shared=self.shared,
        )
