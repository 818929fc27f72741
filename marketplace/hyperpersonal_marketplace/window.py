"""A plugin's shop window: everything a merchant reads of it before installing."""

from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_registry.api import Looks, Registry, Release
from hyperpersonal_sdk.capabilities import Http
from hyperpersonal_sdk.listing import Listing
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.risk import DATA, data_classes
from msgspec import Struct

from hyperpersonal_marketplace.catalogue.card import Card
from hyperpersonal_marketplace.catalogue.catalogue import Catalogue
from hyperpersonal_marketplace.permissions import Permission, permissions
from hyperpersonal_marketplace.ratings import Rated, Ratings
from hyperpersonal_marketplace.scorecard import Facts, Line, scorecard

CHANGELOG_CHARS_MAX = 20_000
PICTURES = {".png": "image/png", ".webp": "image/webp"}
PICTURE_BYTES_MAX = 2 << 20


class DataSeen(Struct, frozen=True):
    """`data`: kinds of data it may see, in words, the most sensitive first; `hosts`: where data may
    go; `said`: what the publisher says of it in its listing."""

    data: tuple[str, ...]
    hosts: tuple[str, ...]
    leaves: bool


class Window(Struct, frozen=True):
    """One plugin, its newest release in full."""

    card: Card
    digest: str
    manifest: Manifest
    permissions: list[Permission]
    data: DataSeen
    listing: Listing | None
    changelog: str
    screenshots: tuple[str, ...]
    versions: list[Release]
    scorecard: list[Line]
    rated: Rated


class PublisherPage(Struct, frozen=True):
    """A publisher. `domain`: the web address whose owner proved to be it; empty where a person of
    the platform vouched. `first_seen`: its first release."""

    namespace: str
    domain: str
    first_seen: datetime | None
    cards: list[Card]


class Windows:
    """Puts shop windows together. Stateless; one a process."""

    def __init__(
        self,
        stores: tuple[Registry, Looks],
        catalogue: Catalogue,
        ratings: Ratings,
        clock: Clock,
    ) -> None:
        self._registry, self._looks = stores
        self._catalogue = catalogue
        self._ratings = ratings
        self._clock = clock

    async def window(self, plugin_id: str, tenant_id: UUID | None = None) -> Window:
        """What this tenant may read of a plugin. Raises NotFoundError."""
        card = self._catalogue.card(plugin_id, tenant_id)
        releases, newest = await self._releases(card)
        manifest, listing = newest.manifest, newest.manifest.listing
        files = (await self._registry.load(newest.digest, unreviewed=True)).files
        rated = (await self._ratings.rated()).get(plugin_id, Rated())
        looked = await self._looks.at(newest.digest)
        facts = Facts(newest, releases, looked, files, rated, self._clock.now())
        return Window(
            card, newest.digest, manifest, permissions(manifest), data_seen(manifest), listing,
            _text(files, listing.changelog if listing else None),
            tuple(listing.screenshots) if listing else (),
            list(reversed(releases)), scorecard(facts), rated,
        )  # fmt: skip

    async def picture(
        self, plugin_id: str, number: int, tenant_id: UUID | None = None
    ) -> tuple[bytes, str]:
        """The newest release's screenshot of that number (from 0) and its type, which comes from
        its name and never from its publisher. Raises NotFoundError."""
        _, newest = await self._releases(self._catalogue.card(plugin_id, tenant_id))
        listing = newest.manifest.listing
        path = next(iter(listing.screenshots[number : number + 1] if listing else ()), "")
        kind = PICTURES.get(PurePosixPath(path).suffix.lower(), "")
        if not kind:
            raise NotFoundError("there is no such picture")
        files = (await self._registry.load(newest.digest, unreviewed=True)).files
        data = files.get(path, b"")
        if not data or len(data) > PICTURE_BYTES_MAX:
            raise NotFoundError("there is no such picture")
        return data, kind

    async def publisher(self, namespace: str, tenant_id: UUID | None = None) -> PublisherPage:
        """A publisher and what this tenant may find of it. Raises NotFoundError."""
        cards = self._catalogue.of_publisher(namespace, tenant_id)
        if not cards:
            raise NotFoundError(f"there is no publisher {namespace!r}")
        since = await self._looks.first_seen([card.plugin_id for card in cards])
        domain = await self._looks.domain_of(namespace)
        return PublisherPage(namespace, domain, since, cards)

    async def _releases(self, card: Card) -> tuple[list[Release], Release]:
        """Every release of a plugin, and the one that its card shows. Raises NotFoundError."""
        releases = await self._registry.releases(card.plugin_id)
        for release in releases:
            if release.version == card.version:
                return releases, release
        raise NotFoundError(f"there is no plugin {card.plugin_id!r} to install")


def data_seen(manifest: Manifest) -> DataSeen:
    """What a release may see and where it may send it, from what it asks; not from what it says."""
    touched = data_classes(manifest)
    data = tuple(words for kind, words in DATA.items() if kind in touched)
    hosts = sorted({right.url.host for right in manifest.asked if isinstance(right, Http)})
    return DataSeen(data, tuple(hosts), bool(hosts and data))


def _text(files: dict[str, bytes], path: str | None) -> str:
    data = files.get(path or "", b"")
    return data.decode("utf-8", "replace")[:CHANGELOG_CHARS_MAX]
