"""Samples of one thing, and what is told of them."""

import statistics
import time
from collections.abc import Iterator

from msgspec import Struct


class Samples(Struct, frozen=True):
    """Milliseconds of wall time, and of this process's CPU time a sample."""

    p50: float
    p95: float
    p99: float
    cpu: float


def sampled(count: int, times: Iterator[float], warm: int = 5) -> Samples:
    """Take `count` samples (at least 2) from what yields milliseconds, after `warm` that do not
    count."""
    for _ in range(warm):
        next(times)
    before = time.process_time()
    found = [next(times) for _ in range(count)]
    cpu = (time.process_time() - before) * 1000 / count
    return Samples(statistics.median(found), quantile(found, 95), quantile(found, 99), cpu)


def quantile(found: list[float], percent: int) -> float:
    """The value that so many percent of the samples do not exceed."""
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * percent // 100) - 1)]
