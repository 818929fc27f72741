"""Faults of a TOML file in words: the line, the key, what is wrong, what to write.

What `plugin.toml` and `bundle.toml` share; the JSON Schema's descriptions and examples are the
hints an author reads.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, cast

import jsonschema
from msgspec import to_builtins

from hyperpersonal_sdk.hidden_text import CONTROL, INVISIBLE, first_hidden

PROBLEMS_MAX = 50
DATA_DEPTH_MAX = 32

Path = Sequence[str | int]
Fault = tuple[Path, str]


def shape_faults(
    file: str, source: str, data: dict[str, Any], validator: jsonschema.Draft202012Validator
) -> list[str]:
    """Where the data of `file` is not of the published schema, line by line."""
    return [say(file, source, path, what) for path, what in shape_of(data, validator)]


def shape_of(data: dict[str, Any], validator: jsonschema.Draft202012Validator) -> list[Fault]:
    """Where the data is not of the published schema."""
    if _is_deeper(data, DATA_DEPTH_MAX):
        return [((), f"nested deeper than {DATA_DEPTH_MAX} levels")]
    errors = sorted(validator.iter_errors(data), key=lambda error: list(map(str, error.path)))
    return [fault for error in errors for fault in _worded(error)][:PROBLEMS_MAX]


def _is_deeper(value: Any, most: int) -> bool:
    """Whether tables and lists lie in each other more than `most` levels."""
    level = [value]
    for _ in range(most + 1):
        level = [item for one in level if isinstance(one, dict | list)
                 for item in (one.values() if isinstance(one, dict) else one)]  # fmt: skip
    return bool(level)


def _worded(error: jsonschema.ValidationError) -> Iterator[Fault]:
    path, rule = list(error.absolute_path), cast("dict[str, Any]", error.schema)
    last = path[-1] if path else ""
    if error.validator == "additionalProperties":
        yield from _unknown(path, error.instance, rule["properties"])
    elif error.validator == "required":
        missing = error.message.split("'")[1]
        yield path, f"{missing!r} is missing. {_hint(rule['properties'][missing], missing)}"
    elif error.validator == "pattern":
        yield path, f"{error.instance!r} will not do. {_hint(rule, last)}"
    else:
        yield path, f"{error.message[:200]}. {_hint(rule, last)}".strip()


def _unknown(path: Path, table: Any, known: dict[str, Any]) -> Iterator[Fault]:
    for key in [name for name in table if name not in known]:
        close = difflib.get_close_matches(key, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        yield [*path, key], f"there is no such key; {hint}"


def _hint(rule: dict[str, Any], key: str | int) -> str:
    """The description and example of the schema, as the author would write them."""
    example = rule.get("examples", [None])[0]
    shown = "" if example is None else f" Write it like: {_toml(key, example)}"
    return f"{rule.get('description', '')}{shown}".strip()


def _toml(key: str | int, example: Any) -> str:
    value = str(example).lower() if isinstance(example, bool) else str(example)
    value = f'"{example}"' if isinstance(example, str) else value.replace("'", '"')
    return value if isinstance(key, int) else f"{key} = {value}"


def unseen(value: Any) -> Iterator[Fault]:
    """Texts must be what they seem. Source: Unicode TR 36, section 2."""
    for path, text in _texts(to_builtins(value), ()):
        lines = text.replace("\n", "") if path == ("description",) else text
        hidden = first_hidden(lines, INVISIBLE | CONTROL)
        if hidden:
            yield path, f"holds the invisible character {hidden}; take it out"
        elif unicodedata.normalize("NFC", text) != text:
            yield path, "is not in Unicode's composed form (NFC); write it with composed letters"


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*path, number))


def say(file: str, source: str, path: Path, what: str) -> str:
    """One line for an author."""
    line = line_of(source, path)
    where = f"{file} line {line}" if line else file
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]
    return f"{where}, {name}: {what}" if name else f"{where}: {what}"


def line_of(source: str, path: Path) -> int:
    """The line (from 1) of the key or table nearest to `path`; 0 when there is none.

    tomllib tells no positions, so this follows table headers and keys line by line.
    """
    best, best_depth = 0, 0
    counts: dict[str, int] = {}
    table: list[str | int] = []
    for number, line in enumerate(source.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)\s*([\w.\"-]+)\s*\]", line)
        key = re.match(r"\s*([\w\"-]+)\s*=", line)
        if header:
            table = _table(header[1] == "[[", header[2], counts)
            here = table
        elif key:
            here = [*table, key[1].strip('"')]
        else:
            continue
        if len(here) > best_depth and list(path[: len(here)]) == here:
            best, best_depth = number, len(here)
    return best


def _table(repeated: bool, name: str, counts: dict[str, int]) -> list[str | int]:  # noqa: FBT001
    path: list[str | int] = []
    for part in name.split("."):
        path.append(part.strip('"'))
        dotted = ".".join(map(str, path))
        if repeated and dotted == name:
            counts[dotted] = counts.get(dotted, -1) + 1
        if dotted in counts:
            path.append(counts[dotted])
    return path
