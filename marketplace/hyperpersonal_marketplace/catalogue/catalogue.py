"""The catalogue of this process: follows the registry's journal, so nobody has to tell it anything.

A release that is published, yanked or revoked is seen at the next `follow`; search meanwhile goes
on in the index as it was. The index is made aside, and exchanged when it is whole.
"""

import asyncio
from collections.abc import Mapping

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import NotFoundError, OutsideError
from hyperpersonal_registry.api import Entry, Registry

from hyperpersonal_marketplace.catalogue.card import Card, card_of
from hyperpersonal_marketplace.catalogue.index import Embed, Found, Index, Query

PAGE = 500
FOLLOW_S = 3.0


class Catalogue:
    """One a process. `embed`: texts to unit rows, fast enough for every card of a market."""

    def __init__(self, registry: Registry, embed: Embed) -> None:
        self._registry = registry
        self._embed = embed
        self._cards: dict[str, Card] = {}
        self._standing: dict[str, float] = {}
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
            for plugin_id in changed:
                await self._take(plugin_id)
            if changed:
                await self._exchange()
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
            await self._exchange()

    def search(self, query: Query) -> Found:
        """What fits, best first."""
        return self._index.search(query)

    def card(self, plugin_id: str) -> Card:
        """The card of one plugin. Raises NotFoundError."""
        try:
            return self._cards[plugin_id]
        except KeyError:
            raise NotFoundError(f"there is no plugin {plugin_id!r} to install") from None

    async def _take(self, plugin_id: str) -> None:
        try:
            self._cards[plugin_id] = card_of(await self._registry.find(plugin_id))
        except NotFoundError:
            self._cards.pop(plugin_id, None)

    async def _exchange(self) -> None:
        cards = list(self._cards.values())
        self._index = await asyncio.to_thread(Index, cards, self._embed, dict(self._standing))


def _plugin_of(entry: Entry) -> str | None:
    """The plugin an entry changes, if any: its subject is `publisher/name@version`."""
    plugin_id, at, _ = entry.subject.partition("@")
    return plugin_id if at and entry.kind.startswith("release.") else None
