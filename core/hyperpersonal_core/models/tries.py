"""The tries of one ask: whom to ask next, after which wait, for how long. Pure.

Rules:
1. Never beyond the ask's own time; what is left after a wait must suffice for a try.
2. What a service asks to wait (Retry-After) is waited before it is asked again; another service is
   asked at once meanwhile.
3. A service that refuses the request itself, or our credential, is not asked again.
4. While another service could still serve, one gets at most half of the time that is left.
"""

from collections.abc import Sequence
from uuid import UUID

from hyperpersonal_sdk.contract.models import ModelError
from msgspec import Struct

from hyperpersonal_core.models.breaker import Breaker
from hyperpersonal_core.models.choice import Candidate

TRIES_MAX = 5
TRY_MS_MIN = 300
BACKOFF_MS = 200
FINAL = ("rejected", "unauthorized")


class Next(Struct, frozen=True):
    """Ask `candidate` after `wait_ms`, for at most `timeout_ms`."""

    candidate: Candidate
    wait_ms: int
    timeout_ms: int


class Tries:
    """Keeps what happened to one ask.

    Args:
        services: the candidates with their breakers, best first.
        ends_at: seconds of the monotonic clock; nothing is waited for after it.
    """

    def __init__(self, services: Sequence[tuple[Candidate, Breaker]], ends_at: float) -> None:
        self._services = services
        self._ends_at = ends_at
        self._ready_at: dict[UUID, float] = {}
        self._failed: dict[UUID, int] = {}
        self.count = 0
        self.error: ModelError | None = None

    def next(self, now: float) -> Next | None:
        """Whom to ask; None when nobody can be asked in time."""
        able = [pair for pair in self._services if self._may(*pair, now)]
        if not able or self.count >= TRIES_MAX:
            return None
        candidate, breaker = min(able, key=lambda pair: self._ready(pair[0], now))
        wait_s = self._ready(candidate, now) - now
        left_s = self._ends_at - now - wait_s
        if left_s * 1000 < TRY_MS_MIN:
            return None
        again = candidate.installation.id in self._failed
        if again and not breaker.spend():
            return None
        share = 2 if len(able) > 1 else 1
        self.count += 1
        return Next(candidate, int(wait_s * 1000), int(left_s * 1000 / share))

    def failed(self, candidate: Candidate, error: ModelError, now: float, jitter: float) -> None:
        """It did not answer. `jitter` 0..1 spreads retries out."""
        self.error = error
        times = self._failed[candidate.installation.id] = (
            self._failed.get(candidate.installation.id, 0) + 1
        )
        wait_ms = BACKOFF_MS * 2 ** (times - 1) * (0.5 + jitter / 2)
        wait_ms = max(wait_ms, error.retry_after_ms)
        never = error.kind in FINAL
        self._ready_at[candidate.installation.id] = float("inf") if never else now + wait_ms / 1000

    def _may(self, candidate: Candidate, breaker: Breaker, now: float) -> bool:
        return self._ready(candidate, now) < float("inf") and breaker.allows(now)

    def _ready(self, candidate: Candidate, now: float) -> float:
        return max(now, self._ready_at.get(candidate.installation.id, now))
