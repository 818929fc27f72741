"""Installations follow new releases as their policies say, and gain nothing by it."""

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from fakes.metered import tenant
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import Installation, NewInstallation
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_marketplace.api import (
    Books,
    Installer,
    InstallRefusedError,
    LeftBehind,
    MarketRefusedError,
    Policies,
    Policy,
    Updater,
    next_release,
    waiting,
)
from hyperpersonal_registry.api import Release, Visibilities, version_key
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import read
from msgspec import structs

from .conftest import Market

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PAIRS = int(os.environ.get("HP_UPGRADE_PAIRS", "1000"))
TEXTS = [
    "knowledge:read", "memory:contact.read", "tool:commerce.orders.read", "kv:1KiB", "kv:1MiB",
    "tool:commerce.orders.write", "model:generate<=1k tokens/turn", "http:* https://*.example/*",
    "model:generate<=20k tokens/turn", "money:refund<=5.00 USD/turn", "http:GET https://a.example/*",
    "money:refund<=50.00 USD/turn", "http:GET https://a.example/v1/*", "http:* https://a.example/*",
]  # fmt: skip


class Kept:
    """A market whose installations follow."""

    def __init__(self, market: Market) -> None:
        clock = FixedClock(NOW)
        self.market = market
        self.policies = Policies(market.db)
        left = LeftBehind(market.db, clock, market.vault)
        books = Books(self.policies, left, Visibilities(market.db, clock))
        self.installer = Installer(market.registry, market.installations, None, books)
        stores = (market.db, clock, market.registry, market.installations)
        self.updater = Updater(stores, self.installer, self.policies, left)

    async def publish(self, version: str, *asks: str, optional: tuple[str, ...] = ()) -> None:
        await self.market.publish(artifact(manifest("acme/hello", version, asks, optional)))

    async def install(self, *grants: str) -> UUID:
        return await self.installer.install(self.market.tenant_id, "acme/hello", grants=grants)

    async def present(self) -> Installation:
        (one,) = await self.market.installations.list(self.market.tenant_id)
        return one

    async def waits(self) -> tuple[str, ...]:
        one = await self.present()
        return waiting(one, await self.policies.of(one))


@pytest.fixture
def kept(market: Market) -> Kept:
    return Kept(market)


@pytest.mark.parametrize(
    ("follow", "expected"),
    [("pin", "1.0.0"), ("off", "1.0.0"), ("fixes", "1.0.2"), ("latest", "2.0.0")],
)
async def test_that_each_policy_takes_what_it_says(kept: Kept, follow: Any, expected: str) -> None:
    await kept.publish("1.0.0")
    await kept.install()
    await kept.policies.set(await kept.present(), follow)
    for version in ("1.0.1", "1.0.2", "1.1.0", "2.0.0", "3.0.0-beta.1"):
        await kept.publish(version)
    await kept.updater.update_all()
    assert (await kept.present()).version == expected
    assert await kept.updater.update_all() == 0


async def test_that_a_new_release_is_waited_for_while_it_cools_down(kept: Kept) -> None:
    await kept.publish("1.0.0")
    await kept.install()
    await kept.policies.set(await kept.present(), "latest", 3)
    await kept.publish("1.1.0")
    releases = await kept.market.registry.releases("acme/hello")
    policy = await kept.policies.of(await kept.present())
    early, ripe = NOW + timedelta(days=2, hours=23), NOW + timedelta(days=3)
    assert next_release(policy, "1.0.0", releases, early) is None
    found = next_release(policy, "1.0.0", releases, ripe)
    assert found is not None
    assert found.version == "1.1.0"
    assert await kept.updater.update_all() == 0
    with pytest.raises(MarketRefusedError):
        await kept.policies.set(await kept.present(), "latest", 366)


async def test_that_one_tenants_fault_keeps_no_other_from_its_fixes(kept: Kept) -> None:
    await kept.publish("1.0.0")
    other = await tenant(kept.market.db, "other", NOW)
    for one in (kept.market.tenant_id, other):
        await kept.installer.install(one, "acme/hello", grants=[])
        (there,) = await kept.market.installations.list(one)
        await kept.policies.set(there, "fixes")
    await kept.publish("1.0.1")
    async with kept.market.db.transaction(other) as connection:
        await connection.execute("update installations set manifest = '1', version = 'bad'")
    assert await kept.updater.update_all() == 1
    assert (await kept.present()).version == "1.0.1"


async def test_that_a_pinned_release_is_replaced_by_nobody(kept: Kept) -> None:
    await kept.publish("1.0.0")
    installed = await kept.install()
    await kept.publish("1.0.1")
    tenant = kept.market.tenant_id
    await kept.policies.set(await kept.present(), "pin")
    with pytest.raises(InstallRefusedError) as refused:
        await kept.installer.update(tenant, installed)
    assert refused.value.reason == "pinned"
    await kept.policies.set(await kept.present(), "off")
    assert (await kept.installer.update(tenant, installed)).version == "1.0.1"
    await kept.policies.set(await kept.present(), "pin")
    with pytest.raises(InstallRefusedError):
        await kept.installer.rollback(tenant, installed)


