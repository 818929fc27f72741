import pytest
from hyperpersonal_core.api import NewMember, Tenants
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
)
from hyperpersonal_core.kit.ids import Uuid7Ids

ANNA = NewMember("Anna@Shop.example", "Anna", "owner")


@pytest.fixture
def tenants(db: Database) -> Tenants:
    return Tenants(db, SystemClock(), Uuid7Ids())


async def test_that_a_member_is_known_by_their_key(tenants: Tenants) -> None:
    tenant = await tenants.create_tenant("shop", "The Shop")
    key = await tenants.create_member(tenant.id, ANNA)
    member = await tenants.authenticate(key)
    assert (member.tenant_id, member.email, member.role) == (
        tenant.id,
        "anna@shop.example",
        "owner",
    )
    assert await tenants.members(tenant.id) == [member]
    assert await tenants.tenant(tenant.id) == tenant


async def test_that_the_key_itself_is_not_stored(tenants: Tenants, db: Database) -> None:
    tenant = await tenants.create_tenant("shop", "The Shop")
    key = await tenants.create_member(tenant.id, ANNA)
    async with db.transaction(tenant.id) as connection:
        (row,) = await connection.fetch("select * from access_keys")
    assert key.encode() not in row["key_hash"]
    assert len(row["key_hash"]) == 32


@pytest.mark.parametrize("key", ["", "hpm_wrong", "x" * 200, "\ud800", "hpm_\x00"])
async def test_that_an_unknown_key_is_nobody(tenants: Tenants, key: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await tenants.authenticate(key)


async def test_that_members_of_one_tenant_are_not_seen_by_another(tenants: Tenants) -> None:
    one = await tenants.create_tenant("one", "One")
    two = await tenants.create_tenant("two", "Two")
    await tenants.create_member(one.id, ANNA)
    assert await tenants.members(two.id) == []
    await tenants.create_member(two.id, ANNA)  # the same address is another member there
    assert len(await tenants.members(two.id)) == 1


async def test_that_taken_names_conflict(tenants: Tenants) -> None:
    tenant = await tenants.create_tenant("shop", "The Shop")
    with pytest.raises(ConflictError):
        await tenants.create_tenant("shop", "Another")
    await tenants.create_member(tenant.id, ANNA)
    with pytest.raises(ConflictError):
        await tenants.create_member(tenant.id, ANNA)


@pytest.mark.parametrize("slug", ["", "Shop", "-shop", "a b", "x" * 64])
async def test_that_a_bad_slug_is_refused(tenants: Tenants, slug: str) -> None:
    with pytest.raises(RefusedError):
        await tenants.create_tenant(slug, "The Shop")


@pytest.mark.parametrize(
    "member",
    [
        NewMember("nobody", "N", "owner"),
        NewMember("a@b", " ", "owner"),
        NewMember("a@b", "N", "god"),  # type: ignore[arg-type]
    ],
)
async def test_that_a_bad_member_is_refused(tenants: Tenants, member: NewMember) -> None:
    tenant = await tenants.create_tenant("shop", "The Shop")
    with pytest.raises(RefusedError):
        await tenants.create_member(tenant.id, member)


async def test_that_nobody_joins_an_unknown_tenant(tenants: Tenants) -> None:
    unknown = Uuid7Ids().new()
    with pytest.raises(NotFoundError):
        await tenants.create_member(unknown, ANNA)
    with pytest.raises(NotFoundError):
        await tenants.tenant(unknown)


def test_that_roles_are_ordered() -> None:
    from hyperpersonal_core.api import Member

    tenant = Uuid7Ids().new()
    agent = Member(tenant, tenant, "a@b", "A", "agent")
    assert [agent.may(role) for role in ("owner", "manager", "agent", "viewer")] == [
        False,
        False,
        True,
        True,
    ]
