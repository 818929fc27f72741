"""What an update's manifest says otherwise than the one before, beside capabilities.

Hooks, headers, days and labels decide whom a plugin hears, what it is given and how long it keeps
it: a merchant who trusted the release before has to be told of more of them.
"""

from collections.abc import Iterator

from hyperpersonal_sdk.capabilities import Model
from hyperpersonal_sdk.hpx import is_wheel

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.names import version_key

TOKENS_TIMES_MAX = 10


def declared(before: Play, release: Play) -> Iterator[Change]:
    """Each difference somebody has to be told of."""
    was, now = before.manifest, release.manifest
    for hook in now.hooks:
        if hook not in was.hooks:
            words = f"serves a hook that the release before did not: {hook}"
            yield Change("hook", words, (hook,))
    known = {secret.header.casefold() for secret in was.secrets}
    for secret in now.secrets:
        if secret.header.casefold() not in known:
            words = f"asks for a header that the release before did not: {secret.header}"
            yield Change("secret", words, (secret.header,))
    yield from _labels(before, release)
    yield from _days(before, release)
    yield from _tokens(before, release)
    if version_key(now.version) <= version_key(was.version):
        yield Change("version", f"{now.version} does not come after {was.version}")
    if any(map(_is_source, before.archive.files)) > any(map(_is_source, release.archive.files)):
        yield Change("package", "brings no sources, which the release before did")
    for path, data in release.archive.files.items():
        if is_wheel(path) and before.archive.files.get(path, data) != data:
            yield Change("package", f"{path} is another file than it was, of the same version")


def _is_source(path: str) -> bool:
    return path.startswith("src/")


def _labels(before: Play, release: Play) -> Iterator[Change]:
    known = set(before.manifest.agent.labels) if before.manifest.agent else set()
    labels = release.manifest.agent.labels if release.manifest.agent else []
    for label in labels if known else ():
        if label not in known:
            words = f"takes a kind of talk that the release before did not: {label}"
            yield Change("label", words, (label,))


def _days(before: Play, release: Play) -> Iterator[Change]:
    known = {one.data: one.kept_days for one in _uses(before)}
    for one in _uses(release):
        if one.kept_days > known.get(one.data, 0):
            words = f"keeps {one.data} for {one.kept_days} days, before {known.get(one.data, 0)}"
            yield Change("kept", words, (str(one.kept_days),))


def _uses(play: Play) -> list:  # type: ignore[type-arg]
    return list(play.manifest.listing.data) if play.manifest.listing else []


def _tokens(before: Play, release: Play) -> Iterator[Change]:
    was, now = (sum(one.tokens for one in play.manifest.asked if isinstance(one, Model))
                for play in (before, release))  # fmt: skip
    if was and now >= was * TOKENS_TIMES_MAX:
        words = f"may use {now} tokens of a model in a turn, before {was}"
        yield Change("tokens", words, ("tokens",))
