"""What a host call is made of: the call's context going in, an effect or a refusal coming out."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.capability_granter import CapabilityGranter
from hyperpersonal_runtime.egress.fetcher import Fetcher
from hyperpersonal_runtime.egress.streams import OpenStreams
from hyperpersonal_runtime.journal import Entry
from hyperpersonal_runtime.ports import CallScope, Ports

PAST_DEADLINE_MS = 1_000


class Context(Struct, frozen=True):
    """One host call's surroundings. `path`: its journal number; `key`: its idempotency key;
    `earlier`: what the turn has called before it, other agents of the turn included; `left_ms`:
    how long the hook may still run."""

    scope: CallScope
    granter: CapabilityGranter
    ports: Ports
    fetcher: Fetcher
    streams: OpenStreams
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    path: str
    key: str
    earlier: Callable[[], Iterable[Entry]] = tuple
    left_ms: Callable[[], int] = lambda: 30_000

    def wait_ms(self, timeout_ms: int) -> int:
        """How long to wait for an answer. A wait as long as the hook's own time goes past it: then
        it is the deadline that ends the hook, and never a failure told a moment before."""
        return min(timeout_ms, self.left_ms() + PAST_DEADLINE_MS)


class Effect(Struct, frozen=True):
    """A permitted host call, not yet done. `write`: it changes something outside. `at_once`: the
    answer needs no waiting at all."""

    perform: Callable[[], Awaitable[HostAnswer]] | None = None
    write: bool = False
    at_once: HostAnswer | None = None


def invalid(message: str) -> Failure:
    return Failure(FailureKind.INVALID, message)


def limit(message: str) -> Failure:
    return Failure(FailureKind.LIMIT, message)
