"""Randomness a second run of the same call gets again: `os.urandom`, `uuid`, `secrets`, `random`.

Vendors' clients put random ids into their requests; after a crash the call runs again with the
recorded answers, and a request that differs would be a defect (`nondeterministic`). So inside a
call all of these draw from the 32 bytes of the call's journal. Outside of calls they are as ever.
Not covered: `random.Random()` made without a seed, and the clock; use `host.now()` for a time that
goes into a request.
"""

import hashlib
import os
import random
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

SEED: "ContextVar[Stream | None]" = ContextVar("hyperpersonal_seed", default=None)

_system_urandom = os.urandom


class Stream:
    """Bytes made of a seed (SHAKE-256, one block a request), and a generator seeded from them."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._used = 0
        self._generator: random.Random | None = None

    def read(self, count: int) -> bytes:
        self._used += 1
        return hashlib.shake_256(self._seed + self._used.to_bytes(8, "big")).digest(count)

    @property
    def generator(self) -> random.Random:
        if self._generator is None:
            self._generator = random.Random(self.read(32))
        return self._generator


class _CallRandom(random.Random):
    """What the functions of the `random` module use: the present call's own generator."""

    _outside = random.Random()

    @property
    def gauss_next(self) -> None:  # else one call would get the half of a pair another drew
        return None

    @gauss_next.setter
    def gauss_next(self, _value: object) -> None:
        return

    def _own(self) -> random.Random:
        stream = SEED.get()
        return self._outside if stream is None else stream.generator

    def random(self) -> float:
        return self._own().random()

    def getrandbits(self, k: int, /) -> int:
        return self._own().getrandbits(k)

    def seed(self, a: Any = None, version: int = 2) -> None:
        if hasattr(self, "_ready"):
            self._own().seed(a, version)
        self._ready = True


def _urandom(size: int, /) -> bytes:
    stream = SEED.get()
    return _system_urandom(size) if stream is None else stream.read(size)


def make_repeatable() -> None:
    """Replace them all; called before the plugin is imported."""
    replaced: Callable[[int], bytes] = _urandom
    os.urandom = random._urandom = replaced  # type: ignore[attr-defined]
    ours, theirs = _CallRandom(), random._inst
    for name in dir(random):
        if getattr(getattr(random, name), "__self__", None) is theirs:
            setattr(random, name, getattr(ours, name))
    random._inst = ours
