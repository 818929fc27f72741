"""What every model plugin needs: tools' names a vendor takes, drafts, and errors in our words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

MESSAGE_CHARS_MAX = 300
DRAFT_CHARS = 160  # told at the latest after so many; at a sentence's end before that
_SENTENCE_END = re.compile(r"[.!?\n]")
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_-]")


class Names:
    """Tools' names as vendors allow them (no dots), and back.

    Args:
        names: the tools' own names.
        chars_max: how long a name may be on the wire.
    """

    def __init__(self, names: Iterable[str], chars_max: int = 64) -> None:
        self._chars_max = chars_max
        self._wire: dict[str, str] = {}
        self._own: dict[str, str] = {}
        for name in names:
            wire = base = self._plain(name)
            number = 1
            while wire in self._own:
                number += 1
                wire = f"{base[: chars_max - 4]}_{number}"
            self._wire[name], self._own[wire] = wire, name

    def wire(self, name: str) -> str:
        """As the vendor gets it."""
        return self._wire.get(name) or self._plain(name)

    def own(self, wire: str) -> str:
        """As the agent named it."""
        return self._own.get(wire, wire)

    def _plain(self, name: str) -> str:
        return _NOT_ALLOWED.sub("_", name)[: self._chars_max]


class Draft:
    """Tells the host an answer as it grows, a sentence or so at a time.

    When it tells depends on the text alone, never on the clock: a second run makes the same calls.
    """

    def __init__(self, host: Any) -> None:
        self._host = host
        self._open = True
        self._text = ""

    async def add(self, piece: str) -> None:
        """More of the answer. When the host takes no draft, nothing more is told."""
        from hyperpersonal_sdk.authoring import HostCallFailedError

        self._text += piece
        if not (_SENTENCE_END.search(piece) or len(self._text) >= DRAFT_CHARS):
            return
        text, self._text = self._text, ""
        if not self._open:
            return
        try:
            await self._host.call("model.delta", text=text)
        except HostCallFailedError:
            self._open = False


def refused(
    status: int, headers: Mapping[str, str], message: str, kinds: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """The ModelError of an HTTP status; nothing of the request is in it.

    `kinds`: what a status means with this vendor, where it differs."""
    kind = (kinds or {}).get(status) or _kind(status)
    return error(kind, f"status {status}: {message}", retry_after_ms(headers))


def not_sent(raised: BaseException) -> dict[str, Any] | None:
    """The ModelError of a request that failed on its way, or whose answer did; None for others.

    Understands what `native.http` raises, alone or as the cause of a client's own exception."""
    from hyperpersonal_sdk.authoring import HostCallFailedError
    from hyperpersonal_sdk.native.http import library

    http = library()
    for one in (raised, raised.__cause__):
        if isinstance(one, HostCallFailedError):
            return error("rejected", f"the host does not let this request out: {one.message}")
        if isinstance(one, http.TimeoutException):
            return error("timed_out", "no answer in time")
        if isinstance(one, http.ConnectError):
            return error("unavailable", f"no connection: {one}")
        if isinstance(one, http.HTTPError):
            return error("cut", f"the stream was cut: {one}")
    return None


def error(kind: str, message: str, retry_after_ms: int = 0) -> dict[str, Any]:
    """A ModelError."""
    words = str(message)[:MESSAGE_CHARS_MAX]
    return {"kind": kind, "message": words, "retry_after_ms": retry_after_ms}


def retry_after_ms(headers: Mapping[str, str]) -> int:
    """How long the vendor asks to wait; 0 when it does not say (or says a date: those are not
    read). Source: RFC 9110 section 10.2.3."""
    for name, factor in (("retry-after-ms", 1), ("retry-after", 1000)):
        try:
            return max(0, min(3_600_000, int(float(headers.get(name, "")) * factor)))
        except (ValueError, OverflowError):
            continue
    return 0


def _kind(status: int) -> str:
    if status == 429:
        return "rate_limited"
    if status in (401, 403):
        return "unauthorized"
    if status in (503, 529):
        return "overloaded"
    return "unavailable" if status >= 500 or status in (408, 409) else "rejected"
