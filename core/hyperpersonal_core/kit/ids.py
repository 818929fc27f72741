"""Ids: UUIDv7 made by the application (RFC 9562, section 5.7), shown with a prefix at the edge.

PostgreSQL 15 has no `uuidv7()`, and the application needs the id before it writes.
"""

import os
import time
from typing import Protocol
from uuid import UUID

PREFIXES = {
    "tenant": "tnt",
    "member": "mbr",
    "contact": "con",
    "channel": "chn",
    "conversation": "cnv",
    "event": "evt",
    "turn": "trn",
    "handoff": "hnd",
    "installation": "ins",
    "article": "art",
    "passage": "psg",
    "import": "imp",
    "fact": "fct",
    "rollout": "rol",
}


class Ids(Protocol):
    """Makes new ids."""

    def new(self) -> UUID: ...


class Uuid7Ids:
    """48 bits of milliseconds, then 74 random bits: ids of one process sort by time of making."""

    def new(self) -> UUID:
        millis = time.time_ns() // 1_000_000
        random = int.from_bytes(os.urandom(10))
        value = (millis & ((1 << 48) - 1)) << 80 | random
        value = value & ~(0xF000 << 64) | 0x7000 << 64
        value = value & ~(0xC000 << 48) | 0x8000 << 48
        return UUID(int=value)


def show(kind: str, value: UUID) -> str:
    """The id as people and URLs see it, for example `cnv_018f…` (32 hex digits)."""
    return f"{PREFIXES[kind]}_{value.hex}"


def parse(kind: str, text: str) -> UUID:
    """The id behind `show`'s text; a bare UUID is accepted too.

    Raises:
        ValueError: the text is of another kind or not an id.
    """
    prefix = PREFIXES[kind] + "_"
    if "_" in text and not text.startswith(prefix):
        raise ValueError(f"{text!r} is not an id of a {kind} ({prefix}…)")
    return UUID(text.removeprefix(prefix))
