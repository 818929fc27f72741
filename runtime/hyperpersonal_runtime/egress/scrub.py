"""Takes credentials out of what comes back, in every form a server is likely to give them in.

A form is the credential itself, or what JSON, URLs, HTML, hex and base64 make of it: base64 of a
longer text holds it at one of three offsets. What a server does to it on purpose (encrypting it,
reversing it) cannot be found here: a server that was given a credential may give it away.
"""

import base64
import html
import json
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

SECRET_CHARS_MIN = 6
SCRUBBED = b"[credential]"
SCRUBBED_TEXT = SCRUBBED.decode()


class Scrubber:
    """Scrubs one response. Parts of a stream may cut a credential in two: `feed` holds such an
    end back until it is known."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = forms(tuple(sorted(set(secrets))))
        self._firsts = frozenset(form[0] for form in self._forms)
        self._longest = max(map(len, self._forms), default=0)
        self._held = b""

    def whole(self, data: bytes) -> bytes:
        """All of it, scrubbed."""
        for form in self._forms:
            if form in data:
                data = data.replace(form, SCRUBBED)
        return data

    def text(self, data: str) -> str:
        """The same for a text."""
        return self.whole(data.encode()).decode() if self._forms else data

    def feed(self, part: bytes) -> bytes:
        """What may be shown now."""
        data = self.whole(self._held + part)
        keep = self._open_end(data)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def end(self) -> bytes:
        """What was held back, at the stream's end: a part of a credential stays hidden."""
        held, self._held = self._held, b""
        return held if len(held) < SECRET_CHARS_MIN else SCRUBBED

    def _open_end(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a form."""
        for size in range(min(self._longest - 1, len(data)), 0, -1):
            if data[-size] in self._firsts:
                tail = data[-size:]
                if any(form.startswith(tail) for form in self._forms):
                    return size
        return 0


@lru_cache(maxsize=512)
def forms(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    """Every form of these header values, the longest first. Also of the parts of `Bearer abc`."""
    parts = {part for secret in secrets for part in (secret, *_without_scheme(secret))}
    found = {form for part in parts if len(part) >= SECRET_CHARS_MIN for form in _forms_of(part)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _forms_of(secret: str) -> Iterable[bytes]:
    raw = secret.encode()
    escaped = json.dumps(secret)[1:-1]
    for text in (secret, escaped, escaped.replace("/", "\\/")):
        yield text.encode()
        yield html.escape(text).encode()
        yield json.dumps(text)[1:-1].encode()
    for text in (quote(secret, safe=""), quote_plus(secret), quote(secret)):
        yield text.encode()
        yield _lower_escapes(text).encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield from _base64_of(raw)


def _base64_of(raw: bytes) -> Iterable[bytes]:
    """What base64 makes of it at each offset: only the characters no neighbour has a part in."""
    for offset in range(3):
        padded = bytes(offset) + raw
        first = (offset * 8 + 5) // 6
        last = len(padded) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            form = encode(padded)[first:last]
            if len(form) >= SECRET_CHARS_MIN:
                yield form


def _without_scheme(secret: str) -> Iterable[str]:
    """`abc` of `Bearer abc`; user and password of `Basic dXNlcjpwYXNz` (RFC 7617)."""
    scheme, *rest = secret.split()
    yield from rest
    if scheme.lower() != "basic" or not rest:
        return
    try:
        pair = base64.b64decode(rest[0], validate=True).decode()
    except ValueError:
        return
    yield pair
    yield pair.partition(":")[2]


def _lower_escapes(text: str) -> str:
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
