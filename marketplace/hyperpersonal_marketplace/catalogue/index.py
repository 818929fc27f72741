"""The catalogue in memory: words, meaning and facets of every card, searched in milliseconds.

Rules:
1. What was asked for comes first: likeness of words (typing errors forgiven) and of meaning.
2. Standing only orders what is about equally like: it can lift a card by STANDING_MOST at most.
   It is made of tenants who really use a plugin, never of installs (`Standing`).
3. Equal cards are in the order of their ids, so pages do not shift.
Cost grows with the number of cards; 10,000 take some milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from hyperpersonal_core.api import Lexicon
from msgspec import Struct
from numpy.typing import NDArray

from hyperpersonal_marketplace.catalogue.card import Card

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Embed = Callable[[Sequence[str]], Floats]

QUERY_CHARS_MAX = 200
PAGE_MAX = 50
STANDING_MOST = 0.25
HEADING_SHARE, WORDS_SHARE, MEANING_SHARE = 0.5, 0.2, 0.3
WORDS_LEAST, MEANING_LEAST = 0.15, 0.33
FACET_VALUES_MAX = 30


class Query(Struct, frozen=True):
    """What a merchant looks for. `where`: facet -> one of these values. `text` '' lists all."""

    text: str = ""
    where: Mapping[str, Sequence[str]] = {}
    offset: int = 0
    limit: int = 20


class Found(Struct, frozen=True):
    """A page of cards, how many there are in all, and how many each facet's value would leave."""

    cards: tuple[Card, ...]
    total: int
    facets: dict[str, dict[str, int]]


class Index:
    """An index of cards; it never changes. `standing`: plugin id -> 0..1."""

    def __init__(
        self, cards: Sequence[Card], embed: Embed, standing: Mapping[str, float] | None = None
    ) -> None:
        self._cards = sorted(cards, key=lambda card: card.plugin_id)
        self._embed = embed
        self._headings = Lexicon([card.heading for card in self._cards])
        self._words = Lexicon([card.text for card in self._cards])
        self._meanings = embed([card.text for card in self._cards])
        known = standing or {}
        self._standing = np.array([known.get(c.plugin_id, 0.0) for c in self._cards], np.float32)
        self._facets = _facets(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def search(self, query: Query) -> Found:
        """The cards that fit, best first."""
        text = query.text.strip()[:QUERY_CHARS_MAX]
        likeness = self._likeness(text) if text else np.ones(len(self._cards), np.float32)
        fits = likeness > 0
        chosen = fits & self._all(query.where)
        scores = np.where(chosen, likeness * (1 + STANDING_MOST * self._standing), -1.0)
        order = np.argsort(-scores, kind="stable")[: int(chosen.sum())]
        start, limit = max(0, query.offset), max(1, min(query.limit, PAGE_MAX))
        page = tuple(self._cards[at] for at in order[start : start + limit].tolist())
        return Found(page, len(order), self._counts(fits, query.where))

    def _likeness(self, text: str) -> Floats:
        heading, words = self._headings.scores(text), self._words.scores(text)
        meaning = self._meanings @ self._embed([text])[0]
        fits = (np.maximum(heading, words) >= WORDS_LEAST) | (meaning >= MEANING_LEAST)
        shares = HEADING_SHARE * heading + WORDS_SHARE * words + MEANING_SHARE * meaning
        return np.asarray(np.where(fits, np.maximum(shares, 1e-6), 0.0), np.float32)

    def _all(self, where: Mapping[str, Sequence[str]]) -> Flags:
        chosen = np.ones(len(self._cards), np.bool_)
        for name, values in where.items():
            facet = self._facets.get(name)
            chosen &= facet.having(values) if facet else False
        return chosen

    def _counts(self, fits: Flags, where: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
        """For each facet, what its values would leave if only the other facets were chosen."""
        counts = {}
        for name, facet in self._facets.items():
            others = {other: values for other, values in where.items() if other != name}
            counts[name] = facet.counts(fits & self._all(others))
        return counts


class Facet:
    """The values of one facet: pairs of card and value."""

    def __init__(self, cards: Sequence[Card], name: str) -> None:
        pairs = [
            (at, value) for at, card in enumerate(cards) for n, value in card.facets if n == name
        ]
        self._values = sorted({value for _, value in pairs})
        code = {value: n for n, value in enumerate(self._values)}
        self._cards = np.array([at for at, _ in pairs], np.int64)
        self._codes = np.array([code[value] for _, value in pairs], np.int64)
        self._size = len(cards)

    def having(self, values: Sequence[str]) -> Flags:
        """Which cards have one of the values."""
        wanted = np.isin(self._codes, [n for n, v in enumerate(self._values) if v in set(values)])
        chosen = np.zeros(self._size, np.bool_)
        chosen[self._cards[wanted]] = True
        return chosen

    def counts(self, left: Flags) -> dict[str, int]:
        """The commonest values among these cards, with how many have them."""
        found = np.bincount(self._codes[left[self._cards]], minlength=len(self._values))
        best = np.argsort(-found, kind="stable")[:FACET_VALUES_MAX].tolist()
        return {self._values[n]: int(found[n]) for n in best if found[n]}


def _facets(cards: Sequence[Card]) -> dict[str, Facet]:
    names = dict.fromkeys(name for card in cards for name, _ in card.facets)
    return {name: Facet(cards, name) for name in names}
