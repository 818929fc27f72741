"""One shop that several processes change at the same moment, each of which may be killed at any
commit; and what is written down beside the product, in the very transactions, to judge it by."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from fakes.bundles import text
from fakes.keys import vault_of
from hyperpersonal_core.api import (
    Also,
    Compositions,
    Installation,
    Installations,
    Lifecycle,
    RolloutPlan,
    RolloutRecords,
    RolloutStage,
    nothing_more,
)
from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.receipts import due
from hyperpersonal_marketplace.api import (
    Books,
    BundleKeys,
    Bundles,
    Catalogue,
    Choice,
    Chooser,
    Consent,
    Installer,
    LeftBehind,
    Policies,
    Rollouts,
    Runner,
    Shelf,
    Updater,
)
from hyperpersonal_registry.api import Registry, Visibilities
from hyperpersonal_runtime.api import CallResult, CallScope, HookCall
from hyperpersonal_sdk.contract.outcomes import Outcome

PLUGINS = ("acme/one", "acme/two", "acme/three")
READ, STORE, MORE_STORE, FACTS = "knowledge:read", "kv:1KiB", "kv:1MiB", "memory:contact.read"
VERSIONS = {"1.0.0": (STORE,), "1.0.1": (STORE, FACTS), "1.1.0": (MORE_STORE,), "2.0.0": (
    MORE_STORE, FACTS)}  # fmt: skip
BUNDLE = text("acme/one", "acme/two")
GIVEN_WITH_BUNDLE = FACTS
MEMBER = UUID(int=7)
DIES, REFUSED, TRIAL_S_MAX, STEP = 0.004, 0.1, 0.004, 12.0
CANARY = RolloutPlan(0, 1.0, (RolloutStage(0.5, 0.4),))

KIND: ContextVar[str] = ContextVar("kind", default="more")
"""Whether the grant that is written is a member's whole consent, or what a bundle adds."""

LEDGER = """
create table test_states (n bigserial primary key, tx xid8 default pg_current_xact_id(),
  op text, id uuid, digest text, grants text[], enabled bool, tried bool, follow text);
create table test_consents (tx xid8 default pg_current_xact_id(), id uuid, kind text, run uuid);
grant insert on test_consents to hp_app;
create function test_note() returns trigger language plpgsql security definer as $$
begin
  insert into test_states (op, id, digest, grants, enabled, tried, follow)
  values (tg_op, new.id, new.digest, new.grants, new.enabled, new.tried,
          (select follow from market.policies p where p.installation_id = new.id));
  return new;
end $$;
create trigger test_note after insert or update on installations
  for each row execute function test_note()"""
NO_LEDGER = """
drop trigger test_note on installations; drop function test_note;
drop table test_states, test_consents"""
CONSENTED = """insert into test_consents (id, kind, run) values ($1, $2,
  (select id from market.bundle_runs where state = 'running'))"""


class KilledError(BaseException):
    """The process ended as under kill -9: nothing of it does anything more."""


class Mortal:
    """A process's way to the database; at one of its commits it dies, just before or just after."""

    def __init__(self, db: Database, chance: random.Random) -> None:
        self._db, self._chance, self.dead = db, chance, False

    @asynccontextmanager
    async def transaction(self, *tenants: UUID) -> AsyncIterator[Connection]:
        await asyncio.sleep(0)
        self._live()
        dies, before = self._chance.random() < DIES, self._chance.random() < 0.5
        async with self._db.transaction(*tenants) as connection:
            yield connection
            self.dead = dies
            if before:
                self._live()
        self._live()

    def _live(self) -> None:
        if self.dead:
            raise KilledError


class Trial(Lifecycle):
    """What a sandbox would say, after a while; what it found good is written down."""

    def __init__(self, registry: Registry, chance: random.Random, good: set[Any]) -> None:
        super().__init__(registry)
        self._chance, self._good = chance, good

    async def prepare(self, candidate: Installation, hook: str) -> None:
        await asyncio.sleep(self._chance.random() * TRIAL_S_MAX)
        if self._chance.random() < REFUSED:
            raise RefusedError("it traps")
        self._good.add((candidate.id, candidate.digest))


class Noting(Installations):
    """Notes each consent in the transaction that gives it."""

    async def grant(self, present: Installation, grants: Any, also: Also = nothing_more) -> None:
        async def noted(connection: Connection) -> None:
            await connection.execute(CONSENTED, present.id, KIND.get())
            await also(connection)

        await super().grant(present, grants, noted)


class Street:
    """What all processes share: database, registry, time, and what was found good."""

    def __init__(self, db: Database, registry: Registry, clock: FixedClock, embed: Any) -> None:
        self.db, self.registry, self.clock = db, registry, clock
        self.tenant = uuid4()
        self.good: set[tuple[UUID, str]] = set()
        self.catalogue = Catalogue(registry, embed, Visibilities(db, clock))
        self.turns: dict[UUID, set[tuple[str, str]]] = {}  # what a turn's bundle would run


