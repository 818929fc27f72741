"""The engine: from a message to one reply, with all that is still open kept as JSON.

A `Desk` owns some verbs. It takes its own requests of a message, hands the rest on as leftover,
asks for what is missing one question at a time (the same one at most twice, then a person),
shows what it will do, and acts only on an explicit yes.

State: `requests` still to be settled, `asking` the question that is open, `plan` the writes that
wait for a yes, `asked` how often each question was put, `leftover` for other agents, `goal`.
"""

from hyperpersonal_sdk.authoring import HostCallFailedError
from hyperpersonal_sdk.procedure import (
    answers,
    conditions,
    confirm,
    policy,
    regret,
    requests,
    verbs,
    words,
)
from hyperpersonal_sdk.procedure.asks import Ask, NotMine, Refuse
from hyperpersonal_sdk.procedure.case import GOAL_MAX, Case
from hyperpersonal_sdk.procedure.identify import identify
from hyperpersonal_sdk.procedure.plan import carry_out, merged


class Desk:
    """What one agent does. `acting`: verb -> builder of writes; `informing`: verb -> function that
    answers in words; `other`: answers what is no request; `first`: verb -> builder of changes that
    are made here only because an order must have them before this desk closes it."""

    def __init__(self, acting, informing, other, first=None):
        self._acting = acting
        self._informing = informing
        self._other = other
        self._builders = {**(first or {}), **acting}

    def reply(self, turn, host):
        """The answer of one turn."""
        case = Case(turn, host)
        try:
            return self._reply(case)
        except HostCallFailedError as failure:
            case.trail.note(f"a call failed: {failure.kind} {failure.message}"[:200])
            return case.handoff("failed", words.SHOP_FAILED)

    def _reply(self, case):
        if verbs.PERSON.search(case.text):
            return case.handoff("asked_for_person")
        if case.state.get("plan"):
            return self._after_plan(case)
        if "requests" not in case.state:
            return self._first_words(case)
        if verbs.NEVER_MIND.search(case.text):
            case.lines.clear()
            return case.done(words.STOPPED)
        self._take_answer(case)
        return self._advance(case)

    def _first_words(self, case):
        """A message while nothing is open, or the answer to "what do you need?"."""
        unclear = (case.state.pop("asking", None) or {}).get("kind") == "unclear"
        if self._take_message(case):
            return self._advance(case)
        if unclear and confirm.answer(case.text) == "no":
            return case.done(words.WHENEVER)
        return (
            case.declined() if unclear and requests.read(case.text) else self._others_matter(case)
        )

    def _take_message(self, case):
        """Own requests into the state, the others into the leftover; False if none is ours."""
        found = requests.read(case.text)
        mine = self._with_what_is_first([r for r in found if self._owns(r, case)], found)
        if mine:
            case.lines.extend(filter(None, [regret.sorry(mine[0])]))
            case.state.update(requests=mine, goal=case.text[:GOAL_MAX])
            case.leave(r for r in found if r not in mine)
        return bool(mine)

    def _with_what_is_first(self, own, found):
        """An order is not closed while a change of it is to be made: the change is made here if
        it can be, else what closes the order is left to the next agent with it."""
        waiting = [r for r in found if r not in own and r["verb"] in _FIRST]
        closing = [r for r in own if r["verb"] in _CLOSING]
        taken = [r for r in waiting if r["verb"] in self._builders and _same_order(r, closing)]
        waiting = [r for r in waiting if r not in taken]
        own = [r for r in own if r["verb"] not in _CLOSING or not _same_order(r, waiting)]
        return [r for r in found if r in own or (own and r in taken)]

    def _owns(self, request, case):
        if request["verb"] not in self._acting:
            return request["verb"] in self._informing
        return not (requests.is_question(request) and policy.best(case.text, case.passages))

    def _others_matter(self, case):
        """No request of ours: another agent's wish is declined, a question gets an answer."""
        wishes = [r for r in requests.read(case.text) if r["verb"] in _WISHES]
        if any(r["verb"] not in self._acting and not requests.is_question(r) for r in wishes):
            return case.declined()
        return self._other(case)

    def _take_answer(self, case):
        asking = case.state.pop("asking")
        if answers.absorb(asking, case.state["requests"], case.text):
            return
        more = [r for r in requests.read(case.text) if self._owns(r, case)]
        case.state["requests"].extend(more)

    def _after_plan(self, case):
        plan = case.state.pop("plan")
        said = confirm.answer(case.text)
        if said == "yes":
            return self._carry_out(case, plan)
        more = requests.read(case.text)
        mine = [r for r in more if self._owns(r, case)]
        if said == "no" and not mine:
            case.state["requests"] = []
            return case.done(words.STOPPED)
        if mine:
            kept = [] if said == "no" else case.state["requests"]
            case.state["requests"] = kept + mine
            return self._advance(case)
        case.state["plan"] = plan
        return case.ask(
            Ask("confirm", f"{words.NOT_CLEAR} {words.plan([a['say'] for a in plan])}", "confirm")
        )

    def _carry_out(self, case, plan):
        lines, failure = carry_out(plan, case.shop)
        case.state["requests"] = []
        if failure is None:
            return case.done(" ".join(lines), confidence=0.95)
        case.trail.note(f"not done: {failure.kind} {failure.message}"[:200])
        reason = "money_limit" if failure.kind == "denied" else "failed"
        case.lines.extend(lines)
        return case.handoff(
            reason, words.OVER_LIMIT if reason == "money_limit" else words.SHOP_FAILED
        )

    def _advance(self, case):
        """Settle every request as far as it goes: answers, then one question or one plan."""
        try:
            actions = self._settle(case)
        except Ask as question:
            return case.ask(question)
        plan, refused = merged(actions)
        case.lines.extend(refused)
        if plan:
            case.state["plan"] = plan
            return case.ask(Ask("confirm", words.plan([a["say"] for a in plan]), "confirm"))
        case.state["requests"] = []
        nothing = "" if case.state.get("leftover") else words.STOPPED
        return case.done(" ".join(case.lines) or nothing, said=True)

    def _settle(self, case):
        actions, refused = [], False
        for request in list(case.state["requests"]):
            if request.get("if_failed") and not refused:
                continue
            refused = False
            identify(case.shop, case.turn, case.who())
            case.shared["customer_id"] = case.shop.customer_id
            try:
                actions.extend(self._one(request, case))
            except Refuse as refusal:
                refused = True
                case.lines.append(str(refusal))
            except NotMine as part:
                case.leave_text(part.leftover)
                case.state["requests"].remove(request)
        return actions

    def _one(self, request, case):
        if request["verb"] in self._builders:
            actions = self._builders[request["verb"]](request, case.shop)
            condition = request.get("only_if")
            if condition and not conditions.holds(condition, actions, case.shop):
                raise Refuse(
                    f"It is not so that {condition['said'].partition(' ')[2]}, "
                    "so I leave that as it is."
                )
            return actions
        case.lines.append(self._informing[request["verb"]](request, case))
        case.state["requests"].remove(request)
        return []


_WISHES = frozenset(verb for verb, _ in verbs.ACTING) | {"regret"}
_FIRST = ("set_address", "set_payment")
_CLOSING = ("swap", "cancel")


def _same_order(request, others):
    mine = set(request["orders"])
    return any(not mine or not o["orders"] or mine & set(o["orders"]) for o in others)
