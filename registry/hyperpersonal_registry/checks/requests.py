"""What requests hold: JSON within JSON, and the texts in it; and which of them leave."""

from collections.abc import Iterator
from typing import Any

import msgspec
from hyperpersonal_runtime.api import Asked, Trace

SENDS = frozenset({"http.fetch", "http.open"})


def parsed(text: str) -> Any:
    """The JSON value, a body of JSON in it read as well; the text itself when it is none."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return text
    if isinstance(value, dict) and isinstance(value.get("body"), str):
        value["body"] = parsed(value["body"])
    return value


def leaving(trace: Trace) -> list[Asked]:
    """What writes in the shop or goes out of it."""
    return [one for one in trace.asked if one.write or one.name in SENDS]


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a JSON value, by lines; names of fields are none."""
    if isinstance(value, str):
        yield from (line.strip() for line in value.splitlines() if line.strip())
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path -> value; a field of JSON in a text is read as well."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}.{number}")
    elif isinstance(value, str | int | float) or value is None:
        yield path, value
