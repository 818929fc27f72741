"""Recorded hook calls as files: `tests/fixtures/NAME.json`, made by `hp plugin record`.

A fixture holds what the host asked, every host call the plugin made with its answer, and what the
plugin answered. It is plain JSON that may be read and mended by hand. Whose data it is was taken
out of it when it was recorded (`scrubbed`).
"""

import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hyperpersonal_sdk.checks import secrets
from hyperpersonal_sdk.errors import BadInputError

FOLDER = Path("tests") / "fixtures"
FIXTURE_BYTES_MAX = 1024 * 1024

# What of a person must not lie in a repository.
_ADDRESS = re.compile(r"[\w.+-]+@(?!example\.)[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+?\d[\d ().-]{8,}\d(?=\D|$)")
_HEADER = re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_GONE = "[scrubbed]"
_CARD_DIGITS = range(13, 20)


class FixtureCall(Struct, frozen=True):
    """One host call: its name, what was asked, and the answer as the plugin got it (`value` or
    `failure`)."""

    name: str
    request: Any
    answer: Any
    write: bool = False


class Fixture(Struct, frozen=True):
    """One hook call. `grants` None: all that the manifest asks."""

    hook: str
    payload: Any
    value: Any = None
    calls: list[FixtureCall] = []
    outcome: str = "ok"
    grants: list[str] | None = None


class FixtureError(BadInputError):
    """A fixture cannot be read; the message names the file."""

    code = "bad_fixture"


def load(path: Path) -> Fixture:
    """The fixture of a file. Raises FixtureError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FixtureError(
            f"there is no {path}; record one with `hp plugin record TURN --name {path.stem}`"
        ) from None
    if len(data) > FIXTURE_BYTES_MAX:
        raise FixtureError(f"{path} has more than {FIXTURE_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(data, type=Fixture)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FixtureError(f"{path} is no fixture: {error}") from error


def dump(fixture: Fixture) -> bytes:
    """The file of a fixture, scrubbed."""
    clean = scrubbed(msgspec.to_builtins(fixture))
    return msgspec.json.format(msgspec.json.encode(clean), indent=2) + b"\n"


def scrubbed(value: Any) -> Any:
    """The same JSON without addresses of people, card numbers and credentials; one text is always
    replaced by the same other, so that a plugin that passes it on still does."""
    if isinstance(value, str):
        return _scrub(value)
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {key: scrubbed(item) for key, item in value.items()}
    return value


def _scrub(text: str) -> str:
    text = _NUMBER.sub(_number, _ADDRESS.sub("person@example.com", text))
    for pattern in (_HEADER, *secrets.FORMATS.values()):
        text = pattern.sub(_GONE, text)
    return text


def _number(found: "re.Match[str]") -> str:
    """Card numbers go; order and tracking numbers are what the plugin works with."""
    digits = re.sub(r"\D", "", found[0])
    is_card = len(digits) in _CARD_DIGITS and _luhn(digits)
    return "4242 4242 4242 4242" if is_card else found[0]


def _luhn(digits: str) -> bool:
    """Whether the last digit checks the others. Source: ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
