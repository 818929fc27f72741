"""A fixed set of cards with all that search looks at: letters, meaning, facets."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from hyperpersonal_core.api import Lexicon
from numpy.typing import NDArray

from hyperpersonal_marketplace.catalogue.card import Card

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Embed = Callable[[Sequence[str]], Floats]

HEADING_SHARE, WORDS_SHARE, MEANING_SHARE = 0.5, 0.2, 0.3
WORDS_LEAST, MEANING_LEAST = 0.15, 0.33


class Part:
    """Cards in the order of their ids. `like`: the part whose rarity of words counts here too."""

    def __init__(self, cards: Sequence[Card], embed: Embed, like: "Part | None" = None) -> None:
        self.cards = sorted(cards, key=lambda card: card.plugin_id)
        headings, words = (like._headings, like._words) if like else (None, None)
        self._headings: Lexicon = Lexicon([card.heading for card in self.cards], headings)
        self._words: Lexicon = Lexicon([card.text for card in self.cards], words)
        self._meanings = embed([card.text for card in self.cards])
        self._facets = _facets(self.cards)

    def likeness(self, text: str, meaning: Floats) -> Floats:
        """How well each card fits a text; 0: not at all."""
        heading, words = self._headings.scores(text), self._words.scores(text)
        near = self._meanings @ meaning
        fits = (np.maximum(heading, words) >= WORDS_LEAST) | (near >= MEANING_LEAST)
        shares = HEADING_SHARE * heading + WORDS_SHARE * words + MEANING_SHARE * near
        return np.asarray(np.where(fits, np.maximum(shares, 1e-6), 0.0), np.float32)

    def chosen(self, where: Mapping[str, Sequence[str]]) -> Flags:
        """Which cards have one of the values of every facet named."""
        chosen = np.ones(len(self.cards), np.bool_)
        for name, values in where.items():
            facet = self._facets.get(name)
            chosen &= facet.having(values) if facet else False
        return chosen

    def counts(self, fits: Flags, where: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
        """For each facet, what its values would leave if only the other facets were chosen."""
        counts = {}
        for name, facet in self._facets.items():
            others = {other: values for other, values in where.items() if other != name}
            counts[name] = facet.counts(fits & self.chosen(others) if others else fits)
        return counts


class Facet:
    """The values of one facet: pairs of card and value."""

    def __init__(self, cards: Sequence[Card], name: str) -> None:
        pairs = [
            (at, value) for at, card in enumerate(cards) for n, value in card.facets if n == name
        ]
        self._values = sorted({value for _, value in pairs})
        self._code = {value: n for n, value in enumerate(self._values)}
        self._cards = np.array([at for at, _ in pairs], np.int64)
        self._codes = np.array([self._code[value] for _, value in pairs], np.int64)
        self._size = len(cards)

    def having(self, values: Sequence[str]) -> Flags:
        """Which cards have one of the values."""
        wanted = np.isin(self._codes, [self._code[v] for v in set(values) if v in self._code])
        chosen = np.zeros(self._size, np.bool_)
        chosen[self._cards[wanted]] = True
        return chosen

    def counts(self, left: Flags) -> dict[str, int]:
        """How many of these cards have each value."""
        found = np.bincount(self._codes[left[self._cards]], minlength=len(self._values))
        return {self._values[n]: int(found[n]) for n in np.flatnonzero(found).tolist()}


def _facets(cards: Sequence[Card]) -> dict[str, Facet]:
    names = dict.fromkeys(name for card in cards for name, _ in card.facets)
    return {name: Facet(cards, name) for name in names}
