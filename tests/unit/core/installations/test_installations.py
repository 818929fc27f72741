import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hyperpersonal_core.api import Installations, Kv, NewInstallation, NoModel, Secrets
from hyperpersonal_core.installations.releases import HeldReleases
from hyperpersonal_core.kit.clock import FixedClock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.vault import Vault
from hyperpersonal_runtime.api import CallScope, SealedRelease
from hyperpersonal_sdk.contract.models import GenerateAsk, ModelMessage
from hyperpersonal_sdk.contract.outcomes import FailureKind
from msgspec import structs

TENANT, OTHER = UUID(int=1), UUID(int=2)
MANIFEST = {
    "title": "Orders",
    "limits": {"deadline_ms": 5_000, "host_calls": None},
    "agent": {
        "labels": ["order", "smalltalk"],
        "intents": [
            {"label": "order", "name": "a", "examples": ["Where is it?"]},
            {"label": "order", "name": "b", "examples": ["Cancel it"]},
        ],
    },
}


def agent(name: str) -> NewInstallation:
    return NewInstallation(f"acme/{name}", "1.0.0", f"sha256:{name}", "agent", MANIFEST)


def connector(name: str, *tools: str, **rest: object) -> NewInstallation:
    manifest = {"connector": {"tools": list(tools)}}
    return NewInstallation(f"acme/{name}", "1.0.0", "sha256:c", "connector", manifest, **rest)


@pytest.fixture
async def installations(db: Database, vault: Vault) -> Installations:
    for tenant, slug in ((TENANT, "one"), (OTHER, "two")):
        async with db.transaction(tenant) as connection:
            await connection.execute(
                "insert into tenants (tenant_id, slug, name, created_at)"
                " values ($1, $2, $2, now())",
                tenant,
                slug,
            )
    return Installations(db, SystemClock(), Uuid7Ids(), vault)


async def test_that_a_bundle_holds_cards_in_order_and_who_serves_a_tool(
    installations: Installations,
) -> None:
    one = await installations.install(TENANT, agent("one"))
    two = await installations.install(TENANT, agent("two"))
    shop = await installations.install(TENANT, connector("shop", "a.b.get", "a.b.put"))
    await installations.install(TENANT, connector("late", "a.b.get"))
    bundle = await installations.bundle(TENANT)
    assert [card.installation_id for card in bundle.cards] == [one, two]
    assert bundle.cards[0].labels == ("order", "smalltalk")
    assert bundle.cards[0].examples == {"order": ("Where is it?", "Cancel it")}
    server = bundle.server_of("a.b.get")
    assert server is not None
    assert server.id == shop
    assert bundle.server_of("a.b.none") is None
    assert (await installations.bundle(OTHER)).cards == ()
    limits = bundle.installations[one].limits(60_000)
    assert (limits.deadline_ms, limits.host_calls) == (5_000, 200)


async def test_that_every_change_is_seen_and_no_change_costs_no_reading(
    installations: Installations,
) -> None:
    one = await installations.install(TENANT, agent("one"))
    two = await installations.install(TENANT, agent("two"))
    first = await installations.bundle(TENANT)
    assert await installations.bundle(TENANT) is first
    assert await installations.bundle(TENANT, first.version) is first
    await installations.switch(TENANT, one, enabled=False)
    second = await installations.bundle(TENANT, first.version + 1)
    assert [card.installation_id for card in second.cards] == [two]
    await installations.switch(TENANT, one, enabled=True)
    await installations.compose(TENANT, [two, one])
    third = await installations.bundle(TENANT)
    assert [card.installation_id for card in third.cards] == [two, one]
    await installations.grant(await installations.get(TENANT, one), ["knowledge:read"])
    await installations.configure(await installations.get(TENANT, one), {"tone": "warm"})
    changed = (await installations.bundle(TENANT)).installations[one]
    assert (changed.grants, changed.config) == (("knowledge:read",), {"tone": "warm"})
    await installations.uninstall(TENANT, two)
    assert [i.id for i in await installations.list(TENANT)] == [one]


async def test_that_one_installation_is_found_by_its_id_and_by_its_plugin(
    installations: Installations,
) -> None:
    await installations.install(TENANT, agent("one"))
    two = await installations.install(TENANT, agent("two"))
    found = await installations.get(TENANT, two)
    assert (found.plugin_id, found.position) == ("acme/two", 2)
    assert await installations.of_plugin(TENANT, "acme/two") == found
    assert await installations.of_plugin(TENANT, "acme/none") is None
    assert await installations.of_plugin(OTHER, "acme/two") is None
    with pytest.raises(NotFoundError):
        await installations.get(OTHER, two)


async def test_that_of_changes_at_one_moment_none_is_overwritten(
    installations: Installations,
) -> None:
    """A grant that was just taken would come back with an update that was made before."""
    twice = (installations.install(TENANT, agent("one")) for _ in range(2))
    one, refused = sorted(await asyncio.gather(*twice, return_exceptions=True), key=_is_error)
    assert isinstance(refused, ConflictError)
    assert isinstance(one, UUID)
    await installations.grant(await installations.get(TENANT, one), ["knowledge:read"])
    stale = await installations.get(TENANT, one)
    await installations.grant(stale, [])
    new = structs.replace(agent("one"), version="2.0.0", grants=stale.grants)
    for change in (
        installations.update(stale, new),
        installations.grant(stale, ["knowledge:read"]),
        installations.configure(stale, {"tone": "warm"}),
    ):
        with pytest.raises(ConflictError, match="meanwhile"):
            await change
    now = await installations.get(TENANT, one)
    assert (now.version, now.grants, now.config) == ("1.0.0", (), {})
    await installations.uninstall(TENANT, one)
    with pytest.raises(NotFoundError):
        await installations.update(now, new)


