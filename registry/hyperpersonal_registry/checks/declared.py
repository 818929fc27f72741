"""What an update's manifest says otherwise than the one before, beside capabilities.

Hooks, headers, days and labels decide whom a plugin hears, what it is given and how long it keeps
it: a merchant who trusted the release before has to be told of more of them.
"""

import ast
import re
from collections.abc import Iterator

from hyperpersonal_sdk.capabilities import Model
from hyperpersonal_sdk.hpx import is_wheel

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.names import version_key

TOKENS_TIMES_MAX = 10
STRANGE_LEAST, STEM_CHARS = 4, 5


def declared(before: Play, release: Play) -> Iterator[Change]:
    """Each difference somebody has to be told of."""
    was, now = before.manifest, release.manifest
    yield from _hooks(before, release)
    known = {secret.header.casefold() for secret in was.secrets}
    for secret in now.secrets:
        if secret.header.casefold() not in known:
            words = f"asks for a header that the release before did not: {secret.header}"
            yield Change("secret", words, (secret.header,))
    yield from _labels(before, release)
    yield from _named_otherwise(before, release)
    yield from _examples(before, release)
    yield from _settings(before, release)
    yield from _days(before, release)
    yield from _tokens(before, release)
    if version_key(now.version) <= version_key(was.version):
        yield Change("version", f"{now.version} does not come after {was.version}")
    if any(map(_is_source, before.archive.files)) > any(map(_is_source, release.archive.files)):
        yield Change("package", "brings no sources, which the release before did")
    for path, data in release.archive.files.items():
        if is_wheel(path) and before.archive.files.get(path, data) != data:
            yield Change("package", f"{path} is another file than it was, of the same version")


def _hooks(before: Play, release: Play) -> Iterator[Change]:
    was, now = before.manifest.hooks, release.manifest.hooks
    for hook in (one for one in now if one not in was):
        words = f"serves a hook that the release before did not: {hook}"
        yield Change("hook", words, (hook,))
    for hook in (one for one in was if one not in now):
        yield Change("hook", f"serves a hook no longer: {hook}", (hook,))


def _is_source(path: str) -> bool:
    return path.startswith("src/")


def _labels(before: Play, release: Play) -> Iterator[Change]:
    known = set(before.manifest.agent.labels) if before.manifest.agent else set()
    labels = release.manifest.agent.labels if release.manifest.agent else []
    for label in labels if known else ():
        if label not in known:
            words = f"takes a kind of talk that the release before did not: {label}"
            yield Change("label", words, (label,))


def _named_otherwise(before: Play, release: Play) -> Iterator[Change]:
    was, now = (_telling(play.manifest.title) for play in (before, release))
    if was and now and not was & now:
        title = release.manifest.title
        yield Change("title", f"calls itself otherwise: {title}", (title,))


def _examples(before: Play, release: Play) -> Iterator[Change]:
    """Sentences it wants to be given that have nothing to do with what it says it does."""
    texts = release.reading.texts
    about = _telling(" ".join([
        release.manifest.description, *_sentences(before), *release.manifest.hooks,
        *(text for path, text in texts.items() if path.endswith((".md", ".py")))]))  # fmt: skip
    strange = [one for one in _sentences(release) if not _telling(one) & about]
    if len(strange) >= STRANGE_LEAST:
        words = f"wants to be given talks that it says nothing of: “{strange[0]}”"
        yield Change("label", words, tuple(strange[:1]))


def _sentences(play: Play) -> list[str]:
    intents = play.manifest.agent.intents if play.manifest.agent else []
    return [text for intent in intents for text in intent.examples]


def _telling(text: str) -> set[str]:
    """Words that are about something, by their first letters: an ending changes nothing."""
    return {word[:STEM_CHARS] for word in re.findall(r"[^\W\d_]{4,}", text.casefold())}


def _settings(before: Play, release: Play) -> Iterator[Change]:
    """Settings that code reads and merchants are not shown."""
    shown = set(release.manifest.config.get("properties", {})) | set(_read(before))
    for name in dict.fromkeys(_read(release)):
        if name not in shown:
            yield Change("setting", f"reads a setting that merchants are not shown: {name}")


def _read(play: Play) -> Iterator[str]:
    for tree in play.reading.own_modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
                name = node.args[0]
                if ast.unparse(node.func).endswith("config.get") and isinstance(name, ast.Constant):
                    yield str(name.value)


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
