"""Where people's data goes: into the log, the talk's memory, the store, evidence, or out of a shop.

What a person wrote and what the shop knows of them is known of every scene. A release that puts it
where the one before did not must say so, in whatever letters it does it: plain, backwards, in hex,
in base64 or as a part of an address.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec
from hyperpersonal_runtime.api import Asked, Trace
from msgspec import Struct

from hyperpersonal_registry.checks.requests import SENDS, parsed

CHARS_MIN, DECODED_MAX = 5, 200
_KEYS = frozenset(
    "email phone customer_id address1 first_name last_name display_name payment_method_id "
    "contact_ref conversation_ref contact_id".split()
)
_WHOLE = {"kv.put": "store", "memory.remember": "memory", "model.generate": "model",
          "knowledge.search": "search"}  # fmt: skip
_SPOKEN = frozenset({"text", "question"})
_HEX = re.compile(r"(?:[0-9a-f]{2}){8,}", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


class Kept(Struct, frozen=True):
    """Data of a person in a place. `what`: the field it came from; `where`: a word for people."""

    what: str
    where: str


def private(payloads: tuple[dict[str, Any], ...], traces: list[Trace]) -> dict[str, str]:
    """Text -> which field it is, of all that a scene tells of people."""
    found: dict[str, str] = {}
    for payload in payloads:
        found |= dict(_told(payload, _KEYS | _SPOKEN))
    for trace in traces:
        for asked in trace.asked:
            if asked.name in ("tool.call", "memory.recall"):
                found |= dict(_told(parsed(asked.answer or ""), _KEYS))
    return {text: name for text, name in found.items() if len(text) >= CHARS_MIN}


def kept(traces: list[Trace], known: dict[str, str]) -> set[Kept]:
    """Which of it lies where after these calls."""
    found: set[Kept] = set()
    for trace in traces:
        for where, text in _places(trace):
            seen = "\n".join(_read(text))
            found |= {Kept(name, where) for one, name in known.items() if one.casefold() in seen}
    return found


def said(payloads: tuple[dict[str, Any], ...]) -> str:
    """What shoppers write themselves, as one text in small letters."""
    return " ".join(str(one.get("text", "")) for one in payloads).casefold()


def asks(traces: list[Trace]) -> set[str]:
    """The places that are asked at all, whatever is told them."""
    return {where for trace in traces for where, _ in _places(trace)}


def _told(value: Any, keys: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "value" and value.get("key") in keys:  # a fact
                yield str(item), str(value["key"])
            elif key in keys and isinstance(item, str):
                yield item, key
            else:
                yield from _told(item, keys)
    elif isinstance(value, list):
        for item in value:
            yield from _told(item, keys)


def _places(trace: Trace) -> Iterator[tuple[str, str]]:
    for line in trace.logs:
        yield "log", line
    for asked in trace.asked:
        request = parsed(asked.request)
        if isinstance(request, dict):
            yield from _of_call(asked, request)
    reply = parsed(trace.value)
    if isinstance(reply, dict) and "confidence" in reply:
        yield "answer", str(reply.get("text"))
        yield "state", _text(reply.get("state"))
        yield "shared", _text(reply.get("shared"))
        yield "evidence", _text([one.get("text") for one in reply.get("evidence") or []])


def _of_call(asked: Asked, request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if asked.name in _WHOLE:
        yield _WHOLE[asked.name], asked.request
    elif asked.name == "tool.call" and not asked.write:
        yield str(request.get("tool")), _text(request.get("arguments"))
    elif asked.name in SENDS:
        yield "url", str(request.get("url", ""))
        yield "headers", _text(request.get("headers"))
        yield "body", _text(request.get("body"))


def _text(value: Any) -> str:
    return msgspec.json.encode(value or "").decode()


def _read(text: str) -> Iterator[str]:
    """The text as it stands, and as others read it, in small letters."""
    yield text.casefold()
    yield unquote(text).casefold()
    yield text[::-1].casefold()
    for found in _HEX.findall(text)[:DECODED_MAX]:
        yield from _plain(bytes.fromhex(found))
    for found in _BASE64.findall(text)[:DECODED_MAX]:
        for start in range(4):  # what stands before it may be of the same letters
            yield from _plain(_decoded(found[start:]))


def _plain(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "ignore").casefold()
    yield text
    yield text[::-1]


def _decoded(text: str) -> bytes:
    whole = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(whole[: len(whole) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""
