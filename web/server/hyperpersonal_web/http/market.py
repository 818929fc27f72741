"""The marketplace as a merchant browses it: search with facets, and one plugin with all it asks."""

from datetime import datetime
from typing import Annotated

import msgspec
from hyperpersonal_core.api import Member
from hyperpersonal_marketplace.api import Card, Catalogue, Permission, Query, permissions
from hyperpersonal_registry.api import Registry, Release
from hyperpersonal_sdk.listing import Listing
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

Many = Annotated[list[str] | None, QueryParameter(max_length=20, description="any of these")]


class CardItem(msgspec.Struct, frozen=True):
    """A plugin in a list."""

    id: str
    version: str
    kind: str
    title: str
    tagline: str
    category: str
    publisher: str
    languages: tuple[str, ...]
    interfaces: tuple[str, ...]
    prices: tuple[str, ...]
    published_at: datetime

    @classmethod
    def of(cls, card: Card) -> "CardItem":
        """The card without its longer texts."""
        return cls(
            card.plugin_id, card.version, card.kind, card.title, card.tagline, card.category,
            card.publisher, card.languages, card.interfaces, card.prices, card.published_at,
        )  # fmt: skip


class CardPage(msgspec.Struct, frozen=True):
    """`facets`: facet -> value -> how many it would leave."""

    items: list[CardItem]
    total: int
    facets: dict[str, dict[str, int]]


class VersionItem(msgspec.Struct, frozen=True):
    """One release of a plugin; a withdrawn one says why."""

    version: str
    digest: str
    published_at: datetime
    status: str
    status_reason: str


class PluginItem(msgspec.Struct, frozen=True):
    """A plugin as a merchant reads it before installing: what it is, what it asks, in words."""

    card: CardItem
    description: str
    licence: str
    permissions: list[Permission]
    listing: Listing | None
    versions: list[VersionItem]


@get("/plugins", operation_id="SearchPlugins")
async def search_plugins(
    *,
    member: NamedDependency[Member],
    catalogue: NamedDependency[Catalogue],
    q: Annotated[str, QueryParameter(max_length=200, description="what you look for")] = "",
    kind: Many = None,
    category: Many = None,
    language: Many = None,
    interface: Many = None,
    price: Many = None,
    publisher: Many = None,
    offset: Annotated[int, QueryParameter(ge=0, le=10_000)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=50)] = 20,
) -> CardPage:
    """Plugins that fit, best first; without `q` all of them."""
    chosen = {"kind": kind, "category": category, "language": language, "interface": interface,
              "price": price, "publisher": publisher}  # fmt: skip
    where = {name: values for name, values in chosen.items() if values}
    found = catalogue.search(Query(q, where, offset, limit))
    return CardPage([CardItem.of(card) for card in found.cards], found.total, found.facets)


@get("/plugins/{publisher:str}/{name:str}", operation_id="ReadPlugin")
async def read_plugin(
    publisher: FromPath[str],
    name: FromPath[str],
    member: NamedDependency[Member],
    catalogue: NamedDependency[Catalogue],
    registry: NamedDependency[Registry],
) -> PluginItem:
    """One plugin: its newest release in full, and every release there was."""
    card = catalogue.card(f"{publisher}/{name}")
    releases = await registry.releases(card.plugin_id)
    newest = next(release for release in releases if release.version == card.version)
    manifest = newest.manifest
    return PluginItem(
        CardItem.of(card), manifest.description, manifest.licence, permissions(manifest),
        manifest.listing, [_version(release) for release in reversed(releases)],
    )  # fmt: skip


def _version(release: Release) -> VersionItem:
    return VersionItem(
        release.version, release.digest, release.published_at, release.status,
        release.status_reason,
    )  # fmt: skip


router = Router("/v1/market", route_handlers=[search_plugins, read_plugin], tags=["market"])
