"""The candidate beside turns that others have answered: what it would have said and done.

Rules (ADR 0041):
1. It runs after the real turn is committed, somewhere else, from the turn's sealed journal. Nothing
   in its sandbox is connected to the world, so nothing it does can leave it.
2. A host call that the turn has on record gets the recorded answer. A write is simulated with the
   answer a like one had. A read that nobody made is "not available in the shadow": the run ends
   there, and the turn counts as not followed; what comes after it is not guessed.
3. Nobody is billed: receipts are made of real turns only.
4. Of a rollout one turn runs at a time, and only those that its share draws.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol
from uuid import UUID

from hyperpersonal_runtime.api import CallRecord, Recording, Replayed, SealedRelease, Trace
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_core.installations import repository as installed
from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_core.rollouts import repository
from hyperpersonal_core.rollouts.records import RolloutRecords
from hyperpersonal_core.rollouts.repository import first_id
from hyperpersonal_core.rollouts.values import Rollout, ShadowReport, Told
from hyperpersonal_core.turns.claim import Place
from hyperpersonal_core.turns.recorded import RecordedTurns

TURNS_MAX = 5  # a look
FOUND_MAX = 200
LOOKED_MAX = 1_000
GRAVE = frozenset({"outcome", "refused", "money", "recipient", "host", "field"})

_TURNS = """
select t.id from turns t
 where t.tenant_id = $1 and t.id > $2 and t.status = 'finished'
   and exists (select from journal j where j.tenant_id = t.tenant_id and j.turn_id = t.id)
 order by t.id limit $3"""
_LAST = "select max(turn_id::text) from shadow_turns where tenant_id = $1 and rollout_id = $2"
_KEEP = """
insert into shadow_turns (tenant_id, rollout_id, turn_id, kinds, before, after, at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"""

Runs = list[tuple[CallRecord, Replayed]]
Load = Callable[[str], Awaitable[SealedRelease]]


class Rehearser(Protocol):
    """Runs recorded calls on another release, with no effect (`runtime.Replayer`)."""

    async def rehearse(
        self, recording: Recording, release: SealedRelease, load: Load
    ) -> list[Replayed]: ...


class Shadow:
    """Compares turns for rollouts in the shadow.

    Args:
        rehearser: asked for at the first turn there is to compare.
        releases: verifies what is run.
    """

    def __init__(
        self, db: Database, recorded: RecordedTurns, records: RolloutRecords, clock: Clock,
        around: tuple[Callable[[], Awaitable[Rehearser]], ReleaseStore],
    ) -> None:  # fmt: skip
        self._db = db
        self._recorded = recorded
        self._records = records
        self._clock = clock
        self._rehearser, self._releases = around
        self._looked: dict[UUID, UUID] = {}
        self._log = log.get("rollouts")

    async def look(self, place: Place) -> int:
        """Compare the next few drawn turns; how many were. Goes on to the canary when as many as
        planned are compared and nothing grave was seen; else it waits for a member's word."""
        standing = await self._records.read(*place)
        one, done = standing.rollout, 0
        left = one.plan.shadow_turns - standing.shadow.turns
        if one.state != "shadow" or left <= 0:
            return 0
        for turn_id in await self._next(one):
            if done == min(left, TURNS_MAX):
                break
            if drawn(one, turn_id):
                done += await self._compare(one, turn_id)
            self._remember(one, turn_id)
        if done == left:
            await self._conclude(place)
        return done

    async def beside(self, place: Place, turn_id: UUID) -> Runs:
        """A turn that was compared, compared once more, with its words: those are not kept.

        Raises:
            NotFoundError: there is no such rollout, or it was not compared in this turn.
            RefusedError: the turn's journal is gone, or a release is not trusted any more.
        """
        async with self._db.transaction(place[0]) as connection:
            one = await repository.read(connection, place)
            if one is None or not await repository.was_compared(connection, place, turn_id):
                raise NotFoundError("this rollout was not compared in such a turn")
        return await self._runs(one, turn_id)

    def _remember(self, one: Rollout, turn_id: UUID) -> None:
        """Up to where it has looked; the rollout that was looked at longest ago is forgotten, and
        goes on after the last turn that it compared."""
        self._looked.pop(one.id, None)
        self._looked[one.id] = turn_id
        if len(self._looked) > LOOKED_MAX:
            self._looked.pop(next(iter(self._looked)))

    async def _next(self, one: Rollout) -> list[UUID]:
        """Ended turns that were not looked at yet, oldest first."""
        async with self._db.transaction(one.tenant_id) as connection:
            last = self._looked.get(one.id)
            last = last or await connection.fetchval(_LAST, one.tenant_id, one.id)
            first = UUID(str(last)) if last else first_id(one.created_at)
            rows = await connection.fetch(_TURNS, one.tenant_id, first, FOUND_MAX)
        return [row["id"] for row in rows]

    async def _compare(self, one: Rollout, turn_id: UUID) -> int:
        """Run a turn's calls of the incumbent on the candidate; 0: it has none that can be run."""
        try:
            runs = [run for _, run in await self._runs(one, turn_id)]
        except RefusedError as error:  # altered, pruned, or not trusted any more: it shows nothing
            self._log.warning("shadow.skipped", turn_id=str(turn_id), error=error.message)
            return 0
        pairs = [(run.before, run.after) for run in runs if run.after is not None]
        if not pairs:
            return 0
        kinds = sorted({found.kind for run in runs for found in run.differences})
        before, after = (_sums(side) for side in zip(*pairs, strict=True))
        row = (one.tenant_id, one.id, turn_id, kinds, before, after, self._clock.now())
        async with self._db.transaction(one.tenant_id) as connection:
            await connection.execute(_KEEP, *row)
        return 1

    async def _runs(self, one: Rollout, turn_id: UUID) -> Runs:
        """A turn's calls of the incumbent beside the same on the candidate; none: it has none."""
        turn = await self._recorded.read(one.tenant_id, turn_id)
        recording = as_candidate(turn.recording, one)
        if not any(call.digest == one.incumbent for call in recording.calls):
            return []
        async with self._db.transaction(one.tenant_id) as connection:
            present = await installed.fetch(connection, one.tenant_id, one.installation_id)
        accepted = present is not None and present.unreviewed
        release = await self._releases.load(one.candidate.digest, unreviewed=accepted)
        rehearser = await self._rehearser()
        recorded = partial(self._releases.load, unreviewed=True)  # what this tenant ran then
        runs = await rehearser.rehearse(recording, release, recorded)
        calls = [call for call in recording.calls if call.plugin_id == release.plugin_id]
        return list(zip(calls, runs, strict=True))

    async def _conclude(self, place: Place) -> None:
        """As many turns as planned are compared."""
        async with self._db.transaction(place[0]) as connection:
            one = await repository.read(connection, place, "for update")
            if one is None or one.state != "shadow":
                return
            doubt = in_doubt(await repository.shadow_report(connection, place), one)
            if not doubt:
                await self._records.go_on(connection, one)
                return
            await repository.say(connection, one, doubt)
            told = Told("waits", doubt, {}, None, self._clock.now())
            await repository.tell(connection, place, told)


def in_doubt(report: ShadowReport, one: Rollout) -> str:
    """Why the shadow does not go on by itself; '' when it does."""
    grave = {kind: n for kind, n in report.kinds.items() if kind in GRAVE}
    if grave:
        what = ", ".join(f"{kind} ({n})" for kind, n in grave.items())
        return f"the shadow differs gravely: {what}; go on or stop on your word"
    if report.followed * 2 < report.turns:
        words = f"only {report.followed} of {report.turns} turns could be followed"
        return f"{words}; go on or stop on your word"
    return "" if one.plan.stages else "the shadow is complete; go on or stop on your word"


def as_candidate(recording: Recording, one: Rollout) -> Recording:
    """The recording with the incumbent's calls under the grants that the candidate would have."""
    given = CapabilitySet.parse(one.candidate.grants)

    def held(call: CallRecord) -> CallRecord:
        if call.digest != one.incumbent:
            return call
        return structs.replace(call, grants=CapabilitySet.parse(call.grants).meet(given).texts)

    return structs.replace(recording, calls=tuple(map(held, recording.calls)))


def _sums(traces: Sequence[Trace]) -> dict[str, Any]:
    """What a side of the comparison took, over the turn's calls."""
    failed = [trace.outcome.value for trace in traces if trace.outcome is not Outcome.OK]
    return {
        "outcome": (failed or [Outcome.OK.value])[0],
        "cpu_ms": round(sum(trace.guest_cpu_ms for trace in traces), 3),
        "tokens": sum(trace.tokens for trace in traces),
        "host_calls": sum(len(trace.asked) for trace in traces),
    }


def drawn(one: Rollout, turn_id: UUID) -> bool:
    """Whether the shadow answers this turn too."""
    return drawn_of(one.draw.seed, one.plan.shadow_share, turn_id)


def drawn_of(seed: bytes, share: float, turn_id: UUID) -> bool:
    """Whether a turn is in a share that this seed draws."""
    found = blake2b(turn_id.bytes, key=seed, digest_size=8).digest()
    return int.from_bytes(found, "big") / 2**64 < share
