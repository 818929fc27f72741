"""What a rule is: a module with a name, a reason, whether people may waive it, and `check`."""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.verdicts import Verdict, verdict


class Finding(Struct, frozen=True):
    """One thing a rule found. `where`: a file, with its line if it has one; `note`: worth a
    reviewer's look, refuses nothing; `code`: for machines, the rule's name when left out."""

    where: str
    what: str
    code: str = ""
    note: bool = False

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.where}: {self.what}" if self.where else self.what


class Rule(Protocol):
    """A module of this package. `FIX`: what an author does about a finding."""

    NAME: str
    REASON: str
    FIX: str
    WAIVABLE: bool

    @staticmethod
    def check(reading: Reading) -> Iterator[Finding]:
        """What breaks the rule, place by place; nothing when it holds."""
        ...


def judged(rule: Rule, reading: Reading) -> Verdict:
    """The rule's verdict on what was read. Raises whatever the rule raises: who runs rules that may
    crash says ERROR for them."""
    found = list(rule.check(reading))
    grave = tuple(one.text for one in found if not one.note)
    notes = tuple(f"note: {one.text}" for one in found if one.note)
    if not grave:
        return verdict(rule.NAME, "PASS", detail=notes)
    return verdict(rule.NAME, "FAIL", f"{grave[0]}. {rule.FIX}", grave + notes)