def _is_error(result: object) -> bool:
    return isinstance(result, BaseException)


async def test_that_what_is_not_there_is_refused(installations: Installations) -> None:
    one = await installations.install(TENANT, agent("one"))
    shop = await installations.install(TENANT, connector("shop", "a.b.get"))
    with pytest.raises(NotFoundError):
        await installations.switch(OTHER, one, enabled=False)
    with pytest.raises(NotFoundError):
        await installations.uninstall(TENANT, UUID(int=9))
    with pytest.raises(NotFoundError):
        await installations.compose(TENANT, [shop])
    with pytest.raises(RefusedError):
        await installations.compose(TENANT, [one, one])
    assert len((await installations.bundle(TENANT)).cards) == 1


async def test_that_a_header_goes_to_the_longest_prefix_and_nowhere_else(
    db: Database, installations: Installations, vault: Vault
) -> None:
    held = {
        "https://shop.example": {"Authorization": "wide"},
        "https://shop.example/admin": {"Authorization": "admin"},
    }
    shop = await installations.install(TENANT, connector("shop", "a.b.get", secrets=held))
    other = await installations.install(TENANT, connector("other", "a.c.get"))
    secrets = Secrets(db, vault, SystemClock())
    scope = CallScope(str(TENANT), str(shop))
    wide, admin = {"Authorization": "wide"}, {"Authorization": "admin"}
    assert await secrets.headers_for(scope, "https://shop.example/orders?x=1") == wide
    assert await secrets.headers_for(scope, "https://shop.example/admin/x") == admin
    assert await secrets.headers_for(scope, "https://shop.example/administrators") == wide
    assert await secrets.headers_for(scope, "https://SHOP.example:443/admin?y") == admin
    assert await secrets.headers_for(scope, "http://shop.example/orders") == {}
    assert await secrets.headers_for(scope, "https://shop.example/admin/../orders") == {}
    assert await secrets.headers_for(scope, "https://shop.example.evil.example/") == {}
    assert await secrets.headers_for(scope, "https://shop.example@evil.example/") == {}
    for stranger in (CallScope(str(TENANT), str(other)), CallScope(str(OTHER), str(shop))):
        assert await secrets.headers_for(stranger, "https://shop.example/") == {}
    assert "wide" not in repr(await installations.list(TENANT))


async def test_that_the_store_of_an_installation_is_its_own_and_within_its_grant(
    db: Database, installations: Installations
) -> None:
    one = CallScope(str(TENANT), str(await installations.install(TENANT, agent("one"))))
    two = CallScope(str(TENANT), str(await installations.install(TENANT, agent("two"))))
    kv = Kv(db, SystemClock())
    assert (await kv.put(one, "a", '"1"', 20)).failure is None
    assert (await kv.put(one, "a", '"12345678"', 20)).failure is None
    assert (await kv.get(one, "a")).value == '"12345678"'
    assert (await kv.get(two, "a")).value is None
    over = (await kv.put(one, "b", '"123456789"', 20)).failure
    assert over is not None
    assert over.kind is FailureKind.LIMIT
    assert "20" in over.message
    empty = (await kv.put(one, "", "1", 20)).failure
    assert empty is not None
    assert empty.kind is FailureKind.INVALID
    assert (await kv.put(one, "b%", "1", 20)).failure is None
    assert (await kv.keys(one, "b", 10)).value == ["b%"]
    assert (await kv.delete(one, "a")).value is True
    assert (await kv.delete(one, "a")).value is False
    gone = CallScope(str(TENANT), str(UUID(int=9)))
    missing = (await kv.put(gone, "a", "1", 20)).failure
    assert missing is not None
    assert missing.kind is FailureKind.NOT_FOUND


async def test_that_a_model_is_never_assumed() -> None:
    ask = GenerateAsk([ModelMessage("user", "hello")])
    answer = await NoModel().generate(CallScope("t", "i"), ask, "strong", tuple)
    assert answer.failure is not None
    assert answer.failure.kind is FailureKind.UNAVAILABLE


async def test_that_a_held_release_is_verified_again_in_time_and_at_once_when_forgotten() -> None:
    loads: list[str] = []

    class Store:
        async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
            loads.append(digest)
            if digest == "sha256:bad":
                raise RefusedError("revoked")
            return SealedRelease("acme/x", "1.0.0", digest, "x", {})

    clock = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
    held = HeldReleases(Store(), clock, held_s=5.0)
    assert await held.load("sha256:a") is await held.load("sha256:a")
    assert len(loads) == 1
    clock.at = datetime(2026, 11, 22, 0, 0, 6, tzinfo=UTC)
    await held.load("sha256:a")
    assert len(loads) == 2
    held.forget("sha256:a")
    await held.load("sha256:a")
    assert len(loads) == 3
    for _ in range(2):
        with pytest.raises(RefusedError):
            await held.load("sha256:bad")
    assert len(loads) == 5
