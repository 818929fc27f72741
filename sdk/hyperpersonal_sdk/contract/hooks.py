"""What the rarer hooks are asked and answer; the daily ones are in turns, tools and messages."""

from typing import Any, Literal

from msgspec import Struct


class RouteVote(Struct, frozen=True):
    """How sure an agent is (0..1) that a turn is its own."""

    confidence: float
    reason: str = ""


class RawRequest(Struct, frozen=True):
    """A request from outside as it came. `body` is text; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str] = {}
    body: str = ""


class RawAnswer(Struct, frozen=True):
    """What to answer to a `RawRequest`."""

    status: int = 200
    body: str = ""


class SyncAsk(Struct, frozen=True):
    """Go on from `cursor` (empty: from the start), at most `limit` records."""

    cursor: str = ""
    limit: int = 500


class SyncAnswer(Struct, frozen=True):
    """Records found; `cursor` is where the next call goes on, empty when all is read."""

    records: list[dict[str, Any]] = []
    cursor: str = ""


class ReviewAsk(Struct, frozen=True):
    """A reply about to leave: what was asked, what would be said."""

    question: str
    reply: dict[str, Any]


class ReviewVerdict(Struct, frozen=True):
    """`hold` hands the conversation to a person; `reason` tells them why."""

    verdict: Literal["pass", "hold"] = "pass"
    reason: str = ""


class Installed(Struct, frozen=True):
    """The installation a lifecycle hook is about, with its checked configuration."""

    installation_id: str
    config: dict[str, Any] = {}


class EraseAsk(Struct, frozen=True):
    """The contact whose data must go."""

    contact_id: str


class Erased(Struct, frozen=True):
    """How many records of the contact were removed."""

    records: int = 0
