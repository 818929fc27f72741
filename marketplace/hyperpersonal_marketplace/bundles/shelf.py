"""What a bundle may choose from: releases as the solver's options, and the wishes it makes of them.

Rules:
1. Only published releases that this tenant may see are offered, and what it has installed already.
2. A pinned installation offers nothing but what it runs.
3. A price is what a month can cost at most. What names no such most fits under no ceiling, and
   neither does what is priced in another currency than the ceiling.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from hyperpersonal_core.api import Installation
from hyperpersonal_registry.api import Registry, Release, Visibilities
from hyperpersonal_sdk.bundle import Bundle
from hyperpersonal_sdk.capabilities import CapabilitySet, Model, Tool, currency_digits, parse
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.listing import Price
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct, convert

from hyperpersonal_marketplace.bundles import ranges
from hyperpersonal_marketplace.bundles.solver import MODEL, UNBOUNDED, Option, Wishes
from hyperpersonal_marketplace.catalogue.card import interfaces_of
from hyperpersonal_marketplace.catalogue.catalogue import Catalogue
from hyperpersonal_marketplace.catalogue.index import Query

SERVERS_MAX = 50
ROUNDS_MAX = 4
CURRENCY = "USD"


class Offered(Struct, frozen=True):
    """A release with its manifest. `installed`: it is what the tenant runs."""

    plugin_id: str
    version: str
    digest: str
    manifest: Manifest
    installed: bool = False


class Present(Struct, frozen=True):
    """What a tenant has: its installations, and which of them are pinned."""

    installations: tuple[Installation, ...] = ()
    pinned: frozenset[UUID] = frozenset()

    def of(self, plugin_id: str) -> Installation | None:
        """The installation of a plugin."""
        return next((one for one in self.installations if one.plugin_id == plugin_id), None)


class Shelf:
    """Reads the registry for one tenant's bundle. Stateless; one a process."""

    def __init__(self, registry: Registry, catalogue: Catalogue, seen: Visibilities) -> None:
        self._registry = registry
        self._catalogue = catalogue
        self._seen = seen

    async def offers(self, tenant_id: UUID, bundle: Bundle, present: Present) -> list[Offered]:
        """All that may be chosen: what is named, what is installed, and what serves the rest."""
        found: dict[str, list[Offered]] = {}
        for one in present.installations:
            found[one.plugin_id] = await self._of(tenant_id, one.plugin_id, present)
        for plugin_id in bundle.plugins:
            if plugin_id not in found:
                found[plugin_id] = await self._of(tenant_id, plugin_id, present)
        wanted = set(bundle.interfaces)
        for _ in range(ROUNDS_MAX):
            every = [offer for offers in found.values() for offer in offers]
            wanted |= {name for offer in every for name in uses_of(offer.manifest)}
            new = {p for name in sorted(wanted) for p in self._serving(tenant_id, name)} - set(
                found
            )
            if not new:
                break
            for plugin_id in sorted(new):
                found[plugin_id] = await self._of(tenant_id, plugin_id, present)
        return [offer for offers in found.values() for offer in offers]

    def _serving(self, tenant_id: UUID, interface: str) -> list[str]:
        where = {"kind": ["model"]} if interface == MODEL else {"interface": [interface]}
        query = Query(where=where, limit=SERVERS_MAX, tenant=tenant_id)
        return [card.plugin_id for card in self._catalogue.search(query).cards]

    async def _of(self, tenant_id: UUID, plugin_id: str, present: Present) -> list[Offered]:
        there = present.of(plugin_id)
        kept = [_kept(there)] if there else []
        if there and there.id in present.pinned:
            return kept
        if not await self._seen.may(plugin_id, tenant_id):
            return kept
        known = {one.digest for one in kept}
        releases = await self._registry.releases(plugin_id)
        return kept + [_offered(r) for r in releases
                       if r.status == "published" and r.digest not in known]  # fmt: skip


def options(offers: Iterable[Offered], currency: str) -> list[Option]:
    """The offers as the solver sees them, priced in a currency."""
    return [
        Option(
            offer.plugin_id, offer.version, offer.digest, serves_of(offer.manifest),
            uses_of(offer.manifest), offer.manifest.required,
            month_at_most(offer.manifest, currency),
        )
        for offer in offers
        if offer.manifest.kind != "bundle"
    ]  # fmt: skip


def wishes(bundle: Bundle, present: Present) -> Wishes:
    """What the bundle wants of a choice.

    Raises:
        RefusedError: a range cannot be read.
    """
    amount, currency = _amount(bundle.ceilings.price)
    ceiling = bundle.ceilings.capabilities
    return Wishes(
        {plugin_id: ranges.parse(text) for plugin_id, text in bundle.plugins.items()},
        None if ceiling is None else CapabilitySet.parse(ceiling),
        amount,
        frozenset(one.plugin_id for one in present.installations),
        bundle.interfaces,
        frozenset(one.digest for one in present.installations),
        currency,
    )


def serves_of(manifest: Manifest) -> frozenset[str]:
    """The interfaces a plugin serves."""
    if manifest.kind == "model":
        return frozenset([MODEL])
    tools = manifest.connector.tools if manifest.connector else []
    needed = (parse(COMMERCE_TOOLS[name].capability) for name in tools if name in COMMERCE_TOOLS)
    specified = {right.interface for right in needed if isinstance(right, Tool)}
    others = [name for name in tools if name not in COMMERCE_TOOLS]
    return frozenset({*interfaces_of(manifest), *specified, *others})


def uses_of(manifest: Manifest) -> frozenset[str]:
    """The interfaces a plugin cannot do without."""
    rights = list(manifest.required)
    tools = {right.interface for right in rights if isinstance(right, Tool)}
    return frozenset(tools | ({MODEL} if any(isinstance(r, Model) for r in rights) else set()))


def month_at_most(manifest: Manifest, currency: str) -> int:
    """Minor units a month costs at most, by the cheapest way to pay; UNBOUNDED: nobody knows."""
    prices: Sequence[Price] = manifest.listing.prices if manifest.listing else []
    return min((_month(price, currency) for price in prices), default=0)


def _month(price: Price, currency: str) -> int:
    if price.kind in ("free", "once"):
        return 0
    most = price.amount if price.kind == "monthly" else price.never_more_than
    amount, priced_in = _amount(most)
    return UNBOUNDED if amount is None or priced_in != currency else amount


def _amount(text: str | None) -> tuple[int | None, str]:
    """Minor units and currency of `19.00 USD`."""
    if text is None:
        return None, CURRENCY
    number, currency = text.split(" ")
    whole, cents = number.split(".")
    return int(whole + cents) * 10 ** currency_digits(currency) // 100, currency


def _kept(one: Installation) -> Offered:
    manifest = convert(one.manifest, Manifest)
    return Offered(one.plugin_id, one.version, one.digest, manifest, installed=True)


def _offered(release: Release) -> Offered:
    return Offered(release.plugin_id, release.version, release.digest, release.manifest)
