"""Circuit breaker and retry budget: a failing service is left alone, and never asked in a storm.

Closed until FAILURES_MAX failures in a row; then open for a while, in which nobody asks; then one
probe decides whether it closes or stays open for twice as long. A retry costs a token of the budget
and each first try earns a fifth of one: a service in trouble gets at most a fifth more requests.
Sources: M. Nygard, Release It!, chapter 5; the retry budgets of Finagle.
"""

from collections import OrderedDict
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

FAILURES_MAX = 5
OPEN_S, OPEN_S_MAX = 5.0, 60.0
RETRY_TOKENS_MAX = 10.0
RETRY_EARNED = 0.2
BREAKERS_MAX = 10_000

Service: TypeAlias = tuple[UUID, UUID]  # tenant, installation


class Breaker(Struct):
    """The state for one service. Times are seconds of a monotonic clock."""

    failures: int = 0
    opened_at: float = 0.0
    open_s: float = 0.0
    probing: bool = False
    retry_tokens: float = RETRY_TOKENS_MAX

    def allows(self, now: float) -> bool:
        """Whether it may be asked; while half open, only when nobody else probes."""
        if not self.open_s:
            return True
        return not self.probing and now >= self.opened_at + self.open_s

    def begin(self) -> None:
        """It is asked now."""
        self.probing = bool(self.open_s)

    def succeeded(self) -> None:
        """It answered; also that our request is wrong is an answer."""
        self.failures, self.open_s, self.probing = 0, 0.0, False

    def failed(self, now: float) -> None:
        """It did not answer."""
        self.failures += 1
        if self.probing or self.failures >= FAILURES_MAX:
            self.open_s = min(OPEN_S_MAX, self.open_s * 2) if self.open_s else OPEN_S
            self.opened_at = now
        self.probing = False

    def left(self) -> None:
        """Nobody waited for its answer: that says nothing of it."""
        self.probing = False

    def earn(self) -> None:
        """A first try earns a part of a retry."""
        self.retry_tokens = min(RETRY_TOKENS_MAX, self.retry_tokens + RETRY_EARNED)

    def spend(self) -> bool:
        """Take a retry from the budget; False when it is empty."""
        if self.retry_tokens < 1:
            return False
        self.retry_tokens -= 1
        return True


class Breakers:
    """Those of all services of this process; the least used are forgotten."""

    def __init__(self) -> None:
        self._held: OrderedDict[Service, Breaker] = OrderedDict()

    def of(self, service: Service) -> Breaker:
        """The service's own."""
        breaker = self._held.setdefault(service, Breaker())
        self._held.move_to_end(service)
        if len(self._held) > BREAKERS_MAX:
            self._held.popitem(last=False)
        return breaker
