"""What may be rolled out: releases that are verified, take the configuration and widen nothing."""

from uuid import UUID

import pytest
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import RolloutPlan, RolloutRecords, RolloutStage
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_marketplace.api import (
    InstallRefusedError,
    LeftBehind,
    Policies,
    Rollouts,
    Updater,
)

from .conftest import Market

NEEDS_GREETING = """
[config]
type = "object"
required = ["greeting"]
[config.properties.greeting]
type = "string"
"""
CANARY = RolloutPlan(0, 1.0, (RolloutStage(0.5, 0.3),))


@pytest.fixture
async def rollouts(market: Market) -> Rollouts:
    records = RolloutRecords(market.db, SystemClock(), Uuid7Ids(), notice_s=0.0)
    return Rollouts(market.installer, records)


async def installed(market: Market) -> UUID:
    """1.0.0 is installed; 2.0.0 asks more, 3.0.0 must be configured."""
    asks = ("knowledge:read",)
    wide = (*asks, "memory:contact.read", "http:GET https://elsewhere.example/*")
    await market.publish(artifact(manifest(version="1.0.0", asks=asks)))
    await market.publish(artifact(manifest(version="2.0.0", asks=wide)))
    await market.publish(artifact(manifest(version="3.0.0", asks=asks, more=NEEDS_GREETING)))
    return await market.installer.install(
        market.tenant_id, "acme/hello", "1.0.0", grants=("knowledge:read",)
    )


async def test_that_a_wider_release_is_rolled_out_under_the_old_grants(
    market: Market, rollouts: Rollouts
) -> None:
    here = await installed(market)
    one = await rollouts.start(market.tenant_id, here, "2.0.0", CANARY)
    assert one.candidate.grants == ("knowledge:read",)
    member = UUID(int=7)
    ended = await rollouts.promote(market.tenant_id, one.id, member)
    assert ended.state == "promoted"
    assert await market.grants(here) == ("knowledge:read",)
    standing = await rollouts.read(market.tenant_id, one.id)
    assert [(line.kind, line.member_id) for line in standing.told] == [
        ("started", None), ("raised", None), ("promoted", member),
    ]  # fmt: skip
    with pytest.raises(ConflictError):
        await rollouts.stop(market.tenant_id, one.id, member)


async def test_that_what_would_not_be_an_update_is_no_rollout_either(
    market: Market, rollouts: Rollouts
) -> None:
    here = await installed(market)
    with pytest.raises(InstallRefusedError, match="greeting"):
        await rollouts.start(market.tenant_id, here, "3.0.0", CANARY)
    with pytest.raises(NotFoundError):
        await rollouts.start(market.tenant_id, here, "9.0.0", CANARY)
    with pytest.raises(RefusedError, match="is what is installed"):
        await rollouts.start(market.tenant_id, here, "1.0.0", CANARY)
    await market.registry.revoke("acme/hello", "2.0.0", "it leaks")
    with pytest.raises(RefusedError):
        await rollouts.start(market.tenant_id, here, "2.0.0", CANARY)
    assert await rollouts.list(market.tenant_id) == []


async def test_that_an_uninstalled_plugin_keeps_the_history_of_its_rollout(
    market: Market, rollouts: Rollouts
) -> None:
    here = await installed(market)
    one = await rollouts.start(market.tenant_id, here, "2.0.0", CANARY)
    await market.installer.uninstall(market.tenant_id, here)
    stopped = await rollouts.stop(market.tenant_id, one.id, UUID(int=7))
    assert stopped.state == "stopped"
    assert [found.id for found in await rollouts.list(market.tenant_id)] == [one.id]
    with pytest.raises(NotFoundError):
        await rollouts.stop(UUID(int=99), one.id, UUID(int=7))


@pytest.fixture
def updater(market: Market, rollouts: Rollouts) -> Updater:
    clock = SystemClock()
    stores = (market.db, clock, market.registry, market.installations)
    left = LeftBehind(market.db, clock, market.vault)
    return Updater(stores, market.installer, Policies(market.db), left, rollouts)


async def follow(market: Market, here: UUID, *, by_degrees: bool) -> None:
    """1.0.1 is published; the installation takes fixes."""
    await market.publish(artifact(manifest(version="1.0.1")))
    (present,) = await market.installations.list(market.tenant_id)
    await Policies(market.db).set(present, "fixes", by_degrees=by_degrees)


async def test_that_an_installation_follows_by_degrees_and_takes_nothing_undone(
    market: Market, rollouts: Rollouts, updater: Updater
) -> None:
    here = await installed(market)
    await follow(market, here, by_degrees=True)
    assert await updater.update(market.tenant_id) == 1
    (one,) = await rollouts.list(market.tenant_id)
    assert (one.state, one.candidate.version) == ("shadow", "1.0.1")
    assert await updater.update(market.tenant_id) == 0, "it runs"
    await rollouts.stop(market.tenant_id, one.id, UUID(int=7))
    await follow_at_once(market)
    assert await updater.update(market.tenant_id) == 0, "what was undone is not taken after all"
    (present,) = await market.installations.list(market.tenant_id)
    assert present.version == "1.0.0"
    assert "rollout was stopped" in (await Policies(market.db).of(present)).tried_why


async def follow_at_once(market: Market) -> None:
    (present,) = await market.installations.list(market.tenant_id)
    await Policies(market.db).set(present, "fixes")


async def test_that_an_installation_follows_at_once_where_nothing_else_is_said(
    market: Market, updater: Updater
) -> None:
    here = await installed(market)
    await follow(market, here, by_degrees=False)
    assert await updater.update(market.tenant_id) == 1
    (present,) = await market.installations.list(market.tenant_id)
    assert present.version == "1.0.1"
