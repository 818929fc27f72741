"""What an attack on the market is: an honest release, and what somebody makes of it.

They are written as an attacker would write them, from what happened elsewhere, and by nobody who
reads the checks' rules. An attack that a check does not name is a figure, not a reason to rewrite
it.
"""

from collections.abc import Mapping

from fixtures.market.samples import Sample, samples
from hyperpersonal_sdk import hpx
from msgspec import Struct

_SAMPLES = {one.plugin_id: one for one in samples()}
MANIFEST, CHANGES = "plugin.toml", "CHANGELOG.md"
Files = dict[str, bytes]
Swap = tuple[str, str]


class Attack(Struct, frozen=True):
    """One attack.

    Args:
        name: what is done.
        after: what it re-enacts.
        base: the honest release that merchants have installed; None for a first release.
        bad: what the attacker hands in.
    """

    name: str
    after: str
    base: Files | None
    bad: Files

    def packed(self) -> tuple[bytes | None, bytes]:
        """The archives. Raises ArchiveError where no archive can hold what the attacker wants."""
        return (None if self.base is None else hpx.pack(self.base)), hpx.pack(self.bad)


def sample(plugin_id: str) -> Sample:
    """One of the honest plugins."""
    return _SAMPLES[plugin_id]


def entry(files: Mapping[str, bytes]) -> str:
    """The path of the module an attacker changes first."""
    return next(path for path in files if path.endswith("/__init__.py"))


def swapped(files: Files, path: str, *swaps: Swap) -> Files:
    """The files with texts of one of them replaced, each where it stands first."""
    text = files[path].decode()
    for old, new in swaps:
        assert old in text, f"{path}: there is no {old!r}"
        text = text.replace(old, new, 1)
    return {**files, path: text.encode()}


def update(
    base: Files,
    *swaps: Swap,
    said: str = "Small improvements.",
    manifest: tuple[Swap, ...] = (),
    files: Mapping[str, bytes | str] | None = None,
    before: str = "1.0.0",
    after: str = "1.0.1",
) -> Files:
    """The next release of `base`: `swaps` in its entry module, a new version, a harmless changelog.

    Args:
        said: what the changelog says.
        manifest: more replacements, in the manifest.
        files: more files, or other contents of some.
    """
    more = {path: one if isinstance(one, bytes) else one.encode()
            for path, one in (files or {}).items()}  # fmt: skip
    made = swapped(base, MANIFEST, (f'version = "{before}"', f'version = "{after}"'), *manifest)
    if swaps:
        made = swapped(made, entry(base), *swaps)
    log = f"# Changes\n\n## {after}\n\n- {said}\n"
    return {**made, CHANGES: base[CHANGES].replace(b"# Changes\n", log.encode()), **more}


def attack_on(plugin_id: str, name: str, after: str, *swaps: Swap, **more: object) -> Attack:
    """An attack by a bad update of a sample; `more` as in `update`."""
    base = sample(plugin_id).releases["1.0.0"]
    return Attack(name, after, base, update(base, *swaps, **more))  # type: ignore[arg-type]


def asking(*capabilities: tuple[str, str]) -> Swap:
    """A replacement in the manifest that asks for more, with the attacker's reasons."""
    asks = "".join(
        f'[[capabilities]]\nask = "{ask}"\nwhy = "{why}"\n\n' for ask, why in capabilities
    )
    return "\n[listing]\n", f"\n{asks}[listing]\n"
