"""Applies a tenant's bundles: a plan and consent first, then step by step, then one switch.

Rules:
1. Nothing begins before everything that can be known was checked: the plan is the one that was
   shown, every install has its grants, configuration and secrets.
2. Steps are installs and updates that change nothing for shoppers yet, but that an updated agent
   answers under its old grants; order, rules, hours and voice change in one transaction at the end.
3. A step and the note that it is done are one change, so a run that was broken off goes on where
   it was, and never does again what a member has undone since.
4. Whoever holds a run alone works on it: the switch and the end are one change, and neither is
   made by somebody from whom the run was taken over, nor beside a rollback.
5. What a run consented to is sealed while it runs, and forgotten at its end.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from hyperpersonal_core.api import Also, Compositions, Installations, hold_changes
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, OutsideError, RefusedError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.vault import Vault
from hyperpersonal_sdk import bundle as bundles
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct, convert, structs

from hyperpersonal_marketplace import consent
from hyperpersonal_marketplace.bundles import lock, repository
from hyperpersonal_marketplace.bundles.choosing import (
    BundleRefusedError,
    Choice,
    Chooser,
    NoChoice,
)
from hyperpersonal_marketplace.bundles.keys import BundleKeys
from hyperpersonal_marketplace.bundles.lock import Lock
from hyperpersonal_marketplace.bundles.plan import Plan, Step, ceiling_of
from hyperpersonal_marketplace.bundles.repository import Before, Run
from hyperpersonal_marketplace.bundles.serving import switch_of
from hyperpersonal_marketplace.installer import Installer

PURPOSE = "bundle-run"
HELD = timedelta(seconds=120)  # an install tries a release for 20 s at most
WHY_CHARS_MAX = 500
RESUME_EVERY_S = 60.0


class Consent(Struct, frozen=True):
    """What a member said to a plan.

    Args:
        plan: the hash of the plan that was shown.
        grants: plugin id -> capabilities; of an install all that is given, else what is given
            beside its present grants.
        config: plugin id -> configuration.
        secrets: plugin id -> address -> headers.
    """

    plan: str
    grants: dict[str, list[str]] = {}
    config: dict[str, dict[str, Any]] = {}
    secrets: dict[str, dict[str, dict[str, str]]] = {}

    def __repr__(self) -> str:
        return f"Consent({self.plan!r}, …)"


class _Sealed(Struct, frozen=True):
    plan: Plan
    consent: Consent


class Runner(Struct, frozen=True):
    """What does the work."""

    installer: Installer
    installations: Installations
    compositions: Compositions


class Bundles:
    """A tenant's bundles. Stateless; one a process."""

    def __init__(
        self, db: Database, clock: Clock, ids: Ids, vault: Vault, parts: tuple[Chooser, Runner]
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._chooser, self._runner = parts
        self._keys = BundleKeys(db, vault)

    async def look(
        self, tenant_id: UUID, source: str, locked: bytes | None = None
    ) -> Choice | NoChoice:
        """What applying this text would do, or why nothing fits. Raises as `Chooser.choose`."""
        return await self._chooser.choose(tenant_id, source, locked)

    async def published(
        self, plugin_id: str, version: str | None = None
    ) -> tuple[str, bytes | None]:
        """The text and the lock of a published bundle. Raises as `Chooser.published`."""
        return await self._chooser.published(plugin_id, version)

    async def lock(self, tenant_id: UUID, source: str) -> bytes:
        """`bundle.lock` of what would be chosen now, signed with the tenant's key.

        Raises:
            BundleRefusedError: `no_choice`, and as `look`.
        """
        choice = _must_fit(await self.look(tenant_id, source))
        return lock.sign(choice.lock, await self._keys.of(tenant_id))

    async def signed_by(self, tenant_id: UUID, source: str, data: bytes) -> tuple[Lock, str]:
        """What a text's lock pins, and who stands for it. Raises as `Chooser.locked`."""
        found, own = await self._chooser.locked(tenant_id, source, data)
        return found, "your shop" if own else bundles.parse(source).id.partition("/")[0]

    async def apply(
        self, tenant_id: UUID, source: str, said: Consent, locked: bytes | None = None
    ) -> Run:
        """Bring the tenant to this bundle.

        Raises:
            BundleRefusedError: `plan_changed` (look again), `under_way`, `no_choice`, or as
                `look`; also `stopped`, when a step failed: what was done before stays, nothing
                was switched, and `resume` tries it again.
            InstallRefusedError: what was consented to or filled in will not do; nothing was done.
        """
        seen = await self._runner.installations.version(tenant_id)
        choice = _must_fit(await self.look(tenant_id, source, locked))
        if choice.plan.hash != said.plan:
            message = "the plan has changed since it was shown; look at it again"
            raise BundleRefusedError("plan_changed", message, plan=choice.plan.hash)
        _check(choice, said)
        return await self._work(tenant_id, await self._begin(tenant_id, choice, said, seen))

    async def resume(self, tenant_id: UUID) -> Run:
        """Go on with what was broken off. Raises NotFoundError, and as `apply`."""
        now = self._clock.now()
        async with self._db.transaction(tenant_id) as connection:
            run = await repository.take(connection, tenant_id, now, now + HELD)
        if run is None:
            raise NotFoundError("no bundle was broken off here")
        return await self._work(tenant_id, run)

    async def resume_all(self) -> int:
        """Go on with every run whose process died; how many went through. What was refused waits
        for its merchant."""
        async with self._db.transaction() as connection:
            tenants = await repository.broken_off(connection, self._clock.now())
        through = 0
        for tenant_id in tenants:
            try:
                await self.resume(tenant_id)
                through += 1
            except (RefusedError, OutsideError) as error:
                log.get("bundles").warning("bundle.not_resumed", error=str(error))
            except Exception:  # one tenant's fault keeps no other's run waiting
                log.get("bundles").exception("bundle.not_resumed")
        return through

    async def keep_resuming(self, every_s: float = RESUME_EVERY_S) -> None:
        """`resume_all` for ever."""
        while True:
            await asyncio.sleep(every_s)
            with contextlib.suppress(OutsideError):
                await self.resume_all()

    async def rollback(self, tenant_id: UUID) -> Run:
        """Go back to what served before the newest bundle: releases, order, rules, hours, voice.

        What it installed stays, switched off. Nothing is granted.

        Raises:
            NotFoundError: no bundle was applied.
            BundleRefusedError: `under_way`.
            ConflictError: it was resumed, rolled back, or another was begun meanwhile.
        """
        found = [run for run in await self.runs(tenant_id) if run.state != "rolled_back"]
        if not found:
            raise NotFoundError("no bundle was applied here yet")
        run = found[0]
        if run.state == "running":
            run = await self._taken(tenant_id)
        run, kept = await self._release_again(tenant_id, run)
        try:
            await self._back(tenant_id, run, kept)
        except RefusedError as error:
            await self._pause(tenant_id, run, error.message[:WHY_CHARS_MAX], self._clock.now())
            raise
        return (await self.runs(tenant_id))[0]

    async def runs(self, tenant_id: UUID) -> list[Run]:
        """What was applied, newest first, at most 20."""
        async with self._db.transaction(tenant_id) as connection:
            return await repository.runs(connection, tenant_id)

    async def _taken(self, tenant_id: UUID) -> Run:
        now = self._clock.now()
        async with self._db.transaction(tenant_id) as connection:
            run = await repository.take(connection, tenant_id, now, now + HELD)
        if run is None:
            raise BundleRefusedError("under_way", "this bundle is being applied right now")
        await self._pause(tenant_id, run, "a rollback of it was begun", run.held_until)
        return run

    async def _pause(self, tenant_id: UUID, run: Run, why: str, until: datetime) -> None:
        async with self._db.transaction(tenant_id) as connection:
            await repository.pause(connection, _mine(tenant_id, run), why, until)

    async def _begin(self, tenant_id: UUID, choice: Choice, said: Consent, seen: int) -> Run:
        """`seen`: the routing version before anything was read; it must be the same."""
        now = self._clock.now()
        plain = msgspec.json.encode(_Sealed(choice.plan, said))
        there = await self._runner.installations.list(tenant_id)
        before = Before(
            await self._runner.compositions.present(tenant_id),
            {one.plugin_id: one.version for one in there},
        )
        run = Run(
            self._ids.new(), "running", choice.plan.bundle, choice.source,
            lock.sign(choice.lock, await self._keys.of(tenant_id)),
            await self._vault.seal(tenant_id, PURPOSE, plain), before, (), "", now, now + HELD,
            None,
        )  # fmt: skip
        try:
            async with self._db.transaction(tenant_id) as connection:
                if await hold_changes(connection, tenant_id) != seen:
                    message = "something was changed at this moment; look at the plan again"
                    raise BundleRefusedError("plan_changed", message)
                await repository.add(connection, tenant_id, run)
        except asyncpg.UniqueViolationError as error:
            message = "another bundle is being applied; resume it or roll it back first"
            raise BundleRefusedError("under_way", message) from error
        return run

    async def _work(self, tenant_id: UUID, run: Run) -> Run:
        """Every step that is not done yet, then the switch."""
        assert run.sealed is not None
        plain = await self._vault.open(tenant_id, PURPOSE, run.sealed)
        work = msgspec.json.decode(plain, type=_Sealed)
        try:
            for step in work.plan.steps:
                run = await self._held(tenant_id, run)
                await self._step(tenant_id, run, step, work.consent)
            await self._switch(tenant_id, run, work.plan)
        except RefusedError as error:
            why = error.message[:WHY_CHARS_MAX]
            await self._pause(tenant_id, run, why, self._clock.now())
            message = f"stopped: {why}. Nothing was switched; resume it, or roll it back"
            raise BundleRefusedError("stopped", message) from error
        return (await self.runs(tenant_id))[0]

    async def _held(self, tenant_id: UUID, run: Run) -> Run:
        until = self._clock.now() + HELD
        async with self._db.transaction(tenant_id) as connection:
            _still(await repository.hold(connection, _mine(tenant_id, run), until))
        return structs.replace(run, held_until=until)

    async def _step(self, tenant_id: UUID, run: Run, step: Step, said: Consent) -> None:
        if step.plugin_id in run.done:
            return
        there = await self._runner.installations.of_plugin(tenant_id, step.plugin_id)
        if there is None and step.kind == "install":
            await self._install(tenant_id, run, step, said)
            return
        if there is None:
            raise ConflictError(f"{step.plugin_id} was removed meanwhile; roll this bundle back")
        if step.kind != "install" and there.digest != step.digest:
            await self._runner.installer.update(tenant_id, there.id, step.version)
            there = await self._runner.installations.get(tenant_id, there.id)
        done = self._done(tenant_id, run, step)
        more = said.grants.get(step.plugin_id) if step.kind != "install" else None
        if more:
            await self._runner.installer.widen(there, more, done)
        else:
            async with self._db.transaction(tenant_id) as connection:
                await done(connection)

    async def _install(self, tenant_id: UUID, run: Run, step: Step, said: Consent) -> None:
        await self._runner.installer.install(
            tenant_id, step.plugin_id, step.version,
            grants=said.grants.get(step.plugin_id, ()), config=said.config.get(step.plugin_id),
            secrets=said.secrets.get(step.plugin_id), in_service=False,
            also=self._done(tenant_id, run, step),
        )  # fmt: skip

    def _done(self, tenant_id: UUID, run: Run, step: Step) -> Also:
        """Notes that the step is done, with the installation it made."""

        async def note(connection: Connection) -> None:
            mine, new = _mine(tenant_id, run), step.kind == "install"
            _still(await repository.step_done(connection, mine, step.plugin_id, made=new))

        return note

    async def _switch(self, tenant_id: UUID, run: Run, plan: Plan) -> None:
        """What serves, and that the run is done, at one instant."""
        there = {one.plugin_id: one for one in await self._runner.installations.list(tenant_id)}
        gone = [step.plugin_id for step in plan.steps if step.plugin_id not in there]
        if gone:
            raise ConflictError(f"{', '.join(gone)} was removed meanwhile; roll this bundle back")
        chosen = {s.plugin_id: convert(there[s.plugin_id].manifest, Manifest) for s in plan.steps}
        ids = {plugin_id: one.id for plugin_id, one in there.items()}
        off = [ids[plugin_id] for plugin_id in plan.off if plugin_id in ids]
        to = switch_of(bundles.parse(run.source), chosen, ids, off)
        await self._runner.compositions.switch(tenant_id, to, self._end(tenant_id, run, "done", ""))

    def _end(self, tenant_id: UUID, run: Run, state: repository.State, why: str) -> Also:
        async def end(connection: Connection) -> None:
            now = self._clock.now()
            if run.state == "done":
                key = tenant_id, run.id
                _still(await repository.take_back(connection, key, why, now))
            else:
                mine = _mine(tenant_id, run)
                _still(await repository.end(connection, mine, state, why, now))

        return end

    async def _release_again(self, tenant_id: UUID, run: Run) -> tuple[Run, str]:
        """Every plugin at the version it had; in words what could not go back."""
        kept = []
        for one in await self._runner.installations.list(tenant_id):
            was = run.before.releases.get(one.plugin_id, one.version)
            if was == one.version:
                continue
            if run.state == "running":
                run = await self._held(tenant_id, run)
            try:
                await self._runner.installer.update(tenant_id, one.id, was)
            except RefusedError as error:
                kept.append(f"{one.plugin_id} stays at {one.version}: {error.message}")
        return run, "; ".join(kept)[:WHY_CHARS_MAX]

    async def _back(self, tenant_id: UUID, run: Run, why: str) -> None:
        there = {one.id for one in await self._runner.installations.list(tenant_id)}
        before = run.before.switch
        to = structs.replace(
            before,
            agents=tuple(one for one in before.agents if one in there),
            on=tuple(one for one in before.on if one in there),
            off=tuple(one for one in run.made if one in there),
        )
        also = self._end(tenant_id, run, "rolled_back", why)
        await self._runner.compositions.switch(tenant_id, to, also)


def _mine(tenant_id: UUID, run: Run) -> repository.Mine:
    return tenant_id, run.id, run.held_until


def _still(ours: bool) -> None:  # noqa: FBT001 - an answer
    if not ours:
        raise ConflictError("this bundle was taken over, ended or begun anew meanwhile")


def _must_fit(found: Choice | NoChoice) -> Choice:
    if isinstance(found, NoChoice):
        raise BundleRefusedError(
            "no_choice", "; ".join(found.conflict), changes=list(found.changes)
        )
    return found


def _check(choice: Choice, said: Consent) -> None:
    """Everything that will be refused is refused before anything is done."""
    manifests = {one.plugin_id: one.manifest for one in choice.chosen}
    unknown: Sequence[str] = sorted({*said.grants, *said.config, *said.secrets} - set(manifests))
    if unknown:
        raise BundleRefusedError("unknown_plugin", f"the plan has no {', '.join(unknown)}")
    ceiling = ceiling_of(choice.bundle)
    for step in choice.plan.steps:
        manifest = manifests[step.plugin_id]
        given_now = consent.check_asked(manifest, said.grants.get(step.plugin_id, ()))
        if ceiling is not None and not ceiling.covers(given_now):
            what = "; ".join(given_now.beyond(ceiling).texts)
            message = f"the bundle's ceiling does not allow {step.plugin_id}: {what}"
            raise BundleRefusedError("over_ceiling", message)
        if step.kind == "install":
            given = consent.checked_grants(manifest, said.grants.get(step.plugin_id, ()))
            consent.check_config(manifest, said.config.get(step.plugin_id) or {})
            secrets: Mapping[str, Mapping[str, str]] = said.secrets.get(step.plugin_id) or {}
            consent.check_secrets(manifest, given, secrets)
