"""What travels on the bus: a list of wake-ups, never bodies.

One envelope tells which conversations grew and up to which offset; who hears it reads the
timeline in PostgreSQL. Losing, repeating or reordering envelopes is therefore harmless.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from msgspec import Struct

WAKES_MAX = 10_000


class Wake(Struct, frozen=True, array_like=True):
    """`offset` is the newest of the conversation when the envelope was made; `traceparent` (W3C
    Trace Context) names the span that woke it, empty when nobody traces."""

    tenant_id: UUID
    conversation_id: UUID
    offset: int
    traceparent: str = ""


class Envelope(Struct, frozen=True, array_like=True):
    """What one message on the bus holds."""

    wakes: tuple[Wake, ...]


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Envelope)


def encode(wakes: Iterable[Wake]) -> bytes:
    """The envelope as msgpack; ids are 16 bytes each."""
    return _encoder.encode(Envelope(tuple(wakes)))


def decode(payload: bytes) -> Envelope:
    """The envelope behind `encode`'s bytes.

    Raises:
        ValueError: the bytes are not an envelope, or it holds more than `WAKES_MAX` wake-ups.
    """
    envelope = _decoder.decode(payload)
    if len(envelope.wakes) > WAKES_MAX:
        raise ValueError(f"an envelope holds at most {WAKES_MAX} wake-ups")
    return envelope


def newest(wakes: Iterable[Wake]) -> list[Wake]:
    """One wake-up a conversation, the newest, in order of first appearance."""
    kept: dict[tuple[UUID, UUID], Wake] = {}
    for wake in wakes:
        key = (wake.tenant_id, wake.conversation_id)
        if key not in kept or kept[key].offset < wake.offset:
            kept[key] = wake
    return list(kept.values())
