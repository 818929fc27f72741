"""How fast and how reliable each model is, by the hour, and whether that got worse.

Kept in memory and added to the table every FLUSH_S seconds: a crash loses those seconds. What a
turn cost is with the turn itself, committed with its reply; this is for watching only.
Covers: M-LLM-05.
"""

import asyncio
import bisect
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct, field

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.models.choice import Candidate

FLUSH_S = 10.0
# Upper ends of the buckets, each the root of two times the one before: 50 ms to 145 s.
BOUNDS_MS = tuple(round(50 * 2 ** (step / 2)) for step in range(24))
RECENT_H, BASE_H = 1, 24
KEPT_DAYS = 90
CALLS_MIN = 20
SLOWER, FAILING = 2.0, 0.1

_PUT = """
insert into model_hours as m (tenant_id, installation_id, model, hour, calls, failures, tokens_in,
                              tokens_out, ms_sum, buckets)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (tenant_id, installation_id, model, hour) do update
   set calls = m.calls + excluded.calls, failures = m.failures + excluded.failures,
       tokens_in = m.tokens_in + excluded.tokens_in,
       tokens_out = m.tokens_out + excluded.tokens_out,
       ms_sum = m.ms_sum + excluded.ms_sum,
       buckets = (select array_agg(a + b order by i)
                    from unnest(m.buckets, excluded.buckets) with ordinality as both_(a, b, i))"""
_READ = """
select installation_id, model, hour, calls, failures, tokens_in, tokens_out, ms_sum, buckets
  from model_hours where tenant_id = $1 and hour >= $2 order by hour"""

_FORGET = "delete from model_hours where tenant_id = $1 and hour < $2"

Key = tuple[UUID, UUID, str, datetime]


class Seen(Struct):
    """What was seen of a model in an hour. `buckets[n]`: calls of at most BOUNDS_MS[n]; the last
    one is of all that were slower."""

    calls: int = 0
    failures: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    ms_sum: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))

    def add(self, ms: float, tokens: tuple[int, int], *, failed: bool) -> None:
        """One call more; a failed one says nothing of the speed."""
        self.calls += 1
        self.tokens_in += tokens[0]
        self.tokens_out += tokens[1]
        if failed:
            self.failures += 1
        else:
            self.ms_sum += ms
            self.buckets[bisect.bisect_left(BOUNDS_MS, ms)] += 1

    def plus(self, other: "Seen") -> "Seen":
        """Both together."""
        return Seen(
            self.calls + other.calls, self.failures + other.failures,
            self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out,
            self.ms_sum + other.ms_sum,
            [a + b for a, b in zip(self.buckets, other.buckets, strict=True)],
        )  # fmt: skip

    def ms(self, share: float) -> float:
        """The time that `share` (0..1) of the answers did not pass: a bucket's upper end."""
        wanted = share * sum(self.buckets)
        for count, bound in zip(_sums(self.buckets), BOUNDS_MS, strict=False):
            if count >= wanted:
                return float(bound)
        return float(BOUNDS_MS[-1])

    @property
    def failure_rate(self) -> float:
        """0..1."""
        return self.failures / self.calls if self.calls else 0.0


class Speed(Struct, frozen=True):
    """A model's last hour beside the day before it. `drift`: in words what got worse, or ''."""

    installation_id: UUID
    model: str
    recent: Seen
    base: Seen
    drift: str


