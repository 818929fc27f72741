"""The texts that stand in pictures beside their pixels: nobody sees them, programs read them.

Source: PNG (ISO/IEC 15948), 11.3.3: tEXt, zTXt and iTXt chunks.
"""

import zlib
from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import Reading, Words

PNG = b"\x89PNG\r\n\x1a\n"
TEXT_BYTES_MAX = 64 * 1024
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def words(reading: Reading) -> Iterator[Words]:
    """Every such text, with its file."""
    for path, data in reading.files.items():
        if data.startswith(PNG):
            yield from (Words(path, 0, text) for text in _texts(data) if text)


def _texts(data: bytes) -> Iterator[str]:
    at = len(PNG)
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in _TEXTS:
            yield _text(kind, data[at + 8 : at + 8 + min(size, TEXT_BYTES_MAX)])
        at += 12 + size


def _text(kind: bytes, data: bytes) -> str:
    _, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        return rest.decode("latin-1")
    packed = kind == b"zTXt" or rest[:1] == b"\1"
    rest = rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1]
    return (_unpacked(rest) if packed else rest).decode(errors="replace")


def _unpacked(data: bytes) -> bytes:
    """As far as it can be read, and no further than a text is long."""
    try:
        return zlib.decompressobj().decompress(data, TEXT_BYTES_MAX)
    except zlib.error:
        return b""


def length_of(data: bytes) -> int:
    """How long a PNG or WebP is by its own words; of all else, as long as it is. Source: PNG
    (ISO/IEC 15948), 5.3 chunk layout; RIFF container of WebP."""
    if data.startswith(b"RIFF"):
        return 8 + int.from_bytes(data[4:8], "little") + 1
    if not data.startswith(PNG):
        return len(data)
    at = len(PNG)
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + size
        if kind == b"IEND":
            return at
    return len(PNG)  # it has no end: what follows is no picture
