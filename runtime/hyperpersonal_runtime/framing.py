"""Frames on a stream: four bytes of length (big-endian), then one msgpack message.

A frame over the bound, or one that is not a message, ends the connection: nothing after it
could be trusted to start where it seems to.
"""

import struct
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
_LENGTH = struct.Struct(">I")
_ENCODER = msgspec.msgpack.Encoder()

TO_HOST_BYTES_MAX = 2 * 1024 * 1024
TO_WORKER_BYTES_MAX = 32 * 1024 * 1024


class FramingError(Exception):
    """The other side does not speak in frames; the connection is of no more use."""


def encode(message: Any) -> bytes:
    """A message as one frame."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body)) + body


class FrameReader(Generic[T]):
    """Cuts a stream into messages, whatever the sizes in which it arrives."""

    def __init__(self, type_: Any, bytes_max: int) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(type_)
        self._bytes_max = bytes_max
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """The messages that are whole now.

        Raises:
            FramingError: a frame is over the bound or no message.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > self._bytes_max:
                raise FramingError(
                    f"a frame of {size} bytes, at most {self._bytes_max} are allowed"
                )
            end = _LENGTH.size + size
            if len(self._buffer) < end:
                return
            body = bytes(memoryview(self._buffer)[_LENGTH.size : end])
            del self._buffer[:end]
            try:
                message = self._decoder.decode(body)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise FramingError(f"no message: {error}") from None
            yield message
