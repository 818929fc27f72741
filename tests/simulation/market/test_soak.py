"""Every sample plugin lives its whole life in one market; at the end nothing is out of order.

`HP_MARKET_SAMPLES`: how many (default 3; 52 are all of them).
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest
from fakes.full_registry import REVIEWERS, SIGNER, key, raw
from fixtures.market.samples import VERSIONS, Sample
from hyperpersonal_core.api import Exposures
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.receipts.export import export
from hyperpersonal_registry.api import ReleaseRefusedError
from hyperpersonal_registry.reviews.observations import Reporter
from hyperpersonal_registry.trust.keeper import Keeper, from_database
from hyperpersonal_registry.trust.reader import Trust
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.receipts import verify as verify_receipts
from hyperpersonal_sdk.risk import reviews_needed
from hyperpersonal_sdk.transparency import checkpoint, merkle, note
from hyperpersonal_sdk.transparency.checkpoint import Checkpoint, Witnesses
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey
from simulation.market.life import Life, digest

COUNT = int(os.environ.get("HP_MARKET_SAMPLES", "3"))
TENANTS = 4 if COUNT <= 10 else 6
FIRST, FIX, FEATURE = VERSIONS
WITNESS = key(240)
WATCHED = Witnesses((NoteKey("witness.example", raw(WITNESS), COSIGNATURE),), needed=1)
NEXT = {
    "": {"release.submitted", "release.published"},
    "release.submitted": {"release.checked", "release.rejected"},
    "release.checked": {"release.reviewed", "release.rejected", "release.checked"},
    "release.reviewed": {"release.reviewed", "release.published", "release.rejected"},
    "release.published": {"release.yanked", "release.quarantined", "release.revoked"},
    "release.yanked": {"release.quarantined", "release.revoked"},
    "release.quarantined": {"release.reinstated", "release.revoked"},
    "release.reinstated": {"release.yanked", "release.quarantined", "release.revoked"},
    "release.revoked": set(),
    "release.rejected": {"release.appealed"},
}


@pytest.fixture
async def life(db: Database, tmp_path: Path) -> AsyncIterator[Life]:
    async with AsyncExitStack() as stack:
        yield await Life.open(stack, db, tmp_path, TENANTS)


class Watcher:
    """A witness: cosigns only what continues what it saw before."""

    def __init__(self, life: Life) -> None:
        self._registry = life.full.registry
        self.seen: list[Checkpoint] = []

    async def look(self) -> Checkpoint:
        shown = note.cosign(note.parse(await self._registry.checkpoint()), "witness.example",
                            WITNESS, 1_000 + len(self.seen))  # fmt: skip
        found = checkpoint.verify(shown.data, SIGNER.public, WATCHED)
        for old in self.seen[-1:]:
            proof = await self._registry.growth_proof(old.size, found.size)
            checkpoint.verify_growth(old, found, proof)
        self.seen.append(found)
        return found


def owners(life: Life, place: int) -> list[UUID]:
    """Which tenants have the sample of this place: some, never none."""
    found = [one for n, one in enumerate(life.tenants) if (place + n) % 3 != 1]
    return found or life.tenants[:1]


async def use_all(life: Life, chosen: list[Sample]) -> list[str]:
    """Every installation is called once; the versions that answered."""
    return [await life.use(tenant, sample)
            for place, sample in enumerate(chosen) for tenant in owners(life, place)]  # fmt: skip


@pytest.mark.timeout(300 + 100 * COUNT)
async def test_that_a_market_lives_and_keeps_all_its_promises(life: Life, tmp_path: Path) -> None:
    chosen, watcher = await life.samples(COUNT), Watcher(life)
    await live_through(life, chosen, watcher)
    await withdraw(life, chosen, watcher)
    await the_log_holds(life, watcher)
    await trust_holds_offline(life, chosen, tmp_path / "late")
    await nobody_has_more_than_they_gave(life)
    await receipts_are_complete(life)
    await every_state_is_legal(life)


async def live_through(life: Life, chosen: list[Sample], watcher: Watcher) -> None:
    """Published, reviewed, installed with consent, used, fixed by policy, widened by consent."""
    published = await life.publish_all(chosen, FIRST)
    people = [len((await life.full.registry.case(one.digest))[2]) for one in published]
    assert people == [reviews_needed(one.manifest) for one in published]
    await watcher.look()
    for place, sample in enumerate(chosen):
        for number, tenant in enumerate(owners(life, place)):
            installed = await life.install(tenant, sample, all_asked=number % 2 == 0)
            (present,) = [o for o in await life.installations.list(tenant) if o.id == installed]
            if (place + number) % 4 != 3:
                follow = "latest" if number % 2 else "fixes"
                await life.books.policies.set(present, follow)
    assert set(await use_all(life, chosen)) == {FIRST}
    await life.publish_all(chosen, FIX)
    updated = await life.updater.update_all()
    assert updated == await following(life)
    assert set(await use_all(life, chosen)) == {FIRST, FIX}
    await life.publish_all(chosen, FEATURE)
    assert await life.updater.update_all() > 0
    await watcher.look()
    assert set(await use_all(life, chosen)) == {FIRST, FIX, FEATURE}
    await consent_and_go_back(life, chosen)
    assert await life.seal() > 0


async def following(life: Life) -> int:
    """How many installations take fixes by themselves."""
    found = 0
    for tenant in life.tenants:
        policies = await life.books.policies.all(tenant)
        found += sum(one.follow in ("fixes", "latest") for one in policies.values())
    return found


async def consent_and_go_back(life: Life, chosen: list[Sample]) -> None:
    """Some tenants agree to what the new release asks; some go back to the one before."""
    for number, tenant in enumerate(life.tenants):
        for present in await life.installations.list(tenant):
            if present.version != FEATURE:
                continue
            sample = next(one for one in chosen if one.plugin_id == present.plugin_id)
            if number % 2:
                wider = (*present.grants, sample.family.extra[0])
                life.given[tenant, sample.plugin_id].update(wider)
                await life.installer.consent(tenant, present.id, wider)
            else:
                back = await life.installer.rollback(tenant, present.id)
                assert back.version != FEATURE
            await life.use(tenant, sample)


async def withdraw(life: Life, chosen: list[Sample], watcher: Watcher) -> None:
    """One is reported, quarantined and lifted; some are yanked; one is revoked for good."""
    registry = life.full.registry
    reported, yanked, revoked = chosen[0], chosen[1], chosen[2]
    for number in range(3):
        said = await life.observations.report(
            reported.plugin_id, "It wrote to a stranger.", Reporter(f"tenant:{number}", "user")
        )
    assert set(said.quarantined) == set(VERSIONS)
    assert await refusal(life, digest(reported, FIRST)) in ("quarantined", "withdrawn")
    lifted = await life.quarantines.lift(reported.plugin_id, "", "It was the shop.", life.admin)
    assert set(lifted) == set(VERSIONS)
    await life.use(owners(life, 0)[0], reported)

    for version in VERSIONS:
        await registry.yank(yanked.plugin_id, version, "We stop offering it.")
    with pytest.raises(NotFoundError):
        await registry.find(yanked.plugin_id)
    await life.use(owners(life, 1)[0], yanked)  # who has it is not broken

    await life.seal()
    for version in VERSIONS:
        await registry.revoke(revoked.plugin_id, version, "It takes what it should not.")
        assert await refusal(life, digest(revoked, version)) in ("revoked", "withdrawn")
    exposed = await Exposures(life.db).of([digest(revoked, version) for version in VERSIONS])
    assert {one.tenant_id for one in exposed} == set(owners(life, 2))
    called = {(one.tenant_id, one.digest): one.calls for one in exposed if one.calls}
    assert called == {who: count for who, count in life.called.items()
                      if who[1] in {digest(revoked, v) for v in VERSIONS}}  # fmt: skip
    await watcher.look()


async def refusal(life: Life, wanted: str) -> str:
    with pytest.raises(ReleaseRefusedError) as error:
        await life.full.host.load(wanted)
    return error.value.reason


async def the_log_holds(life: Life, watcher: Watcher) -> None:
    """From the first leaf to the last, with proofs, and one past for everybody."""
    registry = life.full.registry
    assert await registry.journal_fault() is None
    end = await watcher.look()
    assert checkpoint.split_view(watcher.seen) is None
    after, count = 0, 0
    while entries := await registry.journal(after, 500):
        for entry in entries:
            proof = await registry.inclusion_proof(entry.n, end.size)
            leaf = merkle.leaf_hash(entry.data)
            merkle.verify_inclusion(leaf, entry.n - 1, end.size, proof, end.root)
            after, count = entry.n, count + 1
    assert count == end.size


async def trust_holds_offline(life: Life, chosen: list[Sample], folder: Path) -> None:
    """A host that was told once admits all that may run and nothing else, without a mirror."""
    assert await Keeper(Trust(folder, life.full.root), from_database(life.db)).refresh()
    trust = Trust(folder, life.full.root)
    for place, sample in enumerate(chosen):
        for version in VERSIONS:
            packed = sample.packed(version)
            if place == 2:
                with pytest.raises(UntrustedError) as error:
                    trust.admit(sample.plugin_id, version, packed)
                assert error.value.code == "withdrawn"
                continue
            admitted = trust.admit(sample.plugin_id, version, packed)
            assert set(admitted.reviewers) <= {raw(one).hex() for one in REVIEWERS}


async def nobody_has_more_than_they_gave(life: Life) -> None:
    """Whatever was updated, no tenant's grants are beyond what it agreed to."""
    seen = 0
    for tenant in life.tenants:
        for present in await life.installations.list(tenant):
            given = CapabilitySet.parse(life.given[tenant, present.plugin_id])
            has = CapabilitySet.parse(present.grants)
            assert given.covers(has), (present.plugin_id, present.grants)
            seen += 1
    assert seen == sum(len(owners(life, place)) for place in range(COUNT))


async def receipts_are_complete(life: Life) -> None:
    """One for every billable call, signed and chained, for an independent verifier."""
    await life.seal()
    for tenant in life.tenants:
        lines = [line async for line in export(life.db, life.keys, life.clock, tenant, 1)]
        found = verify_receipts(lines, life.keys.public, str(tenant))
        assert found.faults == []
        assert found.count == sum(n for (who, _), n in life.called.items() if who == tenant)


async def every_state_is_legal(life: Life) -> None:
    """Each release went only where a release can go."""
    at: dict[str, str] = {}
    after = 0
    while entries := await life.full.registry.journal(after, 500):
        for entry in entries:
            after = entry.n
            if entry.kind.startswith("release."):
                assert entry.kind in NEXT[at.get(entry.subject, "")], (entry, at)
                at[entry.subject] = entry.kind
    assert len(at) == len(VERSIONS) * COUNT
    ends = {"release.yanked", "release.reinstated", "release.revoked"}
    assert set(at.values()) == (ends | {"release.published"} if len(ends) < COUNT else ends)
