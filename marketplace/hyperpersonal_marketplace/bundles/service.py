"""Applies a tenant's bundles: a plan and consent first, then step by step, then one switch.

Rules:
1. Nothing begins before everything that can be known was checked: the plan is the one that was
   shown, every install has its grants, configuration and secrets.
2. Steps are installs and updates that change nothing for shoppers yet, but that an updated agent
   answers under its old grants; order, rules, hours and voice change in one transaction at the end.
3. Each step looks first whether it is done, so a run that was broken off goes on where it was.
4. What a run consented to is sealed while it runs, and forgotten at its end.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from hyperpersonal_core.api import Compositions, Installations
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, OutsideError, RefusedError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.vault import Vault
from hyperpersonal_sdk import bundle as bundles
from hyperpersonal_sdk.capabilities import CapabilitySet
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
        choice = _must_fit(await self.look(tenant_id, source, locked))
        if choice.plan.hash != said.plan:
            message = "the plan has changed since it was shown; look at it again"
            raise BundleRefusedError("plan_changed", message, plan=choice.plan.hash)
        _check(choice, said)
        return await self._work(tenant_id, await self._begin(tenant_id, choice, said))

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
        """
        found = [run for run in await self.runs(tenant_id) if run.state != "rolled_back"]
        if not found:
            raise NotFoundError("no bundle was applied here yet")
        run = found[0]
        if run.state == "running" and run.held_until > self._clock.now():
            raise BundleRefusedError("under_way", "this bundle is being applied right now")
        kept = await self._release_again(tenant_id, run)
        await self._back(tenant_id, run)
        await self._end(tenant_id, run, "rolled_back", kept)
        return (await self.runs(tenant_id))[0]

    async def runs(self, tenant_id: UUID) -> list[Run]:
        """What was applied, newest first, at most 20."""
        async with self._db.transaction(tenant_id) as connection:
            return await repository.runs(connection, tenant_id)

    async def _begin(self, tenant_id: UUID, choice: Choice, said: Consent) -> Run:
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
                await self._step(tenant_id, run, step, work.consent)
            await self._switch(tenant_id, run, work.plan)
        except RefusedError as error:
            why = error.message[:WHY_CHARS_MAX]
            async with self._db.transaction(tenant_id) as connection:
                key = (tenant_id, run.id)
                await repository.pause(connection, key, why, self._clock.now())
            message = f"stopped: {why}. Nothing was switched; resume it, or roll it back"
            raise BundleRefusedError("stopped", message) from error
        await self._end(tenant_id, run, "done", "")
        return (await self.runs(tenant_id))[0]

    async def _step(self, tenant_id: UUID, run: Run, step: Step, said: Consent) -> None:
        async with self._db.transaction(tenant_id) as connection:
            if not await repository.hold(connection, tenant_id, run.id, self._clock.now() + HELD):
                raise ConflictError("this bundle was ended meanwhile")
        there = await self._runner.installations.of_plugin(tenant_id, step.plugin_id)
        if there is None:
            await self._install(tenant_id, run, step, said)
        elif step.kind == "install":
            await self._note(tenant_id, run, there.id)
        elif there.digest != step.digest:
            await self._runner.installer.update(tenant_id, there.id, step.version)
        if step.kind != "install" and said.grants.get(step.plugin_id):
            there = await self._runner.installations.of_plugin(tenant_id, step.plugin_id)
            assert there is not None
            given = CapabilitySet.parse([*there.grants, *said.grants[step.plugin_id]])
            await self._runner.installer.consent(tenant_id, there.id, given.texts)

    async def _install(self, tenant_id: UUID, run: Run, step: Step, said: Consent) -> None:
        installed = await self._runner.installer.install(
            tenant_id, step.plugin_id, step.version,
            grants=said.grants.get(step.plugin_id, ()), config=said.config.get(step.plugin_id),
            secrets=said.secrets.get(step.plugin_id), in_service=False,
        )  # fmt: skip
        await self._note(tenant_id, run, installed)

    async def _note(self, tenant_id: UUID, run: Run, installed: UUID) -> None:
        async with self._db.transaction(tenant_id) as connection:
            await repository.made(connection, tenant_id, run.id, installed)

    async def _switch(self, tenant_id: UUID, run: Run, plan: Plan) -> None:
        there = {one.plugin_id: one for one in await self._runner.installations.list(tenant_id)}
        chosen = {s.plugin_id: convert(there[s.plugin_id].manifest, Manifest) for s in plan.steps}
        ids = {plugin_id: one.id for plugin_id, one in there.items()}
        off = [ids[plugin_id] for plugin_id in plan.off if plugin_id in ids]
        to = switch_of(bundles.parse(run.source), chosen, ids, off)
        await self._runner.compositions.switch(tenant_id, to)

    async def _release_again(self, tenant_id: UUID, run: Run) -> str:
        """Every plugin at the version it had; in words what could not go back."""
        kept = []
        for one in await self._runner.installations.list(tenant_id):
            was = run.before.releases.get(one.plugin_id, one.version)
            if was == one.version:
                continue
            try:
                await self._runner.installer.update(tenant_id, one.id, was)
            except RefusedError as error:
                kept.append(f"{one.plugin_id} stays at {one.version}: {error.message}")
        return "; ".join(kept)[:WHY_CHARS_MAX]

    async def _back(self, tenant_id: UUID, run: Run) -> None:
        there = {one.id for one in await self._runner.installations.list(tenant_id)}
        before = run.before.switch
        to = structs.replace(
            before,
            agents=tuple(one for one in before.agents if one in there),
            on=tuple(one for one in before.on if one in there),
            off=tuple(one for one in run.made if one in there),
        )
        await self._runner.compositions.switch(tenant_id, to)

    async def _end(self, tenant_id: UUID, run: Run, state: repository.State, why: str) -> None:
        async with self._db.transaction(tenant_id) as connection:
            key = (tenant_id, run.id)
            await repository.end(connection, key, state, why, self._clock.now())


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
