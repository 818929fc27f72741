"""Vectors in and out of PostgreSQL without a text round trip.

`halfvec_send` gives two 16-bit counts, then 16-bit floats, big-endian (pgvector, halfvec.c).
"""

from collections.abc import Sequence

import numpy as np

from hyperpersonal_core.memory.embedding import DIMENSIONS, Vectors

_HEADER_BYTES = 4


def from_rows(sent: Sequence[bytes]) -> Vectors:
    """The rows of a `select halfvec_send(embedding)`."""
    body = b"".join(value[_HEADER_BYTES:] for value in sent)
    return np.frombuffer(body, ">f2").reshape(len(sent), DIMENSIONS).astype(np.float32)


def to_text(row: Vectors) -> str:
    """One vector as pgvector reads it; half precision keeps about four digits anyway."""
    return "[" + ",".join(f"{value:.5g}" for value in row.tolist()) + "]"
