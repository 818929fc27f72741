"""What a native plugin's wheels may be called and how a lock of them is written.

`wheels/*.whl` in the artifact, or `requirements.lock`: never both, never anything else. Names are
PEP 427's; a lock line is `name==version` with `--hash=sha256:…` and nothing more: no address, no
option, no range.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from hyperpersonal_sdk.errors import BadInputError

WHEELS_FOLDER = "wheels/"
LOCK_FILE = "requirements.lock"
PINS_MAX = 100
HASHES_MAX = 500

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"[A-Za-z0-9!+._]+"
_TAG = r"[A-Za-z0-9_.]+"
_WHEEL = re.compile(
    rf"(?P<name>[A-Za-z0-9_.]+)-(?P<version>{_VERSION})(?:-\d[A-Za-z0-9_.]*)?"
    rf"-(?P<python>{_TAG})-(?P<abi>{_TAG})-(?P<platform>{_TAG})\.whl"
)
_PIN = re.compile(rf"({_NAME})==({_VERSION})((?:\s+--hash=sha256:[0-9a-f]{{64}})+)")


class WheelError(BadInputError):
    """A wheel's name or a lock's line is not as it must be; the message says where and why."""

    code = "bad_wheels"


class Wheel(Struct, frozen=True):
    """A wheel's name, read. `tags`: every `python-abi-platform` it fits."""

    file: str
    name: str
    version: str
    tags: frozenset[str]

    @property
    def fits_all(self) -> bool:
        """Whether it says that it holds nothing made for one kind of machine."""
        return all(tag.endswith("-none-any") for tag in self.tags)


class Pin(Struct, frozen=True):
    """One line of a lock."""

    name: str
    version: str
    hashes: tuple[str, ...]


def read_name(file: str) -> Wheel:
    """Raises WheelError: this is no wheel's name."""
    found = _WHEEL.fullmatch(file)
    if found is None:
        raise WheelError(f"{file!r} is no wheel's name: NAME-VERSION-PYTHON-ABI-PLATFORM.whl")
    tags = frozenset(
        f"{python}-{abi}-{platform}"
        for python in found["python"].split(".")
        for abi in found["abi"].split(".")
        for platform in found["platform"].split(".")
    )
    return Wheel(file, _normal(found["name"]), found["version"], tags)


def of_files(paths: Iterable[str]) -> list[Wheel]:
    """The wheels among an artifact's paths, by name.

    Raises:
        WheelError: something else lies in the folder, or a distribution is there twice.
    """
    found = [
        read_name(path.removeprefix(WHEELS_FOLDER))
        for path in sorted(paths)
        if path.startswith(WHEELS_FOLDER)
    ]
    _once(wheel.name for wheel in found)
    return found


def parse_lock(text: str) -> list[Pin]:
    """The pins of a `requirements.lock`.

    Raises:
        WheelError: with the line that is wrong, and how one is written.
    """
    pins = [_pin(number, line) for number, line in _logical_lines(text)]
    if len(pins) > PINS_MAX or sum(len(pin.hashes) for pin in pins) > HASHES_MAX:
        raise WheelError(f"{LOCK_FILE}: at most {PINS_MAX} pins with {HASHES_MAX} hashes together")
    _once(pin.name for pin in pins)
    return pins


def written_lock(pins: Iterable[Pin]) -> str:
    """The one way to write these pins: the same for every order and spacing of the lines."""
    lines = sorted(
        f"{pin.name}=={pin.version} "
        + " ".join(f"--hash=sha256:{digest}" for digest in sorted(pin.hashes))
        for pin in pins
    )
    return "\n".join([*lines, ""])


def _logical_lines(text: str) -> Iterable[tuple[int, str]]:
    """Lines without comments, joined where one ends with a backslash, with their first number."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        bare = re.sub(r"(^|\s)#.*", "", line).rstrip()
        joined += " " + bare.removesuffix("\\")
        if not bare.endswith("\\"):
            if joined.strip():
                yield first, joined.strip()
            joined, first = "", 0
    if joined.strip():
        yield first, joined.strip()


def _pin(number: int, line: str) -> Pin:
    found = _PIN.fullmatch(line)
    if found is None:
        raise WheelError(
            f"{LOCK_FILE} line {number}: {line[:80]!r} is no pin; write it like "
            "msgspec==0.22.0 --hash=sha256:<64 hex digits> (uv export --no-emit-workspace)"
        )
    hashes = tuple(part.rpartition(":")[2] for part in found[3].split())
    return Pin(_normal(found[1]), found[2], hashes)


def _once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise WheelError(f"{name} is there twice")
        seen.add(name)


def _normal(name: str) -> str:
    """PEP 503: letters' case and the kind of separator do not matter."""
    return re.sub(r"[-_.]+", "-", name).lower()
