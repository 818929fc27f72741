"""Turning texts into vectors: the port, and a cache in front of whatever implements it.

One embedder serves a whole deployment, because the stored vectors depend on it. Operators
replace it through the hook `embedder`; the default is `minilm.MiniLm`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
CACHED_TEXTS_MAX = 8192

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Texts to vectors of unit length, one row a text; the same text always gives the same row.

    `name` changes whenever the vectors would: stored ones are then made anew at the next import.
    """

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class CachedEmbedder:
    """Remembers the newest texts: a burst is embedded once though memory and routing both ask.

    Args:
        inner: does the work; called with each unknown text once.
        texts_max: how many texts are kept (a row of 384 floats is 1.5 KiB).
    """

    def __init__(self, inner: Embedder, texts_max: int = CACHED_TEXTS_MAX) -> None:
        self._inner = inner
        self._texts_max = texts_max
        self._rows: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()
        self.name = inner.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text, in the order given."""
        rows = self.known(texts)
        missing = list(dict.fromkeys(text for text in texts if text not in rows))
        if missing:
            made = self._inner.embed(missing)
            rows.update(zip(missing, made, strict=True))
            self._keep(missing, made)
        return np.stack([rows[text] for text in texts]) if texts else _nothing()

    def known(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """The rows already made among `texts`."""
        with self._lock:
            found = {text: self._rows[text] for text in texts if text in self._rows}
            for text in found:
                self._rows.move_to_end(text)
        return found

    async def embed_aside(self, texts: Sequence[str]) -> Vectors:
        """`embed`, off the event loop unless every text is known."""
        if len(self.known(texts)) == len(set(texts)):
            return self.embed(texts)
        return await asyncio.to_thread(self.embed, texts)

    def _keep(self, texts: Sequence[str], rows: Vectors) -> None:
        with self._lock:
            self._rows.update(zip(texts, rows, strict=True))
            while len(self._rows) > self._texts_max:
                self._rows.popitem(last=False)


def unit_rows(rows: Vectors) -> Vectors:
    """Each row scaled to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)


def _nothing() -> Vectors:
    return np.zeros((0, DIMENSIONS), np.float32)
