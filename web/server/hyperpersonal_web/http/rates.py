"""How much one shopper, or one address, may ask of a gateway (M-SEC-04).

Counted in memory, for this process: a second gateway allows as much again. What is refused was not
stored, so the same message with the same id can be sent again when the time has come.
"""

import math
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from ipaddress import ip_address, ip_network
from uuid import UUID

import msgspec
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.errors import TooManyError
from hyperpersonal_core.kit.settings import Settings

KEYS_MAX = 50_000
MESSAGES_BURST = 30
TYPING_BURST = 20
SESSIONS_BURST = 60
REGISTRY_BURST = 60
REGISTRY_PER_S = 2.0
OBSERVATIONS_PER_S, OBSERVATIONS_BURST = 1 / 60, 5
LIMITS = ("messages_per_s", "typing_per_s", "sessions_per_s", "sockets_per_contact", "backlog_max")
FINEST_S = 1e-6  # as fine as the clock
HOME_PREFIX = 64  # one subscriber has a whole /64 of IPv6 addresses (RFC 6177)


class Buckets:
    """A token bucket a key. Kept as the moment it will be full again, one number a key: a new key
    is full, and so is one that was forgotten because `keys_max` others came after it.

    Args:
        per_s: tokens that come back in a second; 0: no limit.
        burst: tokens of a full bucket.
        clock: may be set back; then a key waits for one token at most.
    """

    def __init__(self, per_s: float, burst: int, clock: Clock, keys_max: int = KEYS_MAX) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._keys_max = keys_max
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._full_at)

    def take(self, key: Hashable, what: str) -> None:
        """Take one token; `what` there is too much of, in a shopper's words.

        Raises:
            TooManyError: there is none; it says when the next one comes.
        """
        if not self._per_s:
            return
        now, filling_s = self._clock.now().timestamp(), self._burst / self._per_s
        full_at = min(max(now, self._full_at.get(key, 0.0)), now + filling_s)
        wait_s = full_at + 1 / self._per_s - (now + filling_s)
        refused = wait_s > FINEST_S
        self._full_at[key] = full_at if refused else full_at + 1 / self._per_s
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._keys_max:
            self._full_at.popitem(last=False)
        if refused:
            raise TooManyError(f"too many {what}; please wait a moment", math.ceil(wait_s))


class Places:
    """Counts what is open at the same time, a key. `each`: at most so many; 0: no limit."""

    def __init__(self, each: int) -> None:
        self._each = each
        self._open: dict[Hashable, int] = {}

    @contextmanager
    def hold(self, key: Hashable, what: str) -> Iterator[None]:
        """A place for as long as the context lasts.

        Raises:
            TooManyError: all places of the key are taken.
        """
        taken = self._open.get(key, 0)
        if self._each and taken >= self._each:
            raise TooManyError(f"too many {what}; close another one first", 1)
        self._open[key] = taken + 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]


class Rates:
    """The limits of one gateway process."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._messages = Buckets(settings.messages_per_s, MESSAGES_BURST, clock)
        self._typing = Buckets(settings.typing_per_s, TYPING_BURST, clock)
        self._sessions = Buckets(settings.sessions_per_s, SESSIONS_BURST, clock)
        self._registry = Buckets(
            REGISTRY_PER_S if settings.sessions_per_s else 0, REGISTRY_BURST, clock
        )
        self._sockets = Places(settings.sockets_per_contact)
        self._observations = Buckets(OBSERVATIONS_PER_S, OBSERVATIONS_BURST, clock)

    def message(self, contact_id: UUID) -> None:
        """A contact sends a message. This and the following raise TooManyError."""
        self._messages.take(contact_id, "messages")

    def typing(self, contact_id: UUID) -> None:
        """A contact says that they are writing."""
        self._typing.take(contact_id, "typing frames")

    def session(self, channel_id: UUID, address: str) -> None:
        """Somebody opens a session from an address; empty: not known."""
        self._sessions.take((channel_id, _home(address)), "new conversations")

    def observation(self, address: str) -> None:
        """Somebody without a name reports a plugin; five at once, then one a minute."""
        self._observations.take(_home(address), "reports")

    def registry(self, who: str) -> None:
        """Somebody (a key's id, or an address) asks the registry for something that costs it."""
        self._registry.take(_home(who), "requests to the registry")

    def socket(self, contact_id: UUID) -> AbstractContextManager[None]:
        """A contact's socket, while it is open."""
        return self._sockets.hold(contact_id, "open chats")


def unlimited(settings: Settings) -> Settings:
    """The same settings without limits, for measurements, which drive all the load they can."""
    return msgspec.structs.replace(settings, **dict.fromkeys(LIMITS, 0))


def _home(address: str) -> str:
    """What one subscriber surely shares: the address, or its /64."""
    try:
        if ip_address(address).version == 6:
            return str(ip_network(f"{address}/{HOME_PREFIX}", strict=False))
    except ValueError:  # a UNIX socket's name, or nothing
        return address
    return address
