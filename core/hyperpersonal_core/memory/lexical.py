"""Word likeness that forgives typing errors: BM25 over letter groups of 3 and 4.

Source: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009);
letter groups because shoppers mistype ("prmo code", "teack order").
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
QUERY_GRAMS_MAX = 400
COMMON = frozenset(
    """a an the is are was were be been to of in on for and or i me my mine we our you your it its
    this that these those with have has had do does did can could would will shall hi hello hey
    thanks thank please want need just get got so but if at from as am not no ok okay yes there what
    how when why where who which im ive its it's i'm i've don't dont""".split()
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")

Scores = NDArray[np.float32]


def letter_groups(text: str) -> list[str]:
    """The groups of 3 and 4 letters of the telling words, word edges as spaces."""
    groups = []
    for word in _WORD.findall(text.lower()):
        if word not in COMMON:
            padded = f" {word} "
            for size in (3, 4):
                groups += [padded[n : n + size] for n in range(len(padded) - size + 1)]
    return groups


class Lexicon:
    """Scores a query against fixed texts, 0 (nothing shared) to about 1 (all of it, often)."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(letter_groups(text)) for text in texts]
        found = Counter(group for count in counts for group in count)
        self._size = len(texts)
        self._rarity = {
            group: float(np.log1p((self._size - n + 0.5) / (n + 0.5))) for group, n in found.items()
        }
        self._unseen = float(np.log1p((self._size + 0.5) / 0.5))
        self._postings = _postings(counts, self._rarity)

    def scores(self, query: str) -> Scores:
        """One score a text, in the order given."""
        groups = list(dict.fromkeys(letter_groups(query)))[:QUERY_GRAMS_MAX]
        hits = [self._postings[group] for group in groups if group in self._postings]
        if not hits:
            return np.zeros(self._size, np.float32)
        best = sum(self._rarity.get(group, self._unseen) for group in groups) * (K1 + 1)
        where = np.concatenate([hit[0] for hit in hits])
        weights = np.concatenate([hit[1] for hit in hits])
        return np.asarray(np.bincount(where, weights, self._size) / best, np.float32)


_Posting = tuple[NDArray[np.int64], NDArray[np.float64]]


def _postings(counts: list[Counter[str]], rarity: dict[str, float]) -> dict[str, _Posting]:
    lengths = [sum(count.values()) for count in counts]
    mean = max(1.0, sum(lengths) / max(1, len(lengths)))
    gathered: dict[str, tuple[list[int], list[float]]] = {}
    for n, (count, length) in enumerate(zip(counts, lengths, strict=True)):
        damping = K1 * (1 - B + B * length / mean)
        for group, times in count.items():
            where, weights = gathered.setdefault(group, ([], []))
            where.append(n)
            weights.append(rarity[group] * times * (K1 + 1) / (times + damping))
    return {
        group: (np.array(where, np.int64), np.array(weights))
        for group, (where, weights) in gathered.items()
    }
