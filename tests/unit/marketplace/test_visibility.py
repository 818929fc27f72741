"""Private plugins: seen, found, counted and installed by those they are for, and by nobody else."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from fakes.metered import tenant
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import StaticEmbedder
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_marketplace.api import (
    Books,
    Catalogue,
    Installer,
    LeftBehind,
    Policies,
    Query,
)
from hyperpersonal_registry.api import Visibilities

from .conftest import Market

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PRIVATE, OPEN = "acme/private_help", "acme/open_help"


class Street:
    """Two shops, a private plugin of one of them, and an open one."""

    def __init__(self, market: Market) -> None:
        clock = FixedClock(NOW)
        self.market, self.ours = market, market.tenant_id
        self.visibilities = Visibilities(market.db, clock)
        left = LeftBehind(market.db, clock, market.vault)
        books = Books(Policies(market.db), left, self.visibilities)
        self.installer = Installer(market.registry, market.installations, None, books)
        self.catalogue = Catalogue(market.registry, StaticEmbedder().embed, self.visibilities)
        self.theirs: UUID

    async def publish(self, plugin_id: str, version: str = "1.0.0") -> None:
        await self.market.publish(artifact(manifest(plugin_id, version)))

    def found(self, who: UUID | None, text: str = "") -> list[str]:
        return [card.plugin_id for card in self.catalogue.search(Query(text, tenant=who)).cards]


@pytest.fixture
async def street(market: Market) -> Street:
    made = Street(market)
    made.theirs = await tenant(market.db, "other", NOW)
    await made.visibilities.set(PRIVATE, "private", [made.ours])
    for plugin_id in (PRIVATE, OPEN):
        await made.publish(plugin_id)
    await made.catalogue.follow()
    return made


async def test_that_a_private_plugin_is_found_and_counted_by_its_tenants_only(
    street: Street,
) -> None:
    assert street.found(street.ours) == [OPEN, PRIVATE]
    for stranger in (street.theirs, None):
        for text in ("", "private help"):
            assert PRIVATE not in street.found(stranger, text)
        page = street.catalogue.search(Query(tenant=stranger))
        assert (page.total, page.facets["kind"]) == (1, {"agent": 1})
        assert [card.plugin_id for card in street.catalogue.of_publisher("acme", stranger)] == [
            OPEN
        ]
        with pytest.raises(NotFoundError):
            street.catalogue.card(PRIVATE, stranger)
    assert street.catalogue.search(Query(tenant=street.ours)).facets["kind"] == {"agent": 2}


async def test_that_a_stranger_is_told_what_it_is_told_of_nothing(street: Street) -> None:
    grants = ["knowledge:read"]
    with pytest.raises(NotFoundError) as hidden:
        await street.installer.install(street.theirs, PRIVATE, grants=grants)
    with pytest.raises(NotFoundError) as nothing:
        await street.installer.install(street.theirs, "acme/not_there", grants=grants)
    assert str(hidden.value).replace(PRIVATE, "X") == str(nothing.value).replace(
        "acme/not_there", "X"
    )
    with pytest.raises(NotFoundError):
        await street.installer.offer(PRIVATE, None, street.theirs)
    assert await street.installer.install(street.ours, PRIVATE, grants=grants)


async def test_that_who_is_not_named_any_more_gets_no_update(street: Street) -> None:
    await street.visibilities.set(PRIVATE, "private", [street.ours, street.theirs])
    installed = await street.installer.install(street.theirs, PRIVATE, grants=["knowledge:read"])
    await street.publish(PRIVATE, "1.1.0")
    await street.visibilities.set(PRIVATE, "private", [street.ours])
    with pytest.raises(NotFoundError):
        await street.installer.update(street.theirs, installed)
    await street.catalogue.follow()
    assert street.found(street.theirs) == [OPEN]


async def test_that_an_unlisted_plugin_is_installed_by_name_only(street: Street) -> None:
    await street.visibilities.set(OPEN, "unlisted")
    await street.catalogue.follow()
    assert street.found(street.theirs) == []
    assert street.catalogue.card(OPEN, street.theirs).plugin_id == OPEN
    assert await street.installer.install(street.theirs, OPEN, grants=["knowledge:read"])
    await street.visibilities.set(OPEN, "public")
    await street.catalogue.follow()
    assert street.found(street.theirs) == [OPEN]


async def test_that_what_nobody_reviewed_is_never_opened_to_all(street: Street) -> None:
    for wider in ("public", "unlisted"):
        with pytest.raises(ConflictError):
            await street.visibilities.set(PRIVATE, wider)  # type: ignore[arg-type]
    await street.visibilities.set("acme/not_yet", "private", [street.ours])
    await street.visibilities.set("acme/not_yet", "public")


async def test_that_every_change_is_in_the_log_and_names_no_tenant(street: Street) -> None:
    entries = [
        one for one in await street.market.registry.journal() if one.kind == "plugin.visibility"
    ]
    assert [(one.subject, one.detail["tenants"]) for one in entries] == [(PRIVATE, 1)]
    assert str(street.ours) not in str(entries)


@pytest.mark.parametrize(
    ("visibility", "count"), [("private", 0), ("private", 101), ("public", 1), ("unlisted", 1)]
)
async def test_that_wrong_lists_of_tenants_are_refused(
    street: Street, visibility: str, count: int
) -> None:
    named = [UUID(int=n) for n in range(count)]
    with pytest.raises(RefusedError):
        await street.visibilities.set("acme/x", visibility, named)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        await street.visibilities.set("nobody/x", "public")
