"""Frames between the host and a native plugin's process, for both sides.

    bytes of the header, 4 big-endian | bytes of the body, 4 big-endian | header | body

The header is a small JSON list that starts with the kind of frame; the body is the text that is
handed on as it is (a payload, an answer), so that no JSON is written inside JSON.

    host:   BEGIN, ANSWER, STOP, PING        process:   HELLO, ASK, DONE, PONG
"""

import struct
from collections.abc import Iterator

BEGIN, ANSWER, STOP, PING = 1, 2, 3, 4
HELLO, ASK, DONE, PONG = 11, 12, 13, 14

_SIZES = struct.Struct(">II")


class FrameTooLargeError(Exception):
    """The other side announced more than is allowed; nothing after it can be trusted."""


def frame(header: bytes, body: bytes = b"") -> bytes:
    """One frame."""
    return _SIZES.pack(len(header), len(body)) + header + body


class Splitter:
    """Cuts a stream into (header, body), whatever the sizes in which it arrives."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The frames that are whole now. Raises FrameTooLargeError."""
        self._buffer += data
        while len(self._buffer) >= _SIZES.size:
            header, body = _SIZES.unpack_from(self._buffer)
            if header + body > self._bytes_max:
                raise FrameTooLargeError(f"{header + body} bytes, at most {self._bytes_max}")
            middle, end = _SIZES.size + header, _SIZES.size + header + body
            if len(self._buffer) < end:
                return
            whole = bytes(memoryview(self._buffer)[_SIZES.size : end])
            del self._buffer[:end]
            yield whole[: middle - _SIZES.size], whole[middle - _SIZES.size :]
