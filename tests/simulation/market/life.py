"""A whole market for the soak: a registry with all its rules, hosts, tenants, and what each tenant
really agreed to, written down beside the product."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
from fakes.full_registry import ADMIN, REVIEWERS, FullRegistry
from fakes.keys import vault_of
from fakes.publishing import Publisher
from fixtures.market.recording import recorded
from fixtures.market.samples import Sample, samples
from hyperpersonal_core.api import Installations, Lifecycle, ReceiptKeys, ReceiptSealer
from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.receipts import due
from hyperpersonal_marketplace.api import Books, Installer, LeftBehind, Policies, Updater
from hyperpersonal_registry import house
from hyperpersonal_registry.api import Policy, Submission, Verdict, Visibilities
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_registry.reviews.observations import Observations
from hyperpersonal_registry.reviews.quarantine import Quarantines
from hyperpersonal_runtime.api import CallScope, Host, Stage
from hyperpersonal_runtime.testing import FakePorts, World, WorldFetcher, default_cache
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.dsse import key_id
from msgspec import structs

AT_ONCE = 2
DEADLINE_MS = 20_000
_TENANT = "insert into tenants (tenant_id, slug, name, created_at) values ($1, $2, $2, $3)"


class Life:
    """Everything real; only what is outside the sandbox is a World."""

    def __init__(self, full: FullRegistry, folder: Path, tenants: list[UUID]) -> None:
        self.full, self.tenants = full, tenants
        db, clock = full.db, SystemClock()
        self.db, self.clock = db, clock
        self.publishers: dict[str, Publisher] = {}
        self.given: dict[tuple[UUID, str], set[str]] = {}  # all a tenant ever agreed to
        self.called: dict[tuple[UUID, str], int] = {}  # billable calls, by tenant and digest
        self.installations = Installations(db, clock, Uuid7Ids(), vault_of(db))
        self.lifecycle = Lifecycle(full.host)
        books = Books(Policies(db), LeftBehind(db, clock, vault_of(db)), Visibilities(db, clock))
        self.books = books
        self.installer = Installer(full.host, self.installations, self.lifecycle, books)
        stores = (db, clock, full.host, self.installations)
        self.updater = Updater(stores, self.installer, books.policies, books.left_behind)
        self.observations = Observations(full.registry.ground, Uuid7Ids())
        self.quarantines = Quarantines(full.registry.ground)
        self.keys = ReceiptKeys(folder / "receipt.keys")
        self.world = World()
        self.host = Host(default_cache(), workers=1, lanes=4, fetcher=WorldFetcher(self.world))
        self.admin = key_id(ADMIN.public_key().public_bytes_raw())

    @classmethod
    async def open(cls, stack: AsyncExitStack, db: Database, folder: Path, tenants: int) -> "Life":
        """An empty market with so many tenants, and one host with a sandbox."""
        full = await FullRegistry.open(db, folder, Policy.public())
        made = cls(full, folder, [uuid4() for _ in range(tenants)])
        for number, tenant in enumerate(made.tenants):
            async with db.transaction(tenant) as connection:
                await connection.execute(_TENANT, tenant, f"shop-{number}", made.clock.now())
        made.lifecycle.host = made.host
        await made.host.start(FakePorts(made.world).ports())
        stack.push_async_callback(made.host.close)
        return made

    async def samples(self, count: int) -> list[Sample]:
        """So many samples, with their recorded calls, each author with a key and a namespace."""
        stage = Stage(default_cache())
        try:
            made = await recorded(stage, samples(count))
        finally:
            await stage.close()
        for number, name in enumerate(sorted({one.author for one in made}), 20):
            self.publishers[name] = Publisher(number)
            await self.full.registry.create_namespace(name, self.publishers[name].public)
        return made

    async def publish_all(self, chosen: list[Sample], version: str) -> list[Submission]:
        """Every sample's release by every step: handed in, checked, reviewed."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def checked(sample: Sample) -> list[Verdict]:
            async with gate:
                return await self._checked(sample, version)

        reports = await asyncio.gather(*(checked(one) for one in chosen))
        return [
            await self._published(sample, version, report)
            for sample, report in zip(chosen, reports, strict=True)
        ]

    async def _checked(self, sample: Sample, version: str) -> list[Verdict]:
        known = await self.full.registry.releases(sample.plugin_id)
        before = await self.full.blobs.get(known[-1].digest) if known else None
        others = tuple(one.plugin_id for one in samples() if one.author != sample.author)
        subject = Subject(sample.packed(version), str(default_cache()), before, others)
        return await Runner().run(subject)

    async def _published(self, sample: Sample, version: str, report: list[Verdict]) -> Submission:
        packed = sample.packed(version)
        key = self.publishers[sample.author].key
        done = await house.publish(self.full.registry, packed, key, REVIEWERS, lambda _: report)
        failed = [one for one in report if one.verdict != "PASS"]
        assert done.state == "published", (sample.plugin_id, version, done.why, failed)
        return done

    async def install(self, tenant: UUID, sample: Sample, *, all_asked: bool) -> UUID:
        """The tenant agrees to what is required, or to all of it."""
        offer = await self.installer.offer(sample.plugin_id, tenant_id=tenant)
        grants = [one.capability for one in offer.permissions if all_asked or not one.optional]
        self.given.setdefault((tenant, sample.plugin_id), set()).update(grants)
        return await self.installer.install(tenant, sample.plugin_id, grants=grants)

    async def use(self, tenant: UUID, sample: Sample) -> str:
        """One call of the tenant's installation, under its own grants, as a turn of its own; how
        it ended. The calls are billed as a finished turn's are."""
        (present,) = [one for one in await self.installations.list(tenant)
                      if one.plugin_id == sample.plugin_id]  # fmt: skip
        release = await self.full.host.load(present.digest)
        turn = uuid4()
        scope = CallScope(str(tenant), str(present.id), str(turn), str(uuid4()), str(uuid4()))
        payload = msgspec.json.encode(sample.trial.payload)
        call = present.call(release, sample.trial.hook, payload, scope, DEADLINE_MS)
        for name, value in structs.asdict(World(**sample.trial.world)).items():
            setattr(self.world, name, value)
        done = await self.host.call(call)
        live = LiveTurn(tenant, uuid4(), turn, 1)
        live.told(call, done)
        async with self.db.transaction(tenant) as connection:
            await due.keep(connection, self.clock.now(), [live])
        key = (tenant, present.digest)
        self.called[key] = self.called.get(key, 0) + 1
        assert done.outcome == "ok", (sample.plugin_id, present.version, done.detail)
        told = (done.value or b"").decode()
        assert all(text in told for text in sample.trial.says), told
        return present.version

    async def seal(self) -> int:
        """Sign the receipts that are due."""
        return await ReceiptSealer(self.db, self.keys).seal_all()


def digest(sample: Sample, version: str) -> str:
    return hpx.digest_of(sample.releases[version])
