"""Word likeness that forgives typing errors: BM25 over letter groups of 3 and 4.

Source: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009);
letter groups because shoppers mistype ("prmo code", "teack order").
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

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
    """Scores a query against fixed texts, 0 (nothing shared) to about 1 (all of it, often).

    `like`: a lexicon whose rarity of letter groups counts here too, so that scores of both compare.
    """

    _rarity: dict[str, float]
    _unseen: float
    _mean: float

    def __init__(self, texts: Sequence[str], like: "Lexicon | None" = None) -> None:
        counts = [Counter(letter_groups(text)) for text in texts]
        self._size = len(texts)
        if like is None:
            self._weigh(counts)
        else:
            self._rarity, self._unseen, self._mean = like._rarity, like._unseen, like._mean
        self._postings = _postings(counts, self._weight_of, self._mean)

    def _weigh(self, counts: list[Counter[str]]) -> None:
        found = Counter(group for count in counts for group in count)
        self._rarity = {
            group: float(np.log1p((self._size - n + 0.5) / (n + 0.5))) for group, n in found.items()
        }
        self._unseen = float(np.log1p((self._size + 0.5) / 0.5))
        self._mean = max(1.0, sum(map(Counter.total, counts)) / max(1, len(counts)))

    def _weight_of(self, group: str) -> float:
        return self._rarity.get(group, self._unseen)

    def scores(self, query: str) -> Scores:
        """One score a text, in the order given."""
        groups = list(dict.fromkeys(letter_groups(query)))[:QUERY_GRAMS_MAX]
        hits = [self._postings[group] for group in groups if group in self._postings]
        if not hits:
            return np.zeros(self._size, np.float32)
        best = sum(map(self._weight_of, groups)) * (K1 + 1)
        where = np.concatenate([hit[0] for hit in hits])
        weights = np.concatenate([hit[1] for hit in hits])
        return np.asarray(np.bincount(where, weights, self._size) / best, np.float32)


_Posting = tuple[NDArray[np.int64], NDArray[np.float64]]


def _postings(
    counts: list[Counter[str]], weight_of: Callable[[str], float], mean: float
) -> dict[str, _Posting]:
    gathered: dict[str, tuple[list[int], list[float]]] = {}
    for n, count in enumerate(counts):
        damping = K1 * (1 - B + B * count.total() / mean)
        for group, times in count.items():
            where, weights = gathered.setdefault(group, ([], []))
            where.append(n)
            weights.append(weight_of(group) * times * (K1 + 1) / (times + damping))
    return {
        group: (np.array(where, np.int64), np.array(weights))
        for group, (where, weights) in gathered.items()
    }