class Speeds:
    """Watches the models of all tenants served by this process."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._new: dict[Key, Seen] = {}
        self._forgotten: dict[UUID, date] = {}
        self._warned: dict[tuple[UUID, str], str] = {}
        self._log = log.get("models")

    def saw(
        self, tenant_id: UUID, candidate: Candidate, ms: float, tokens: tuple[int, int],
        *, failed: bool,
    ) -> None:  # fmt: skip
        """One try and how it went."""
        hour = self._clock.now().replace(minute=0, second=0, microsecond=0)
        key = (tenant_id, candidate.installation.id, candidate.model, hour)
        self._new.setdefault(key, Seen()).add(ms, tokens, failed=failed)

    async def run(self) -> None:
        """Flush now and then, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self.flush()
            except OutsideError as error:
                self._log.warning("models.database_away", error=str(error))

    async def flush(self) -> None:
        """Add what is new to the table, and tell the log what got worse."""
        taken, self._new = self._new, {}
        try:
            for tenant_id in {key[0] for key in taken}:
                rows = [(key, seen) for key, seen in taken.items() if key[0] == tenant_id]
                await self._write(tenant_id, rows)
                for key, _ in rows:
                    del taken[key]
                await self._warn(tenant_id)
                await self._forget(tenant_id)
        finally:
            for key, seen in taken.items():  # not written: with the next
                self._new[key] = self._new.get(key, Seen()).plus(seen)

    async def speeds(self, tenant_id: UUID) -> list[Speed]:
        """Each model of the tenant that was asked in the last day."""
        now = self._clock.now()
        since = now - timedelta(hours=RECENT_H + BASE_H)
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_READ, tenant_id, since)
        recent = (now - timedelta(hours=RECENT_H)).replace(minute=0, second=0, microsecond=0)
        return _compared(rows, recent)

    async def _write(self, tenant_id: UUID, rows: Sequence[tuple[Key, Seen]]) -> None:
        async with self._db.transaction(tenant_id) as connection:
            for key, seen in rows:
                await connection.execute(
                    _PUT, *key, seen.calls, seen.failures, seen.tokens_in, seen.tokens_out,
                    seen.ms_sum, seen.buckets,
                )  # fmt: skip

    async def _forget(self, tenant_id: UUID) -> None:
        """Once a day what is older than KEPT_DAYS."""
        today = self._clock.now()
        if self._forgotten.get(tenant_id) == today.date():
            return
        self._forgotten[tenant_id] = today.date()
        async with self._db.transaction(tenant_id) as connection:
            await connection.execute(_FORGET, tenant_id, today - timedelta(days=KEPT_DAYS))

    async def _warn(self, tenant_id: UUID) -> None:
        """Once when it begins, and once more when it gets worse in another way."""
        for speed in await self.speeds(tenant_id):
            key = (speed.installation_id, speed.model)
            kind = speed.drift.partition(":")[0]
            if kind and self._warned.get(key) != kind:
                self._log.warning(
                    "model.drift", tenant_id=str(tenant_id), model=speed.model, drift=speed.drift
                )
            self._warned[key] = kind


def drift(recent: Seen, base: Seen) -> str:
    """What got worse in the last hour against the day before, in words; '' when nothing did, or
    when either saw fewer than CALLS_MIN calls."""
    if recent.calls < CALLS_MIN or base.calls < CALLS_MIN:
        return ""
    rate, before = recent.failure_rate, base.failure_rate
    if rate >= FAILING and rate >= 2 * before:
        return f"failing: {rate:.0%} of the calls fail, {before:.0%} before"
    now_ms, then_ms = recent.ms(0.5), base.ms(0.5)
    if now_ms >= SLOWER * then_ms:
        return f"slower: half of the answers take over {now_ms:.0f} ms, {then_ms:.0f} ms before"
    return ""


def _compared(rows: Sequence[Any], since: datetime) -> list[Speed]:
    seen: dict[tuple[UUID, str], tuple[Seen, Seen]] = {}
    for row in rows:
        key = (row["installation_id"], row["model"])
        recent, base = seen.get(key, (Seen(), Seen()))
        one = Seen(
            row["calls"], row["failures"], row["tokens_in"], row["tokens_out"],
            row["ms_sum"], list(row["buckets"]),
        )  # fmt: skip
        both = (recent.plus(one), base) if row["hour"] >= since else (recent, base.plus(one))
        seen[key] = both
    return [Speed(*key, recent, base, drift(recent, base)) for key, (recent, base) in seen.items()]


def _sums(counts: Sequence[int]) -> list[int]:
    total, sums = 0, []
    for count in counts:
        total += count
        sums.append(total)
    return sums
