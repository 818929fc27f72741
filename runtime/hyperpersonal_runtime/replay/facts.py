"""What calls say of themselves: money, hosts, recipients and fields. Pure functions over JSON."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS

from hyperpersonal_runtime.replay.trace import Asked

# Addresses somebody can be reached at: e-mail (RFC 5322's usual part) and telephone (E.164).
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w#])\+\d[\d ()-]{7,18}\d")
_LINK = re.compile(r"https?://[^\s\"'<>)\]]+", re.IGNORECASE)


def parsed(text: str) -> Any:
    """The JSON value; None when it is none."""
    try:
        return msgspec.json.decode(text or "null")
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None


def arguments(asked: Asked) -> Any:
    """What a call hands over: a tool's arguments; of HTTP its headers' names, query and body."""
    request = parsed(asked.request)
    if not isinstance(request, dict):
        return request
    if asked.name == "tool.call":
        return request.get("arguments", {})
    if asked.name == "http.fetch":
        url = urlsplit(str(request.get("url", "")))
        body = request.get("body") or ""
        return {"query": url.query, "headers": request.get("headers"), "body": _body(body)}
    return request


def fields(value: Any, path: str = "") -> Iterator[str]:
    """The names of every field, as paths; places in lists count as one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{path}.{key}" if path else key
            yield from fields(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from fields(item, f"{path}[]")


def recipients(calls: Iterable[Asked]) -> set[str]:
    """Addresses in what writes and HTTP requests hand over."""
    texts = [one.request for one in calls if one.write or one.name == "http.fetch"]
    return {found.lower() for text in texts for found in addresses(text)}


def addresses(text: str) -> list[str]:
    """E-mail addresses and telephone numbers in a text."""
    return [*_MAIL.findall(text), *_PHONE.findall(text)]


def hosts(calls: Iterable[Asked]) -> set[str]:
    """The hosts that are asked over HTTP."""
    urls = [parsed(one.request) for one in calls if one.name == "http.fetch"]
    return {_host(str(asked.get("url", ""))) for asked in urls if isinstance(asked, dict)}


def links(text: str) -> set[str]:
    """The hosts a text links to."""
    return {_host(url) for url in _LINK.findall(text)}


def moves_money(asked: Asked) -> bool:
    """Whether a call is a tool that moves money."""
    request = parsed(asked.request)
    spec = COMMERCE_TOOLS.get(request.get("tool", "")) if isinstance(request, dict) else None
    return asked.name == "tool.call" and spec is not None and spec.money


def money(value: Any) -> dict[str, int]:
    """Minor units by currency of every amount in a JSON value."""
    total: dict[str, int] = {}
    for currency, minor in _amounts(value):
        total[currency] = total.get(currency, 0) + minor
    return total


def _amounts(value: Any) -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        minor = value.get("minor")
        if isinstance(minor, int) and not isinstance(minor, bool):
            yield str(value.get("currency", "")), minor
        for item in value.values():
            yield from _amounts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _amounts(item)


def _body(text: Any) -> Any:
    value = parsed(text) if isinstance(text, str) else text
    return text if value is None else value


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return url
