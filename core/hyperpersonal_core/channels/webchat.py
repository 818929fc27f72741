"""Web chat's side of the channel hook: a frame of the widget becomes an `InboundMessage`.

A frame is a JSON object: `{"id": "made by the widget", "text": "…"}` and optionally
`{"sent_at": "…", "meta": {…}}`. Web chat is built of the same hook a channel plugin implements.
"""

from typing import Any

import msgspec
from hyperpersonal_sdk.contract.messages import (
    MESSAGE_BYTES_MAX,
    TEXT_CHARS_MAX,
    InboundMessage,
)

from hyperpersonal_core.kit.errors import RefusedError, TooLargeError

ID_CHARS_MAX = 100
META_BYTES_MAX = 4096
META_DEPTH_MAX = 8


class FrameRefusedError(RefusedError):
    """The frame is not a message; `code` says which rule it breaks."""

    def __init__(self, code: str, message: str, **detail: Any) -> None:
        super().__init__(message, **detail)
        self.code = code


def decode_frame(data: bytes | str) -> dict[str, Any]:
    """The frame behind the bytes of a WebSocket message or a POST body.

    Raises:
        TooLargeError: over 256 KiB.
        FrameRefusedError: not a JSON object.
    """
    if len(data) > MESSAGE_BYTES_MAX:
        raise TooLargeError("a message has at most 256 KiB", bytes_max=MESSAGE_BYTES_MAX)
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    # Malformed JSON, another type, bytes that are not UTF-8, or nested deeper than Python goes.
    except (ValueError, RecursionError) as error:
        raise FrameRefusedError(
            "malformed_frame", 'send a JSON object such as {"id": "…", "text": "…"}'
        ) from error


def parse_inbound(frame: dict[str, Any]) -> InboundMessage:
    """The message in a frame.

    Raises:
        FrameRefusedError: it has no usable id or text, or carries something we cannot take yet.
        TooLargeError: the text or the meta object is too long.
    """
    if frame.get("attachments"):
        raise FrameRefusedError(
            "attachments_not_supported",
            "Files cannot be sent in this chat yet. Please describe what the file shows.",
        )
    external_id = _text(frame, "id")
    if not 1 <= len(external_id) <= ID_CHARS_MAX:
        raise FrameRefusedError(
            "missing_id", f"give the message an id of 1 to {ID_CHARS_MAX} characters"
        )
    return InboundMessage(
        external_id=external_id,
        text=_message_text(frame),
        sent_at=_text(frame, "sent_at")[:40],
        meta=_meta(frame),
    )


def _message_text(frame: dict[str, Any]) -> str:
    text = _text(frame, "text").strip()
    if not _visible(text):
        raise FrameRefusedError("empty_text", "write some text before sending")
    if len(text) > TEXT_CHARS_MAX:
        raise TooLargeError(
            f"a message has at most {TEXT_CHARS_MAX} characters; please send it in parts",
            chars=len(text),
            chars_max=TEXT_CHARS_MAX,
        )
    return text


def _visible(text: str) -> bool:
    """Whether a person would see anything of it; zero-width characters alone are nothing."""
    return any(char.isprintable() and not char.isspace() for char in text)


def _text(frame: dict[str, Any], name: str) -> str:
    value = frame.get(name, "")
    if not isinstance(value, str):
        raise FrameRefusedError("wrong_type", f"'{name}' must be a text", field=name)
    # PostgreSQL stores no NUL, and UTF-8 knows no lone surrogate.
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def _meta(frame: dict[str, Any]) -> dict[str, Any]:
    meta = frame.get("meta", {})
    if not isinstance(meta, dict):
        raise FrameRefusedError("wrong_type", "'meta' must be an object", field="meta")
    if not _shallow(meta, META_DEPTH_MAX):
        raise FrameRefusedError(
            "wrong_type", f"'meta' is nested {META_DEPTH_MAX} levels at most", field="meta"
        )
    encoded = msgspec.json.encode(meta)
    if len(encoded) > META_BYTES_MAX:
        raise TooLargeError(f"'meta' has at most {META_BYTES_MAX} bytes", bytes=len(encoded))
    if b"\\u0000" in encoded:
        raise FrameRefusedError("wrong_type", "'meta' must not hold NUL characters", field="meta")
    return meta


def _shallow(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return levels > 0 and all(_shallow(part, levels - 1) for part in value)