class Process:
    """A process of the shop, with all doors to it."""

    def __init__(self, street: Street, chance: random.Random, *, mortal: bool = True) -> None:
        self.street, self.chance, self.tenant = street, chance, street.tenant
        clock, registry, ids = street.clock, street.registry, Uuid7Ids()
        db: Any = Mortal(street.db, chance) if mortal else street.db
        vault, seen = vault_of(db), Visibilities(db, clock)
        self.db, self.policies = db, Policies(db)
        books = Books(self.policies, LeftBehind(db, clock, vault), seen)
        self.installations = Noting(db, clock, ids, vault)
        trial = Trial(registry, chance, street.good)
        self.installer = Installer(registry, self.installations, trial, books)
        self.rollouts = Rollouts(self.installer, RolloutRecords(db, clock, ids))
        stores = (db, clock, registry, self.installations)
        self.updater = Updater(
            stores, self.installer, self.policies, books.left_behind, self.rollouts
        )
        tenants = (self.installations, self.policies)
        shelf = Shelf(registry, street.catalogue, seen)
        chooser = Chooser(shelf, registry, tenants, BundleKeys(db, vault), clock)
        runner = Runner(self.installer, self.installations, Compositions(db, ids))
        self.bundles = Bundles(db, clock, ids, vault, (chooser, runner))

    async def some(self) -> Installation:
        """One of what is installed."""
        there = await self.installations.list(self.tenant)
        if not there:
            raise RefusedError("nothing is installed")
        return self.chance.choice(there)

    def rights(self, asked: tuple[str, ...]) -> list[str]:
        """What is required, and some of the rest."""
        return [READ, *(one for one in asked if self.chance.random() < 0.5)]

    async def install(self) -> None:
        plugin, version = self.chance.choice(PLUGINS), self.chance.choice(list(VERSIONS))
        grants = self.rights(VERSIONS[version])
        await self.installer.install(self.tenant, plugin, version, grants=grants)

    async def consent(self) -> None:
        one = await self.some()
        token = KIND.set("whole")
        try:
            grants = self.rights(VERSIONS[one.version])
            await self.installer.consent(self.tenant, one.id, grants)
        finally:
            KIND.reset(token)

    async def update(self) -> None:
        one = await self.some()
        await self.installer.update(self.tenant, one.id, self.chance.choice(list(VERSIONS)))

    async def rollback(self) -> None:
        await self.installer.rollback(self.tenant, (await self.some()).id)

    async def configure(self) -> None:
        await self.installer.configure(self.tenant, (await self.some()).id, {})

    async def follow(self) -> None:
        one = await self.some()
        await self.policies.set(one, self.chance.choice(("pin", "off", "fixes", "latest")))

    async def switch(self) -> None:
        one = await self.some()
        await self.installations.switch(self.tenant, one.id, enabled=self.chance.random() < 0.7)

    async def uninstall(self) -> None:
        data: Any = self.chance.choice(("keep", "delete", "export"))
        await self.installer.uninstall(self.tenant, (await self.some()).id, data)

    async def compose(self) -> None:
        there = [one.id for one in await self.installations.list(self.tenant)]
        self.chance.shuffle(there)
        await self.installer.compose_bundle(self.tenant, there)

    async def roll_out(self) -> None:
        one = await self.some()
        await self.rollouts.start(self.tenant, one.id, self.chance.choice(list(VERSIONS)), CANARY)

    async def end_rollout(self) -> None:
        for one in await self.rollouts.list(self.tenant):
            if one.state == "canary":
                act = self.chance.choice((self.rollouts.promote, self.rollouts.stop))
                await act(self.tenant, one.id, MEMBER)

    async def apply(self) -> None:
        """A bundle, with one right more for each plugin than it needs, where it is asked."""
        found = await self.bundles.look(self.tenant, BUNDLE)
        assert isinstance(found, Choice), found
        grants = {}
        for step in found.plan.steps:
            needs = [one.capability for one in step.permissions if not one.optional]
            more = [p.capability for p in step.permissions if p.capability == GIVEN_WITH_BUNDLE]
            grants[step.plugin_id] = [*(needs if step.kind == "install" else ()), *more]
        await self.bundles.apply(self.tenant, BUNDLE, Consent(found.plan.hash, grants))

    async def resume(self) -> None:
        await self.bundles.resume(self.tenant)

    async def back(self) -> None:
        await self.bundles.rollback(self.tenant)

    async def use(self) -> None:
        """A turn: every plugin that serves is called once."""
        bundle = await self.installations.bundle(self.tenant)
        turn = LiveTurn(self.tenant, uuid4(), uuid4(), 1)
        for number, one in enumerate(bundle.installations.values()):
            sealed = await self.street.registry.load(one.digest)
            scope = CallScope(str(self.tenant), str(one.id), str(turn.turn_id), path=str(number))
            call = HookCall(sealed, "reply", b"{}", scope, one.grants)
            turn.told(call, CallResult(Outcome.OK, b"{}"))
        ran = {(one.plugin_id, one.digest) for one in bundle.installations.values()}
        assert {(one.id, one.digest) for one in bundle.installations.values()} <= self.street.good
        async with self.db.transaction(self.tenant) as connection:
            await due.keep(connection, self.street.clock.now(), [turn])
            self.street.turns[turn.turn_id] = ran

    async def by_itself(self) -> None:
        """What the job does."""
        if self.chance.random() < 0.5:
            await self.updater.update(self.tenant)
        else:
            await self.bundles.resume_all()

    def goes_on(self) -> None:
        """Time does, too."""
        self.street.clock.at += timedelta(seconds=self.chance.random() * STEP)
