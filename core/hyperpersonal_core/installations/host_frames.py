"""What a turn worker and a runtime process say to each other, as msgpack over the bus."""

from hyperpersonal_runtime.api import CallRecord, CallResult, HookCall
from msgspec import Struct, structs

from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_core.installations.sealed import JournalRow

SUBJECT = "hp.runtime.call"
QUEUE = "runtimes"
CALLS_CHARS_MAX = 128 * 1024


class CallAsk(Struct, frozen=True):
    """A hook call without the release's files: whoever runs it loads and verifies them itself.

    `turn`: the turn it belongs to as the worker knows it, so that its writes are fenced by the
    same epoch there; `call.recorded` is then empty, since the turn's rows hold it.
    """

    call: HookCall
    turn: LiveTurn | None = None


class CallAnswer(Struct, frozen=True):
    """How it ended: a result, or what the host raised (`refused`, `outside`: the words).

    `rows`, `calls`: what was recorded for the turn meanwhile; with `cut` they did not fit, and
    those made durable are read from the database."""

    result: CallResult | None = None
    rows: tuple[JournalRow, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    refused: str = ""
    outside: str = ""
    cut: bool = False


def ask_of(call: HookCall, turn: LiveTurn | None, deadline_ms: int) -> CallAsk:
    """The call as it travels, with what is left of its time."""
    limits = structs.replace(call.limits, deadline_ms=deadline_ms)
    recorded = call.recorded if turn is None else ()
    bare = structs.replace(call.release, files={})
    call = structs.replace(call, release=bare, limits=limits, recorded=recorded)
    return CallAsk(call, turn and _light(turn))


def _light(turn: LiveTurn) -> LiveTurn:
    """The turn without its ended calls where they are large: they are the worker's to keep, and go
    along only so that a crash later in the turn loses none of them."""
    size = sum(len(call.payload) + len(call.value) for call in turn.calls.values())
    return turn if size <= CALLS_CHARS_MAX else structs.replace(turn, calls={})
