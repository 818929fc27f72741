"""Writes `bundle.toml` from data, as a person would: what it is, then agents, needs, rules, voice.

Rules:
1. What is written reads back as the same data, whether it is a right bundle or not yet one: a
   draft has faults, and is told them by the lines of its text.
2. Lists and tables with nothing in them are left out; keys keep the order of the schema.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hyperpersonal_sdk.bundle import Bundle

_ORDER = [field.encode_name for field in msgspec.structs.fields(Bundle)]
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def write(data: Mapping[str, Any]) -> str:
    """The text of this data: keys with texts, numbers, lists of these, tables and lists of tables.

    Raises:
        TypeError: something else is in it, such as a null.
    """
    known = sorted(data, key=lambda key: _ORDER.index(key) if key in _ORDER else len(_ORDER))
    parts = ["\n".join(_pairs({key: data[key] for key in known if not _is_table(data[key])}))]
    for key in known:
        found = data[key]
        if isinstance(found, Mapping):
            pairs = list(_pairs(found))
            parts.append("\n".join([f"[{_key(key)}]", *pairs]) if pairs else "")
        elif _is_table(found):
            parts += ["\n".join([f"[[{_key(key)}]]", *_pairs(row)]) for row in found]
    return "\n\n".join(part for part in parts if part) + "\n"


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return _is_list(value) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if value not in ([], {}):
            yield f"{_key(key)} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + "}"
    if _is_list(value):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _key(key: str) -> str:
    plain = key and all(char.isascii() and (char.isalnum() or char in "-_") for char in key)
    return key if plain else _quoted(key)


def _quoted(text: str) -> str:
    """A basic string. Source: TOML 1.0, Strings."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\u{ord(char):04x}" if ord(char) < 0x20 or char == "\x7f" else char
