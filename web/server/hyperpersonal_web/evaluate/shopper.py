"""The scripted shopper: answers an agent's questions from a task's known facts, without a model.

It knows the expected arguments and gives them when asked, so what is reached with it is an upper
bound of what a procedure understands. Rules, the first that fits: e-mail, name or zip, order
number, reason, payment, which variant, confirmation, else "no, thank you".
"""

import re
from typing import Any

from msgspec import Struct

TURNS_MAX = 12
_ORDER_ID = re.compile(r"#W\d{5,10}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"e-?mail",
        r"\b(?:first|last|full|your) name\b|\bzip\b|\bpost(?:al)? code\b",
        r"\border (?:number|id)\b|\bwhich (?:of your )?orders?\b",
        r"\breason\b",
        r"\bpayment\b|\brefund(?:ed)? to\b|\bpay with\b",
        r"\b(?:which|what) (?:variant|option|version|model|colou?r|size)",
        r"\b(?:shall i|go ahead|confirm|proceed|yes or no|is that (?:right|correct))",
    )
)
NOTHING_ELSE = "no, thank you"


class Product(Struct, frozen=True):
    """What the shopper knows of a variant: its product's name and its options."""

    name: str
    options: dict[str, str]


class Task(Struct, frozen=True):
    """A row of `tasks.jsonl`, as far as the shopper and the scoring need it."""

    id: str
    user_id: str
    opening: str
    known_info: str
    answers: dict[str, str]
    expected_actions: list[dict[str, Any]]
    write_actions: list[dict[str, Any]]
    escalate: bool = False
    source: str = ""


class Shopper:
    """Answers the questions of one conversation."""

    def __init__(self, task: Task, variants: dict[str, Product]) -> None:
        self._task = task
        self._variants = variants
        answers = (
            self._email, self._name, self._order, self._reason,
            self._payment, self._variant, self._confirm,
        )  # fmt: skip
        self._rules = tuple(zip(_ASKED, answers, strict=True))

    def answer(self, reply: str) -> str:
        """What the shopper writes next. Only the questions of a reply are looked at."""
        questions = " ".join(s for s in _SENTENCE.split(reply) if s.endswith("?"))
        for pattern, rule in self._rules:
            if pattern.search(questions):
                return rule(questions)
        return NOTHING_ELSE

    def _email(self, _: str) -> str:
        return self._task.answers.get("email") or "I don't remember"

    def _name(self, _: str) -> str:
        told = self._task.answers
        return f"{told['first_name']} {told['last_name']}, {told['zip']}"

    def _order(self, _: str) -> str:
        known = _ORDER_ID.findall(f"{self._task.known_info} {self._task.opening}")
        return known[0] if known else "I don't have it"

    def _reason(self, question: str) -> str:
        return self._argument("reason", question) or "no longer needed"

    def _payment(self, question: str) -> str:
        return self._argument("payment_method_id", question) or NOTHING_ELSE

    def _confirm(self, _: str) -> str:
        return self._task.answers.get("confirm", "yes")

    def _argument(self, name: str, question: str) -> str:
        """An expected argument: of the action on the order the question names, and of its kind,
        else the first there is."""
        having = [a["args"] for a in self._task.expected_actions if name in a["args"]]
        asked = [args for args in having if args.get("order_id", "-") in question] or having
        swaps = [args for args in asked if "new_item_ids" in args]
        about = swaps if swaps and "difference" in question else asked
        return str(about[0][name]) if about else ""

    def _variant(self, question: str) -> str:
        """The options of the new items; of the product asked about, if it is one of them."""
        wanted = [
            self._variants[item]
            for action in self._task.expected_actions
            for item in action["args"].get("new_item_ids", [])
            if item in self._variants
        ]
        asked = [one for one in wanted if one.name.lower() in question.lower()]
        told = asked or wanted
        return "; ".join(_options(one) for one in told) or NOTHING_ELSE


def _options(one: Product) -> str:
    return ", ".join(f"{key}: {value}" for key, value in one.options.items())