async def test_that_what_a_release_newly_asks_waits_until_somebody_decides(kept: Kept) -> None:
    await kept.publish("1.0.0", "knowledge:read", optional=("kv:1KiB",))
    installed = await kept.install("knowledge:read")
    assert await kept.waits() == ()
    await kept.policies.set(await kept.present(), "latest")
    wider = ("knowledge:read", "tool:commerce.orders.read")
    await kept.publish("1.1.0", *wider, optional=("kv:1KiB",))
    assert await kept.updater.update_all() == 1
    assert (await kept.present()).grants == ("knowledge:read",)
    assert await kept.waits() == ("tool:commerce.orders.read",)
    await kept.publish("1.2.0", *wider, optional=("kv:1KiB", "memory:contact.read"))
    await kept.updater.update_all()
    assert await kept.waits() == ("memory:contact.read", "tool:commerce.orders.read")
    await kept.installer.consent(kept.market.tenant_id, installed, wider)
    assert (await kept.present()).grants == wider
    assert await kept.waits() == ()


async def test_that_a_release_that_would_not_do_is_tried_once_and_told(kept: Kept) -> None:
    await kept.publish("1.0.0")
    await kept.install()
    await kept.policies.set(await kept.present(), "latest")
    needs = manifest("acme/hello", "1.1.0", (), (), NEEDS_A_GREETING)
    await kept.market.publish(artifact(needs))
    assert await kept.updater.update_all() == 0
    policy = await kept.policies.of(await kept.present())
    assert policy.tried == "1.1.0"
    assert "greeting" in policy.tried_why
    await kept.publish("1.2.0")
    assert await kept.updater.update_all() == 1
    assert (await kept.present()).version == "1.2.0"


async def test_that_withdrawn_releases_are_not_taken(kept: Kept) -> None:
    await kept.publish("1.0.0")
    await kept.install()
    await kept.policies.set(await kept.present(), "latest")
    await kept.publish("1.1.0")
    await kept.publish("1.2.0")
    await kept.market.registry.yank("acme/hello", "1.2.0", "It greets twice.")
    await kept.updater.update_all()
    assert (await kept.present()).version == "1.1.0"


NEEDS_A_GREETING = """
[config]
type = "object"
required = ["greeting"]
[config.properties.greeting]
type = "string"
"""


class Shelf:
    """What the real installer needs of a registry and a table, in memory: for very many updates."""

    def __init__(self) -> None:
        self.release: Release
        self.one: Installation
        self.past: list[Installation] = []

    def offer(self, n: int, asks: Sequence[str]) -> None:
        said = _manifest(tuple(sorted(asks)))
        self.release = Release(f"sha256:{n}", said.id, f"1.0.{n}", said, b"", 0, NOW)

    async def find(self, plugin_id: str, version: str | None = None) -> Release:
        return self.release

    async def load(self, digest: str, *, unreviewed: bool = False) -> None: ...

    async def get(self, tenant_id: UUID, installation_id: UUID) -> Installation:
        return self.one

    async def update(self, present: Installation, new: NewInstallation, *_: Any) -> None:
        self.one = structs.replace(
            self.one, version=new.version, digest=new.digest, manifest=new.manifest,
            grants=new.grants,
        )  # fmt: skip


_MANIFESTS: dict[tuple[str, ...], Any] = {}


def _manifest(asks: tuple[str, ...]) -> Any:
    return _MANIFESTS.setdefault(asks, read(manifest(asks=asks)))


@pytest.mark.timeout(120 + PAIRS // 100)
async def test_that_no_random_upgrade_gains_a_right_without_consent() -> None:
    """HP_UPGRADE_PAIRS upgrades (1,000 unless it says otherwise) through the real installer."""
    lots, shelf = random.Random(20261122), Shelf()
    installer, gained = Installer(shelf, shelf), 0  # type: ignore[arg-type]
    for n in range(PAIRS):
        if n % 5 == 0:  # a tenant that installs anew, with what it chose to give
            asked, given = (lots.sample(TEXTS, lots.randint(0, 6)) for _ in range(2))
            kept = CapabilitySet.parse(asked).meet(CapabilitySet.parse(given))
            said = _manifest(tuple(sorted(asked)))
            shelf.one = Installation(
                UUID(int=1), UUID(int=2), said.id, "1.0.0", "sha256:0", "agent",
                {"title": "Hello", "capabilities": [], **_builtins(said)}, kept.texts, {}, True,
            )  # fmt: skip
        before = CapabilitySet.parse(shelf.one.grants)
        shelf.offer(n + 1, lots.sample(TEXTS, lots.randint(0, 6)))
        updated = await installer.update(UUID(int=1), UUID(int=2))
        after = CapabilitySet.parse(shelf.one.grants)
        gained += not before.covers(after)
        asked_now = shelf.release.manifest.asked
        assert asked_now.covers(after)
        assert after == before.meet(asked_now)
        assert not any(after.covers(CapabilitySet.parse([text])) for text in updated.waiting)
    assert gained == 0


def _builtins(said: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(said)
    return found


def test_that_a_policy_never_goes_back() -> None:
    releases = [
        Release(f"sha256:{v}", "acme/hello", v, _manifest(()), b"", 0, NOW)
        for v in ("0.9.0", "1.0.0", "1.0.3", "1.2.0")
    ]
    for present in ("1.0.0", "1.0.3", "1.2.0", "2.0.0"):
        for follow in ("pin", "off", "fixes", "latest"):
            found = next_release(Policy(follow), present, releases, NOW)  # type: ignore[arg-type]
            assert found is None or version_key(found.version) > version_key(present)
