"""Faults of a `plugin.toml` in words: the line, the key, what is wrong, what to write."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema

from hyperpersonal_sdk import capabilities, config_schema, hookspecs
from hyperpersonal_sdk.errors import CapabilityError
from hyperpersonal_sdk.manifest import MANIFEST_FILE, Manifest, schema
from hyperpersonal_sdk.toml_faults import PROBLEMS_MAX, Fault, say, shape_faults, unseen

BUNDLE_FILE = "bundle.toml"
GUEST_MOST = {"memory_mib": 64, "guest_cpu_ms": 250, "host_calls": 200}


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def shape_problems(source: str, data: dict[str, Any]) -> list[str]:
    """Where the data is not of the published schema."""
    return shape_faults(MANIFEST_FILE, source, data, _validator())


def meaning_problems(source: str, manifest: Manifest) -> list[str]:
    """Where a well-shaped manifest says something that cannot be."""
    checks = (unseen, _hooks, _capabilities, _parts, _runtime, _config)
    found = (problem for check in checks for problem in check(manifest))
    return [say(MANIFEST_FILE, source, path, what) for path, what in found][:PROBLEMS_MAX]


def _hooks(manifest: Manifest) -> Iterator[Fault]:
    if manifest.kind == "bundle":
        yield from _no_code(manifest)
        return
    allowed = {*hookspecs.HOOKS_OF_KIND[manifest.kind], *hookspecs.LIFECYCLE_HOOKS}
    for number, hook in enumerate(manifest.hooks):
        if hook not in allowed:
            some = ", ".join(sorted(allowed))
            yield ("hooks", number), f"{hook!r} is no hook of kind {manifest.kind!r}; use {some}"
        elif hook in manifest.hooks[:number]:
            yield ("hooks", number), f"{hook!r} is there twice"
    missing = hookspecs.REQUIRED_HOOKS[manifest.kind] - set(manifest.hooks)
    if missing:
        yield ("hooks",), f"a plugin of kind {manifest.kind!r} must serve {', '.join(missing)}"


def _no_code(manifest: Manifest) -> Iterator[Fault]:
    """A bundle runs nothing and asks for nothing: the plugins it names do, each with consent."""
    for key in ("hooks", "capabilities", "secrets", "config"):
        if getattr(manifest, key):
            yield (key,), f"a bundle has no {key}: the plugins it names have; take it out"
    if manifest.entry != BUNDLE_FILE:
        yield ("entry",), f'a bundle\'s entry is its text; write entry = "{BUNDLE_FILE}"'


def _capabilities(manifest: Manifest) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, item in enumerate(manifest.capabilities):
        path = ("capabilities", number, "ask")
        try:
            canonical = capabilities.parse(item.ask).text
        except CapabilityError as error:
            yield path, str(error)
            continue
        if canonical != item.ask:
            yield path, f"write it in its canonical form: {canonical!r}"
        if canonical in seen:
            yield path, f"{canonical!r} is asked twice"
        seen.add(canonical)


def _parts(manifest: Manifest) -> Iterator[Fault]:
    if manifest.kind != "bundle" and manifest.entry == BUNDLE_FILE:
        yield ("entry",), 'only a plugin of kind "bundle" has this entry'
    for part in ("agent", "connector"):
        there = getattr(manifest, part) is not None
        if there and manifest.kind != part:
            yield (part,), f"only a plugin of kind {part!r} has a [{part}] table"
        if not there and manifest.kind == part:
            yield ("kind",), f"a plugin of kind {part!r} needs a [{part}] table"
    labels = manifest.agent.labels if manifest.agent else []
    for number, intent in enumerate(manifest.agent.intents if manifest.agent else []):
        if intent.label not in labels:
            path = ("agent", "intents", number, "label")
            yield path, f"{intent.label!r} is not among the agent's labels {labels}"


def _runtime(manifest: Manifest) -> Iterator[Fault]:
    """What only native processes have, and what only they may ask so much of."""
    if manifest.runtime.kind == "process":
        return
    for key in ("pythons", "machines"):
        if getattr(manifest.runtime, key):
            yield ("runtime", key), 'is only for kind = "process"; take it out'
    for key, most in GUEST_MOST.items():
        asked = getattr(manifest.limits, key)
        if asked is not None and asked > most:
            kind = manifest.runtime.kind
            yield ("limits", key), f"is at most {most} for kind = {kind!r}; write {key} = {most}"


def _config(manifest: Manifest) -> Iterator[Fault]:
    yield from config_schema.faults(manifest.config)
