"""A tenant's rollouts: begin, raise, promote, undo, stop; each in one transaction with what turns
see of it, and with a line of history.

The installed release is not touched before the end: undoing a canary is drawing nobody any more.
Turns that began keep what they began with (ADR 0025).
"""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from msgspec import Struct, structs

from hyperpersonal_core.installations import canaries, history
from hyperpersonal_core.installations import repository as installed
from hyperpersonal_core.installations.canaries import Draw, Step
from hyperpersonal_core.installations.changes import Also, hold_unchanged, nothing_more
from hyperpersonal_core.installations.values import Installation, NewInstallation
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.rollouts import observations, repository
from hyperpersonal_core.rollouts.evidence import CONVERSATIONS_MAX, Evidence, evidence
from hyperpersonal_core.rollouts.values import (
    RUNNING,
    Arm,
    Candidate,
    Plan,
    Rollout,
    ShadowReport,
    ShadowTurn,
    State,
    Told,
)

KINDS = ("agent", "connector", "guard")
# A share holds for conversations that begin a little later than it is written: by then every
# process knows of it, and none of them has begun under another.
NOTICE_S = 2.0
STEPS_MAX = 200  # of a draw: every conversation looks through them
USUAL_OF = timedelta(days=7)


class Standing(Struct, frozen=True):
    """A rollout with all that was seen of it."""

    rollout: Rollout
    candidate: Arm
    incumbent: Arm
    shadow: ShadowReport
    told: list[Told]


