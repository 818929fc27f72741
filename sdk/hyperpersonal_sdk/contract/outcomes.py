"""How a call into or out of a sandbox can end: always a value, never an exception."""

from enum import StrEnum
from typing import Any

from msgspec import Struct


class Outcome(StrEnum):
    """The end of one hook call."""

    OK = "ok"
    REFUSED = "refused"
    TRAPPED = "trapped"
    TIMED_OUT = "timed_out"
    OVER_LIMIT = "over_limit"
    SUSPENDED = "suspended"
    NONDETERMINISTIC = "nondeterministic"


class FailureKind(StrEnum):
    """The cases of the WIT `failure` variant."""

    DENIED = "denied"
    NOT_FOUND = "not-found"
    INVALID = "invalid"
    LIMIT = "limit"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    SUSPENDED = "suspended"


class Failure(Struct, frozen=True):
    """A typed refusal or failure; `message` names what was missing and what to do."""

    kind: FailureKind
    message: str = ""


class HostAnswer(Struct, frozen=True):
    """The answer of one host call: either `value` (JSON-able) or `failure`. `cost`: meters by name,
    for the journal; the plugin does not see them."""

    value: Any = None
    failure: Failure | None = None
    cost: dict[str, Any] = {}
