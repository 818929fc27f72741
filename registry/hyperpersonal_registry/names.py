"""Names a hurried eye takes for another.

`skeleton` maps names that look alike to one text. Source: the idea of Unicode TS 39, section 4,
on the small ASCII alphabet that ids may use.
"""

import re

_CONFUSABLE = (
    ("rn", "m"),
    ("vv", "w"),
    ("cl", "d"),
    ("0", "o"),
    ("1", "l"),
    ("i", "l"),
    ("5", "s"),
)
HOUSE = "hyperpersonal"

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-(.+))?")


def skeleton(name: str) -> str:
    """The name as a hurried eye reads it."""
    text = without_separators(name)
    for written, seen in _CONFUSABLE:
        text = text.replace(written, seen)
    return text


def without_separators(name: str) -> str:
    """`order_agent`, `order-agent` and `orderagent` are one."""
    return re.sub("[-_]", "", name)


def borrows_the_house(name: str) -> bool:
    """Whether a name that is not the platform's own speaks in its name."""
    return name != HOUSE and skeleton(HOUSE) in skeleton(name)


def version_key(version: str) -> tuple[object, ...]:
    """Sorts semantic versions by precedence. Source: semver.org, section 11."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version!r} is no semantic version")
    numbers = tuple(int(found[part]) for part in (1, 2, 3))
    if found[4] is None:
        return (*numbers, 1, ())
    labels = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in found[4].split("."))
    return (*numbers, 0, labels)
