"""The catalogue in memory: words, meaning and facets of every card, searched in milliseconds.

Rules:
1. What was asked for comes first: likeness of words (typing errors forgiven) and of meaning.
2. Standing only orders what is about equally like: it can lift a card by STANDING_MOST at most.
   It is made of tenants who really use a plugin, never of installs (`standing`).
3. Equal cards are in the order of their ids, so pages do not shift.
4. Who may not see a plugin neither finds it nor finds it counted.
5. An index never changes. Another one with a few changed cards shares all but those: they stand in
   a small part of their own until there are many.
Cost grows with the number of cards; 10,000 take some milliseconds.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import numpy as np
from hyperpersonal_registry.api import Visibility
from msgspec import Struct

from hyperpersonal_marketplace.catalogue.card import Card
from hyperpersonal_marketplace.catalogue.part import Embed, Flags, Floats, Part

QUERY_CHARS_MAX = 200
PAGE_MAX = 50
STANDING_MOST = 0.25
FACET_VALUES_MAX = 30
FRESH_LEAST, FRESH_SHARE = 100, 0.05  # more changed cards than this make the index anew


class Query(Struct, frozen=True):
    """What a merchant looks for. `where`: facet -> one of these values. `text` '' lists all.
    `tenant`: who looks; None sees what everybody sees. `by_stars`: the best rated of what fits
    first, instead of the best fitting."""

    text: str = ""
    where: Mapping[str, Sequence[str]] = {}
    offset: int = 0
    limit: int = 20
    tenant: UUID | None = None
    by_stars: bool = False


class Found(Struct, frozen=True):
    """A page of cards, how many there are in all, and how many each facet's value would leave."""

    cards: tuple[Card, ...]
    total: int
    facets: dict[str, dict[str, int]]


class Index:
    """An index of cards. `standing`: plugin id -> 0..1; `hidden`: those that not everybody sees."""

    def __init__(
        self,
        cards: Sequence[Card],
        embed: Embed,
        standing: Mapping[str, float] | None = None,
        hidden: Mapping[str, Visibility] | None = None,
    ) -> None:
        self._embed = embed
        self._take([Part(cards, embed)], frozenset(), standing or {}, hidden or {})

    def _take(
        self,
        parts: list[Part],
        gone: frozenset[str],
        standing: Mapping[str, float],
        hidden: Mapping[str, Visibility],
    ) -> None:
        """`gone`: ids whose card in the first part does not count any more."""
        self._parts, self._gone = parts, gone
        self._cards = [card for part in parts for card in part.cards]
        names = [card.plugin_id for card in self._cards]
        first = len(parts[0].cards)
        self._there = np.array(
            [at >= first or name not in gone for at, name in enumerate(names)], np.bool_
        )
        self._order = np.argsort(np.array(names, np.str_), kind="stable")
        self._standing = np.array([standing.get(name, 0.0) for name in names], np.float32)
        self._stars = np.array([card.fair_stars for card in self._cards], np.float32)
        self._listed = np.array([name not in hidden for name in names], np.bool_)
        self._apart = {at: hidden[name] for at, name in enumerate(names) if name in hidden}

    def __len__(self) -> int:
        return int(self._there.sum())

    def with_changes(
        self,
        changed: Collection[Card],
        gone: Collection[str],
        standing: Mapping[str, float],
        hidden: Mapping[str, Visibility],
    ) -> "Index":
        """The index with these cards new or changed, and without those ids."""
        fresh = {card.plugin_id: card for part in self._parts[1:] for card in part.cards}
        fresh |= {card.plugin_id: card for card in changed}
        fresh = {name: card for name, card in fresh.items() if name not in set(gone)}
        without = self._gone | set(gone) | set(fresh)
        base = self._parts[0]
        if len(without) > max(FRESH_LEAST, FRESH_SHARE * len(base.cards)):
            kept = [card for card in base.cards if card.plugin_id not in without]
            return Index([*kept, *fresh.values()], self._embed, standing, hidden)
        parts = self._parts
        if changed or gone:
            parts = [base, Part(list(fresh.values()), self._embed, base)] if fresh else [base]
        index = Index.__new__(Index)
        index._embed = self._embed
        index._take(parts, without, standing, hidden)
        return index

    def search(self, query: Query) -> Found:
        """The cards that fit, best first."""
        text = query.text.strip()[:QUERY_CHARS_MAX]
        likeness = self._likeness(text) if text else np.ones(len(self._cards), np.float32)
        fits = (likeness > 0) & self._there & self._seen_by(query.tenant)
        chosen = fits & _joined([part.chosen(query.where) for part in self._parts])
        worth = self._stars if query.by_stars else likeness * (1 + STANDING_MOST * self._standing)
        scores = np.where(chosen, worth, -1.0)
        best = np.argsort(-scores[self._order], kind="stable")[: int(chosen.sum())]
        order = self._order[best]
        start, limit = max(0, query.offset), max(1, min(query.limit, PAGE_MAX))
        page = tuple(self._cards[at] for at in order[start : start + limit].tolist())
        return Found(page, len(order), self._counts(fits, query.where))

    def _likeness(self, text: str) -> Floats:
        meaning = self._embed([text])[0]
        return np.concatenate([part.likeness(text, meaning) for part in self._parts])

    def _seen_by(self, tenant: UUID | None) -> Flags:
        """What is listed for this tenant."""
        theirs = [at for at, one in self._apart.items() if one.lists(tenant)]
        if not theirs:
            return self._listed
        listed = self._listed.copy()
        listed[theirs] = True
        return listed

    def _counts(self, fits: Flags, where: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
        """The commonest values of each facet, with how many cards have them."""
        sums: dict[str, Counter[str]] = {}
        start = 0
        for part in self._parts:
            end = start + len(part.cards)
            for name, counts in part.counts(fits[start:end], where).items():
                sums.setdefault(name, Counter()).update(counts)
            start = end
        return {name: _commonest(counts) for name, counts in sums.items()}


def _joined(flags: list[Flags]) -> Flags:
    return flags[0] if len(flags) == 1 else np.concatenate(flags)


def _commonest(counts: Counter[str]) -> dict[str, int]:
    best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(best[:FACET_VALUES_MAX])
