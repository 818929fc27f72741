"""`clock.now` and `random.bytes`: taken once, then always the same in this turn (the journal)."""

from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid

RANDOM_BYTES_MAX = 1_024


class Now(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Random(Struct, frozen=True, forbid_unknown_fields=True):
    n: int = 16


def now(_ask: Now, context: Context) -> Effect | Failure:
    """The host's clock, ISO 8601, UTC. Needs no grant."""
    return Effect(at_once=HostAnswer({"now": context.now().isoformat()}))


def random_bytes(ask: Random, context: Context) -> Effect | Failure:
    """`n` random bytes as hex. Needs no grant."""
    if not 1 <= ask.n <= RANDOM_BYTES_MAX:
        return invalid(f"n: 1..{RANDOM_BYTES_MAX}")
    return Effect(at_once=HostAnswer({"hex": context.random(ask.n).hex()}))
