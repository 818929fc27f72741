"""An embedder that remembers what is learnt, so that several merchants learn it for one's time.

Rules: only what is embedded while learning is remembered, and it is never what is tested; the
file for the next run is used only by one that learns exactly the same, so no rate is a cache's.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from hyperpersonal_core.api import Embedder
from hyperpersonal_core.kit.hooks import hookimpl
from numpy.typing import NDArray

KEY_BYTES = 16

Vectors = NDArray[np.float32]


class LearntVectors:
    """In front of the deployment's own embedder; registers itself as the `embedder` hook.

    Args:
        inner: does the work.
        path: the file kept between runs; one that cannot be read is made anew.
    """

    def __init__(self, inner: Embedder, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._lesson = ""
        self._known: dict[bytes, Vectors] = {}
        self._learning = False
        self.name = inner.name

    @hookimpl
    def embedder(self) -> "LearntVectors":
        """Itself."""
        return self

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text."""
        keys = [_key(text) for text in texts]
        missing = [n for n, key in enumerate(keys) if key not in self._known]
        rows = self._inner.embed([texts[n] for n in missing]) if missing else ()
        made = dict(zip((keys[n] for n in missing), rows, strict=True))
        if self._learning:
            self._known |= made
        return np.stack([made[key] if key in made else self._known[key] for key in keys])

    @contextmanager
    def learning(self, texts: Sequence[str]) -> Iterator[None]:
        """While articles and history (`texts`) are imported."""
        self._lesson = hashlib.sha256("\0".join([self.name, *texts]).encode()).hexdigest()
        self._load()
        before, self._learning = len(self._known), True
        try:
            yield
        finally:
            self._learning = False
        if len(self._known) > before:
            self._save()

    def _load(self) -> None:
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                if str(kept["lesson"]) == self._lesson:
                    keys = (row.tobytes() for row in kept["keys"])
                    self._known = dict(zip(keys, kept["rows"], strict=True))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            self._known = {}

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = np.stack(list(self._known.values()))
        keys = np.frombuffer(b"".join(self._known), np.uint8).reshape(-1, KEY_BYTES)
        fresh = self._path.with_suffix(f".{os.getpid()}.npz")
        np.savez(fresh, lesson=np.array(self._lesson), keys=keys, rows=rows)
        fresh.replace(self._path)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:KEY_BYTES]
