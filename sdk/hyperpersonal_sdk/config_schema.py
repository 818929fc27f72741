"""What the JSON Schema of a plugin's configuration may be: it is the host that runs it.

Rules:
1. It refers only to its own `$defs`, which are there: nothing is fetched, nothing is looked up.
2. Unfolded, each `$ref` counted as what it refers to, it has at most PARTS_MAX parts: a schema that
   doubles forty times would keep the host busy for ever, one that holds itself has no end.
3. No regular expressions: one that backtracks could run for hours.
"""

from collections.abc import Iterator
from typing import Any

import jsonschema

PARTS_MAX = 5_000
_DEFS = "#/$defs/"
# They choose what a reference means, or are patterns.
_UNKNOWN_HERE = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef")
_PATTERNS = ("pattern", "patternProperties")

Fault = tuple[tuple[str | int, ...], str]


def faults(schema: dict[str, Any]) -> Iterator[Fault]:
    """(path, what is wrong) for everything that breaks a rule."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        path = ("config", *error.absolute_path)
        yield path, f"is no JSON Schema (2020-12): {error.message[:200]}"
        return
    if schema and schema.get("type") != "object":
        yield ("config",), 'describes an object: write type = "object"'
    known = schema.get("$defs", {})
    found = [fault for key, value in _keywords(schema) for fault in _fault(key, value, known)]
    yield from ((("config",), fault) for fault in found)
    if not found and _parts(schema, known, {}, ()) > PARTS_MAX:
        yield ("config",), f"has more than {PARTS_MAX} parts when its references are followed"


def _fault(key: str, value: Any, known: dict[str, Any]) -> Iterator[str]:
    if key in _PATTERNS:
        yield f"may not use {key!r}; use enum, format or maxLength"
    if key in _UNKNOWN_HERE:
        yield f"may not use {key!r}; use $ref to its own $defs"
    if key == "$ref" and str(value).removeprefix(_DEFS) not in known:
        yield "may refer only to its own definitions ('$ref' = '#/$defs/NAME', and NAME is there)"


def _keywords(value: Any) -> Iterator[tuple[str, Any]]:
    """Every keyword of the schema; names of properties and of definitions are none."""
    if isinstance(value, dict):
        for key, item in value.items():
            names = key in {"properties", "$defs"} and isinstance(item, dict)
            yield key, item
            yield from _keywords(list(item.values()) if names else item)
    elif isinstance(value, list):
        for item in value:
            yield from _keywords(item)


def _parts(
    value: Any, known: dict[str, Any], sizes: dict[str, int], inside: tuple[str, ...]
) -> int:
    """How many parts there are when references are followed; more than enough for a circle."""
    if isinstance(value, list):
        return 1 + sum(_parts(item, known, sizes, inside) for item in value)
    if not isinstance(value, dict):
        return 1
    total = 1 + sum(
        _parts(item, known, sizes, inside) for key, item in value.items() if key != "$defs"
    )
    name = str(value.get("$ref", "")).removeprefix(_DEFS)
    if not name:
        return total
    if name in inside:
        return total + PARTS_MAX
    if name not in sizes:
        sizes[name] = _parts(known[name], known, sizes, (*inside, name))
    return total + sizes[name]
