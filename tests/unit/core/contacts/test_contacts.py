import asyncio

import pytest
from hyperpersonal_core.api import ContactDetails, Contacts, Tenants
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids


@pytest.fixture
def contacts(db: Database) -> Contacts:
    return Contacts(db, SystemClock(), Uuid7Ids())


@pytest.fixture
def tenants(db: Database) -> Tenants:
    return Tenants(db, SystemClock(), Uuid7Ids())


async def test_that_a_contact_is_described_bit_by_bit(contacts: Contacts, tenants: Tenants) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    opened = await contacts.open(shop)
    assert (opened.email, opened.display_name) == ("", "")
    await asyncio.gather(
        contacts.merge(shop, opened.id, ContactDetails(email=" Mia@Example.com ")),
        contacts.merge(shop, opened.id, ContactDetails(display_name="Mia")),
        contacts.merge(shop, opened.id, ContactDetails(attributes={"vip": True})),
        contacts.merge(shop, opened.id, ContactDetails(attributes={"size": "M"})),
    )
    known = await contacts.get(shop, opened.id)
    assert (known.email, known.display_name) == ("mia@example.com", "Mia")
    assert known.attributes == {"vip": True, "size": "M"}
    assert await contacts.merge(shop, opened.id, ContactDetails()) == known


async def test_that_nul_characters_are_left_out(contacts: Contacts, tenants: Tenants) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    opened = await contacts.open(shop, ContactDetails("Mi\x00a", "mi\x00a@example.com"))
    assert (opened.display_name, opened.email) == ("Mia", "mia@example.com")


async def test_that_an_address_finds_but_never_merges(contacts: Contacts, tenants: Tenants) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    other = (await tenants.create_tenant("other", "Other")).id
    one = await contacts.open(shop, ContactDetails(email="mia@example.com"))
    two = await contacts.open(shop, ContactDetails(email="MIA@example.com"))
    assert {c.id for c in await contacts.find(shop, "Mia@Example.com")} == {one.id, two.id}
    assert await contacts.find(other, "mia@example.com") == []


async def test_that_a_stranger_is_not_found(contacts: Contacts, tenants: Tenants) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    other = (await tenants.create_tenant("other", "Other")).id
    mine = await contacts.open(shop)
    for tenant, contact in ((shop, Uuid7Ids().new()), (other, mine.id)):
        with pytest.raises(NotFoundError):
            await contacts.get(tenant, contact)
        with pytest.raises(NotFoundError):
            await contacts.merge(tenant, contact, ContactDetails(display_name="x"))


@pytest.mark.parametrize(
    "details",
    [
        ContactDetails(email="no address"),
        ContactDetails(display_name="x" * 201),
        ContactDetails(attributes={str(n): n for n in range(51)}),
    ],
)
async def test_that_bad_details_are_refused(
    contacts: Contacts, tenants: Tenants, details: ContactDetails
) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    with pytest.raises(RefusedError):
        await contacts.open(shop, details)
