"""Honest release pairs: what authors really do between two versions.

Fixes and features of the samples (the latter with a declared, optional capability), texts that
change, tidied sources of the first-party plugins.
"""

from collections.abc import Iterator

from fakes.changes import HONEST, changed
from fixtures.market.samples import VERSIONS, samples
from hyperpersonal_sdk import hpx
from hyperpersonal_web.paths import ROOT
from msgspec import Struct
from security.market.attack import CHANGES, MANIFEST, Files, swapped, update

_TEXTS = (
    ("README.md", "\n", "\n\nWritten with care. Questions go to our support address.\n\n"),
    (MANIFEST, 'tagline = "', 'tagline = "New: '),
    (MANIFEST, 'description = "', 'description = "For every shop. '),
)


class Pair(Struct, frozen=True):
    """Two releases of one honest plugin; `kind`: fix, feature, texts or tidied."""

    name: str
    kind: str
    before: Files
    after: Files

    def packed(self) -> tuple[bytes, bytes]:
        return hpx.pack(self.before), hpx.pack(self.after)


def pairs() -> list[Pair]:
    """All of them, in an order that starts with some of every kind."""
    kinds = [list(_fixes()), list(_features()), list(_texts()), list(_tidied())]
    longest = max(map(len, kinds))
    return [kind[place] for place in range(longest) for kind in kinds if place < len(kind)]


def _fixes() -> Iterator[Pair]:
    for one in samples():
        yield Pair(f"{one.plugin_id} fix", "fix", *map(one.releases.get, VERSIONS[:2]))  # type: ignore[arg-type]


def _features() -> Iterator[Pair]:
    for one in samples():
        yield Pair(f"{one.plugin_id} feature", "feature", *map(one.releases.get, VERSIONS[1:]))  # type: ignore[arg-type]


def _texts() -> Iterator[Pair]:
    for number, one in enumerate(samples()):
        path, old, new = _TEXTS[number % len(_TEXTS)]
        base = one.releases["1.0.0"]
        after = update(base, said="Better words.")
        yield Pair(f"{one.plugin_id} {path}", "texts", base, swapped(after, path, (old, new)))


def _tidied() -> Iterator[Pair]:
    for change in HONEST:
        base = {**hpx.collect(ROOT / "plugins" / change.plugin), CHANGES: b"# Changes\n"}
        after = update(changed(base, change), said="Tidied.", before="0.1.0", after="0.1.1")
        yield Pair(change.name, "tidied", base, after)
