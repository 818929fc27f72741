"""Metadata is signed again in its last third, by the registry's own keys only."""

from datetime import timedelta
from pathlib import Path

from fakes.full_registry import FullRegistry
from fakes.publishing import artifact
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.api import FolderBlobs, Registry, Renewal
from hyperpersonal_registry.trust.roles import Lifetimes
from hyperpersonal_sdk import hpx


async def ends(registry: Registry) -> dict[str, float]:
    ground = registry.ground
    async with ground.db.transaction() as connection, ground.signing(connection) as found:
        assert found is not None
        return {name: at.timestamp() for name, at in found.expiries().items()}


async def test_that_only_what_is_due_is_signed_again(db: Database, tmp_path: Path) -> None:
    full = await FullRegistry.open(db, tmp_path)
    await full.publish(artifact())
    assert await Renewal(full.registry.ground).renew() == []
    full.lifetimes = Lifetimes(timestamp=timedelta(hours=48))
    later = full.again()
    before = await ends(later)
    assert await Renewal(later.ground).renew() == ["timestamp"]
    after = await ends(later)
    assert after["timestamp"] > before["timestamp"]
    assert {n: at for n, at in after.items() if n != "timestamp"} == {
        n: at for n, at in before.items() if n != "timestamp"
    }
    host = full.new_host("after")
    digest = hpx.unpack(artifact()).digest
    assert (await host.load(digest)).digest == digest


async def test_that_all_of_the_registrys_own_is_renewed(db: Database, tmp_path: Path) -> None:
    full = await FullRegistry.open(db, tmp_path)
    await full.publish(artifact())
    year = timedelta(days=365)
    full.lifetimes = Lifetimes(targets=year, snapshot=year, timestamp=year)
    later = full.again()
    signed = await Renewal(later.ground).renew()
    carried = {name for name in signed if name.startswith("reviews")}
    assert "reviews" in carried
    assert set(signed) - carried == {"targets", "snapshot", "timestamp", "withdrawn"}
    assert await Renewal(later.ground).renew() == []
    digest = hpx.unpack(artifact()).digest
    assert (await full.new_host("after").load(digest)).digest == digest


async def test_that_a_registry_without_a_ceremony_renews_nothing(
    db: Database, blobs: FolderBlobs
) -> None:
    assert await Renewal(Registry(db, blobs, SystemClock()).ground).renew() == []
