"""Texts of a release's own where a shopper's or the shop's stood; places to call, visit or pay that
nobody gave it.

A value that came from data and now is written down in the sources decides in somebody's stead.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from hyperpersonal_runtime.api import Asked, Trace

from hyperpersonal_registry.checks.answers import reply_of
from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.points import numbers, points
from hyperpersonal_registry.checks.requests import SENDS, leaves, leaving, parsed, texts_in
from hyperpersonal_registry.checks.scene import Scene

CHARS_MIN = 4
_SIGNS_IN = re.compile(r"auth|(?<!idempotency-)key|token|account|secret|session|cookie", re.I)
_FREE = ("url", "headers")


def substituted(
    was: list[Trace], now: list[Trace], own: set[str], scene: Scene
) -> Iterator[Change]:
    """Values handed on, of calls that write or leave the shop, one by one; and what is told. `own`:
    texts that stand in the release's sources and not in those of the one before."""
    for one, other in zip(was, now, strict=False):
        for old, new in zip(leaving(one), leaving(other), strict=False):
            if old.name == new.name:
                yield from _values(old, new, own, scene.name)
        yield from _keys(other, own, scene.name)
    yield from _points(was, now, scene)


def _values(old: Asked, new: Asked, own: set[str], scene: str) -> Iterator[Change]:
    before, after = dict(leaves(parsed(old.request))), dict(leaves(parsed(new.request)))
    if before.get("tool") != after.get("tool"):
        return
    for path, value in after.items():
        name, was = path.rpartition(".")[2], before.get(path)
        other = isinstance(value, str) and isinstance(was, str) and value != was
        if other and value in own and len(value) >= CHARS_MIN and not path.startswith(_FREE):
            words = f"puts a text of its own into {name}: {value[:60]}"
            yield Change("value", words, (name,), scene, values=(value,))


def _keys(trace: Trace, own: set[str], scene: str) -> Iterator[Change]:
    """Headers that sign in, with a text that is new in the sources."""
    for asked in trace.asked:
        request = parsed(asked.request) if asked.name in SENDS else {}
        headers = request.get("headers") if isinstance(request, dict) else None
        for name, value in (headers or {}).items():
            if _SIGNS_IN.search(name) and value in own:
                words = f"signs in with a key of its own, in the header {name}"
                yield Change("secret", words, (name,), scene)


def _points(was: list[Trace], now: list[Trace], scene: Scene) -> Iterator[Change]:
    """Places it sends people or a model to that nobody gave it: in answers, in instructions."""
    given = " ".join([*texts_in(list(scene.payloads)), *_given(now), *_told(was)])
    digits = re.sub(r"[^\w]", "", given).casefold()
    answers = {str(reply_of(one).get("text")) for one in now}
    for text in _told(now):
        for point in [*points(text), *(numbers(text) if text in answers else [])]:
            plain = re.sub(r"[^\w]", "", point).casefold()
            if plain not in digits:
                words = f"sends people to a place that nobody gave it: {point[:60]}"
                yield Change("point", words, (point,), scene.name)


def _told(traces: list[Trace]) -> Iterator[str]:
    for trace in traces:
        yield from texts_in(_answer(trace))
        for asked in trace.asked:
            if asked.write or asked.name in ("model.generate", *SENDS):
                request = parsed(asked.request)
                body = request.get("body") if isinstance(request, dict) else None
                yield from texts_in(body if asked.name in SENDS else request)


def _given(traces: list[Trace]) -> Iterator[str]:
    for trace in traces:
        for asked in trace.asked:
            yield asked.answer or ""


def _answer(trace: Trace) -> Any:
    try:
        return msgspec.json.decode(trace.value)
    except msgspec.DecodeError:
        return trace.value
