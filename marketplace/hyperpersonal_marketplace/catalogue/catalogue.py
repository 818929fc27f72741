"""The catalogue of this process: follows the registry's journal, so nobody has to tell it anything.

A release that is published, yanked or revoked, and a plugin that is hidden, is seen at the next
`follow`; search meanwhile goes on in the index as it was. A changed plugin costs its own card, not
the whole index.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import NotFoundError, OutsideError
from hyperpersonal_registry.api import Entry, Registry, Visibilities, Visibility
from msgspec import structs

from hyperpersonal_marketplace.catalogue.card import Card, card_of
from hyperpersonal_marketplace.catalogue.index import Found, Index, Query
from hyperpersonal_marketplace.catalogue.part import Embed
from hyperpersonal_marketplace.ratings import Rated

PAGE = 500
FOLLOW_S = 3.0


class Catalogue:
    """One a process.

    Args:
        registry: what is published.
        embed: texts to unit rows, fast enough for every card of a market.
        visibilities: who may see what; None: everybody everything.
    """

    def __init__(
        self, registry: Registry, embed: Embed, visibilities: Visibilities | None = None
    ) -> None:
        self._registry = registry
        self._visibilities = visibilities
        self._cards: dict[str, Card] = {}
        self._standing: dict[str, float] = {}
        self._rated: dict[str, Rated] = {}
        self._hidden: dict[str, Visibility] = {}
        self._seen = 0
        self._index = Index((), embed)
        self._following = asyncio.Lock()

    async def follow(self) -> int:
        """Take in what changed in the registry since the last time; how many plugins did."""
        async with self._following:
            changed: dict[str, None] = {}
            seen = self._seen
            while entries := await self._registry.journal(seen, PAGE):
                changed |= dict.fromkeys(filter(None, map(_plugin_of, entries)))
                seen = entries[-1].n
            if changed:
                before = set(self._cards)
                for plugin_id in changed:
                    await self._take(plugin_id)
                await self._exchange(list(changed), before)
            self._seen = seen
        return len(changed)

    async def keep_following(self, every_s: float = FOLLOW_S) -> None:
        """Follow for ever; while the database is away the catalogue stays as it is."""
        while True:
            try:
                await self.follow()
            except OutsideError as error:
                log.get("catalogue").warning("catalogue.database_away", error=str(error))
            await asyncio.sleep(every_s)

    async def stand(self, standing: Mapping[str, float]) -> None:
        """Order cards that are about equally like by this: plugin id -> 0..1."""
        async with self._following:
            self._standing = dict(standing)
            await self._exchange([], set())

    async def rate(self, rated: Mapping[str, Rated]) -> None:
        """Show what shops think: plugin id -> their ratings."""
        async with self._following:
            before, self._rated = self._rated, dict(rated)
            changed = [
                name for name in {*before, *rated}
                if name in self._cards and before.get(name) != rated.get(name)
            ]  # fmt: skip
            for name in changed:
                self._cards[name] = self._with_stars(self._cards[name])
            if changed:
                await self._exchange(changed, set())

    def search(self, query: Query) -> Found:
        """What fits, best first."""
        return self._index.search(query)

    def card(self, plugin_id: str, tenant_id: UUID | None = None) -> Card:
        """The card of one plugin, if this tenant may see it. Raises NotFoundError."""
        hidden = self._hidden.get(plugin_id)
        if plugin_id not in self._cards or (hidden and not hidden.may(tenant_id)):
            raise NotFoundError(f"there is no plugin {plugin_id!r} to install")
        return self._cards[plugin_id]

    def of_publisher(self, namespace: str, tenant_id: UUID | None = None) -> list[Card]:
        """What this tenant may find of one publisher, by id."""
        listed = [card for card in self._cards.values() if card.publisher == namespace]
        public = Visibility()
        seen = [c for c in listed if self._hidden.get(c.plugin_id, public).lists(tenant_id)]
        return sorted(seen, key=lambda card: card.plugin_id)

    async def _take(self, plugin_id: str) -> None:
        try:
            card = card_of(await self._registry.find(plugin_id))
            self._cards[plugin_id] = self._with_stars(card)
        except NotFoundError:
            self._cards.pop(plugin_id, None)

    def _with_stars(self, card: Card) -> Card:
        rated = self._rated.get(card.plugin_id, Rated())
        given = {"ratings": rated.ratings, "stars": rated.mean, "fair_stars": rated.fair_mean}
        return structs.replace(card, **given)

    async def _exchange(self, changed: list[str], before: set[str]) -> None:
        if self._visibilities is not None and changed:
            self._hidden = await self._visibilities.hidden()
        cards = [self._cards[name] for name in changed if name in self._cards]
        gone = [name for name in changed if name in before and name not in self._cards]
        self._index = await asyncio.to_thread(
            self._index.with_changes, cards, gone, dict(self._standing), dict(self._hidden)
        )


def _plugin_of(entry: Entry) -> str | None:
    """The plugin an entry may have changed: its subject is `publisher/name`, mostly with a
    version."""
    plugin_id = entry.subject.partition("@")[0]
    return plugin_id if plugin_id.count("/") == 1 and " " not in plugin_id else None
