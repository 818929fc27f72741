"""A plugin as one card of the catalogue: what search looks at and a list shows."""

from datetime import datetime
from textwrap import shorten

from hyperpersonal_registry.api import Release
from hyperpersonal_sdk.listing import Listing
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct

INTERFACE_PARTS = 2
TAGLINE_CHARS = 80
STARS = {"4+": 4.0, "3+": 3.0}


class Card(Struct, frozen=True):
    """The newest release of a plugin. `interfaces`: what it serves, like `commerce.orders`;
    `ratings`: how many shops rated it, `stars`: their mean, 1 to 5; `fair_stars`: the mean that
    lists go by (`ratings`)."""

    plugin_id: str
    version: str
    kind: str
    title: str
    tagline: str
    description: str
    category: str
    published_at: datetime
    languages: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    prices: tuple[str, ...] = ("free",)
    keywords: tuple[str, ...] = ()
    ratings: int = 0
    stars: float = 0.0
    fair_stars: float = 0.0

    @property
    def publisher(self) -> str:
        """The namespace it is published under."""
        return self.plugin_id.partition("/")[0]

    @property
    def facets(self) -> tuple[tuple[str, str], ...]:
        """Everything a list can be narrowed by, as (facet, value)."""
        stars = tuple(name for name, least in STARS.items() if self.stars >= least)
        many = {"language": self.languages, "interface": self.interfaces, "price": self.prices,
                "stars": stars}  # fmt: skip
        one = {"kind": self.kind, "category": self.category, "publisher": self.publisher}
        found = [(name, value) for name, value in one.items() if value]
        return (*found, *((name, value) for name, values in many.items() for value in values))

    @property
    def heading(self) -> str:
        """What people remember it by."""
        name = self.plugin_id.replace("/", " ").replace("_", " ")
        return " ".join((self.title, self.tagline, name, *self.keywords))

    @property
    def text(self) -> str:
        """All its words."""
        return f"{self.heading} {self.category} {self.description}"


def card_of(release: Release) -> Card:
    """The card of a release; one without `[listing]` shows what its manifest says."""
    manifest = release.manifest
    listing = manifest.listing or Listing("operations", manifest.title, "mailto:none", [])
    return Card(
        release.plugin_id,
        release.version,
        manifest.kind,
        manifest.title,
        _tagline(manifest),
        manifest.description,
        listing.category if manifest.listing else "",
        release.published_at,
        tuple(listing.languages),
        interfaces_of(manifest),
        tuple(dict.fromkeys(price.kind for price in listing.prices)) or ("free",),
        tuple(listing.keywords),
    )


def _tagline(manifest: Manifest) -> str:
    if manifest.listing:
        return manifest.listing.tagline
    return shorten(manifest.description, TAGLINE_CHARS, placeholder=" …")


def interfaces_of(manifest: Manifest) -> tuple[str, ...]:
    """The interfaces whose tools it serves: a tool's name without its last part."""
    tools = manifest.connector.tools if manifest.connector else []
    return tuple(dict.fromkeys(".".join(tool.split(".")[:INTERFACE_PARTS]) for tool in tools))