class RolloutRecords:
    """Writes and reads rollouts. Stateless; one a process."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, notice_s: float = NOTICE_S) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._notice_s = notice_s

    async def begin(
        self, present: Installation, release: Candidate, plan: Plan,
        member_id: UUID | None = None, also: Also = nothing_more,
    ) -> Rollout:  # fmt: skip
        """Begin; the caller has verified and tried the release for what is `present`.

        Raises:
            ConflictError: one runs already, or the installation was changed meanwhile.
            NotFoundError: it is gone.
            RefusedError: the plan is faulty, or the plugin of a kind that has no rollout.
        """
        _check(present, release, plan)
        key, now = (present.tenant_id, present.id), self._clock.now()
        one = Rollout(
            *key[:1], self._ids.new(), present.id, present.plugin_id, present.kind, present.digest,
            present.version, release, plan, "shadow" if plan.shadow_turns else "canary", 0,
            Draw(UUID(int=0), b"", ()), {}, 0.0, now, "", now, now,
        )  # fmt: skip
        draw = Draw(one.id, secrets.token_bytes(32), ())
        async with self._db.transaction(present.tenant_id) as connection:
            await hold_unchanged(connection, present)
            await also(connection)
            usual = await observations.cost_usual(connection, (*key, one.kind), now - USUAL_OF)
            one = structs.replace(one, draw=draw, cost_usual=usual)
            try:
                await repository.insert(connection, one)
            except asyncpg.UniqueViolationError as error:
                message = f"a rollout of {one.plugin_id} runs already; stop it first"
                raise ConflictError(message) from error
            words = f"{one.plugin_id} {one.incumbent_version} -> {release.version}"
            await self._tell(connection, one, "started", words, member_id)
            if one.state == "canary":
                one = await self._raise(connection, one, 0, member_id)
        return one

    async def read(self, tenant_id: UUID, rollout_id: UUID) -> Standing:
        """One of the tenant's. Raises NotFoundError."""
        key = tenant_id, rollout_id
        async with self._db.transaction(tenant_id) as connection:
            one = _found(await repository.read(connection, key), rollout_id)
            seen = await repository.arms(connection, key)
            shadow = await repository.shadow_report(connection, key)
            told = await repository.told(connection, key)
        return Standing(one, seen.get(True, Arm()), seen.get(False, Arm()), shadow, told)

    async def evidence(self, tenant_id: UUID, rollout_id: UUID) -> Evidence:
        """What its conversations show, the first fifty thousand of them. Raises NotFoundError."""
        key = tenant_id, rollout_id
        async with self._db.transaction(tenant_id) as connection:
            one = _found(await repository.read(connection, key), rollout_id)
            seen = await repository.drawn(connection, key, CONVERSATIONS_MAX)
        return await asyncio.to_thread(evidence, one, seen)

    async def shadow_turns(self, tenant_id: UUID, rollout_id: UUID) -> Sequence[ShadowTurn]:
        """Turns it was compared in, different ones first, at most fifty. Raises NotFoundError."""
        key = tenant_id, rollout_id
        async with self._db.transaction(tenant_id) as connection:
            _found(await repository.read(connection, key), rollout_id)
            return await repository.shadow_turns(connection, key)

    async def list(self, tenant_id: UUID, installation_id: UUID | None = None) -> list[Rollout]:
        """The tenant's newest hundred, or those of one installation, newest first."""
        async with self._db.transaction(tenant_id) as connection:
            return await repository.listed(connection, tenant_id, installation_id)

    async def running(self, up_to: int) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of those that run, of all tenants: for whoever watches over them."""
        async with self._db.transaction() as connection:
            return await repository.running(connection, up_to)

    async def stop(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID | None) -> Rollout:
        """Stay with the installed release. Raises NotFoundError, ConflictError (it has ended)."""
        async with self._db.transaction(tenant_id) as connection:
            one = await self._held(connection, tenant_id, rollout_id)
            return await self.end(connection, one, "stopped", "stopped", member_id)

    async def advance(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID | None) -> Rollout:
        """On to the next stage on a member's word: from the shadow to the canary, from the last
        stage to everybody. Raises NotFoundError, ConflictError (it has ended)."""
        async with self._db.transaction(tenant_id) as connection:
            one = await self._held(connection, tenant_id, rollout_id)
            return await self.go_on(connection, one, member_id)

    async def promote(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID | None) -> Rollout:
        """Everybody gets the candidate now. Raises NotFoundError, ConflictError (it has ended)."""
        async with self._db.transaction(tenant_id) as connection:
            one = await self._held(connection, tenant_id, rollout_id)
            return await self._promote(connection, one, member_id)

    async def pause(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID | None) -> Rollout:
        """Nobody new meets the candidate until it is resumed; who met it keeps it, and is still
        judged. Raises NotFoundError, ConflictError (it is no running canary)."""
        async with self._db.transaction(tenant_id) as connection:
            one = await self._held(connection, tenant_id, rollout_id)
            if one.state != "canary" or one.paused:
                raise ConflictError("only a canary that is not paused can be paused")
            told = ("paused", "nobody new meets it", member_id)
            return await self._draw_so(connection, one, 0.0, told)

    async def resume(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID | None) -> Rollout:
        """On with the share it had. Raises NotFoundError, ConflictError (it is not paused)."""
        async with self._db.transaction(tenant_id) as connection:
            one = await self._held(connection, tenant_id, rollout_id)
            if not one.paused:
                raise ConflictError("this rollout is not paused")
            share = one.plan.stages[one.stage].share
            told = ("resumed", f"{share:.0%} of new conversations", member_id)
            return await self._draw_so(connection, one, share, told)

    async def go_on(
        self, connection: Connection, one: Rollout, member_id: UUID | None = None
    ) -> Rollout:
        """The next stage; promotion after the last. The rollout's row is held by the caller."""
        place = 0 if one.state == "shadow" else one.stage + 1
        if place < len(one.plan.stages):
            return await self._raise(connection, one, place, member_id)
        return await self._promote(connection, one, member_id)

    async def end(
        self, connection: Connection, one: Rollout, state: State, reason: str,
        member_id: UUID | None = None,
    ) -> Rollout:  # fmt: skip
        """It is over: from here on nobody is drawn. The rollout's row is held by the caller."""
        now = self._clock.now()
        drawn = structs.replace(one.draw, steps=())
        ended = structs.replace(one, state=state, reason=reason, changed_at=now)
        if one.steps:
            await installed.bump(connection, one.tenant_id)
            key = one.tenant_id, one.installation_id
            if await installed.fetch(connection, *key) is not None:
                await canaries.remember(connection, one.tenant_id, drawn, one.installation_id)
        await repository.move(connection, ended)
        await self._tell(connection, ended, state, reason, member_id)
        return ended

    async def _raise(
        self, connection: Connection, one: Rollout, place: int, member_id: UUID | None
    ) -> Rollout:
        share = one.plan.stages[place].share
        raised = structs.replace(one, state="canary", stage=place, reason="")
        told = ("raised", f"{share:.0%} of new conversations", member_id)
        return await self._draw_so(connection, raised, share, told)

    async def _draw_so(
        self, connection: Connection, one: Rollout, share: float, told: tuple[str, str, UUID | None]
    ) -> Rollout:
        """From a moment later on, new conversations meet the candidate with this chance."""
        if len(one.steps) >= STEPS_MAX:
            raise ConflictError(f"its share was changed {STEPS_MAX} times; promote or stop it")
        now = self._clock.now()
        at_ms = canaries.began(now + timedelta(seconds=self._notice_s))
        draw = structs.replace(one.draw, steps=(*one.steps, Step(at_ms, share)))
        drawn = structs.replace(one, draw=draw, changed_at=now)
        await installed.bump(connection, one.tenant_id)
        if await installed.fetch(connection, one.tenant_id, one.installation_id) is None:
            raise ConflictError("the installation was removed meanwhile; stop this rollout")
        await canaries.remember(connection, one.tenant_id, draw, one.installation_id)
        await repository.move(connection, drawn)
        await self._tell(connection, drawn, *told)
        return drawn

    async def _promote(
        self, connection: Connection, one: Rollout, member_id: UUID | None
    ) -> Rollout:
        """The installation takes the candidate, under no grant it has not."""
        ended = await self.end(connection, one, "promoted", "everybody has it", member_id)
        if not one.steps:
            await installed.bump(connection, one.tenant_id)
        present = await installed.fetch(connection, one.tenant_id, one.installation_id)
        if present is None or present.digest != one.incumbent:
            raise ConflictError("the installation was changed meanwhile; stop this rollout")
        release = one.candidate
        described = release.version, release.digest, release.manifest
        then = canaries.candidate(present, described, release.grants)
        new = NewInstallation(
            then.plugin_id, then.version, then.digest, then.kind, then.manifest, then.grants,
            then.config,
        )  # fmt: skip
        await installed.update(connection, (one.tenant_id, present.id), new)
        await history.remember(connection, one.tenant_id, present.id)
        return ended

    async def _held(self, connection: Connection, tenant_id: UUID, rollout_id: UUID) -> Rollout:
        key = tenant_id, rollout_id
        one = _found(await repository.read(connection, key, "for update"), rollout_id)
        if one.state not in RUNNING:
            raise ConflictError(f"this rollout has ended: {one.state.replace('_', ' ')}")
        return one

    async def _tell(
        self, connection: Connection, one: Rollout, kind: str, words: str, member_id: UUID | None
    ) -> None:
        told = Told(kind, words, {"share": one.share}, member_id, self._clock.now())
        await repository.tell(connection, (one.tenant_id, one.id), told)


def _check(present: Installation, release: Candidate, plan: Plan) -> None:
    if present.kind not in KINDS:
        what = f"{present.title} is of kind {present.kind}"
        raise RefusedError(f"{what}, and a rollout is for {', '.join(KINDS)}; update it instead")
    if release.digest == present.digest:
        raise RefusedError(f"{present.plugin_id}@{release.version} is what is installed")
    if plan.fault:
        raise RefusedError(f"this plan does not work: {plan.fault}")


def _found(one: Rollout | None, rollout_id: UUID) -> Rollout:
    if one is None:
        raise NotFoundError("there is no such rollout", id=str(rollout_id))
    return one
