"""Who answers host calls instead of the world: the seam that replay stands on.

A host whose ports have `scripts` performs nothing: each host call goes to the call's script before
any grant, journal or port is asked.
"""

from typing import Protocol

from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.ports import CallScope


class Script(Protocol):
    """The answers of one hook call."""

    def rewind(self) -> None:
        """The guest begins from its start: also again, when its worker was lost."""
        ...

    def answer(self, name: str, request: str) -> str | End:
        """The kept text of an answer (journal.answer_text), or how the call ends here."""
        ...


class Scripts(Protocol):
    """The scripts of a host's calls."""

    def of(self, scope: CallScope) -> Script: ...
