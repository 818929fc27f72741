"""The marketplace as a merchant browses it: search with facets, and one plugin with all it asks."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from hyperpersonal_core.api import Member
from hyperpersonal_marketplace.api import (
    Card,
    Catalogue,
    DataSeen,
    Line,
    Permission,
    Query,
    Rated,
    Windows,
)
from hyperpersonal_registry.api import Release
from hyperpersonal_sdk.listing import Listing
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

PICTURE_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "private, max-age=3600",
}
Many = Annotated[list[str] | None, QueryParameter(max_length=20, description="any of these")]


class CardItem(msgspec.Struct, frozen=True):
    """A plugin in a list. `ratings`: how many shops rated it; `stars`: their mean, 1 to 5."""

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
    ratings: int
    stars: float

    @classmethod
    def of(cls, card: Card) -> "CardItem":
        """The card without its longer texts."""
        return cls(
            card.plugin_id, card.version, card.kind, card.title, card.tagline, card.category,
            card.publisher, card.languages, card.interfaces, card.prices, card.published_at,
            card.ratings, card.stars,
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

    @classmethod
    def of(cls, release: Release) -> "VersionItem":
        """The release without what it is made of."""
        return cls(
            release.version, release.digest, release.published_at, release.status,
            release.status_reason,
        )  # fmt: skip


class PluginItem(msgspec.Struct, frozen=True):
    """A plugin as a merchant reads it before installing: what it is, what it asks and sees, in
    words, and what speaks for it. `screenshots`: how many there are."""

    card: CardItem
    digest: str
    description: str
    licence: str
    permissions: list[Permission]
    data: DataSeen
    listing: Listing | None
    changelog: str
    screenshots: int
    versions: list[VersionItem]
    scorecard: list[Line]
    rated: Rated


class PublisherItem(msgspec.Struct, frozen=True):
    """A publisher. `verified`: how its name was proven, in words."""

    namespace: str
    verified: str
    first_seen: datetime | None
    items: list[CardItem]


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
    stars: Many = None,
    sort: Annotated[Literal["best", "stars"], QueryParameter(description="what comes first")] = (
        "best"
    ),
    offset: Annotated[int, QueryParameter(ge=0, le=10_000)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=50)] = 20,
) -> CardPage:
    """Plugins that fit, best first, or the best rated first; without `q` all of them."""
    chosen = {"kind": kind, "category": category, "language": language, "interface": interface,
              "price": price, "publisher": publisher, "stars": stars}  # fmt: skip
    where = {name: values for name, values in chosen.items() if values}
    query = Query(q, where, offset, limit, member.tenant_id, by_stars=sort == "stars")
    found = catalogue.search(query)
    return CardPage([CardItem.of(card) for card in found.cards], found.total, found.facets)


@get("/plugins/{publisher:str}/{name:str}", operation_id="ReadPlugin")
async def read_plugin(
    publisher: FromPath[str],
    name: FromPath[str],
    member: NamedDependency[Member],
    windows: NamedDependency[Windows],
) -> PluginItem:
    """One plugin: its newest release in full, and every release there was."""
    found = await windows.window(f"{publisher}/{name}", member.tenant_id)
    manifest = found.manifest
    return PluginItem(
        CardItem.of(found.card), found.digest, manifest.description, manifest.licence,
        found.permissions, found.data, found.listing, found.changelog, len(found.screenshots),
        [VersionItem.of(one) for one in found.versions], found.scorecard, found.rated,
    )  # fmt: skip


@get("/plugins/{publisher:str}/{name:str}/screenshots/{number:int}", operation_id="ReadScreenshot")
async def read_screenshot(
    publisher: FromPath[str],
    name: FromPath[str],
    number: FromPath[int],
    member: NamedDependency[Member],
    windows: NamedDependency[Windows],
) -> Response[bytes]:
    """A picture of the newest release. What it is follows from its name; nothing in it runs."""
    data, kind = await windows.picture(f"{publisher}/{name}", number, member.tenant_id)
    return Response(data, media_type=kind, headers=PICTURE_HEADERS)


@get("/publishers/{publisher:str}", operation_id="ReadPublisher")
async def read_publisher(
    publisher: FromPath[str], member: NamedDependency[Member], windows: NamedDependency[Windows]
) -> PublisherItem:
    """A publisher, how we know that it is the one, and what it offers."""
    found = await windows.publisher(publisher, member.tenant_id)
    proof = f"its owner controls {found.domain}" if found.domain else "given by the platform"
    items = [CardItem.of(card) for card in found.cards]
    return PublisherItem(found.namespace, proof, found.first_seen, items)


router = Router(
    "/v1/market",
    route_handlers=[search_plugins, read_plugin, read_screenshot, read_publisher],
    tags=["market"],
)
