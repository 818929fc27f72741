"""Scenes with the words that are new in a release: what waits for one, hears it here."""

from collections.abc import Iterable
from typing import Any

from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.scenario import Scene, hooks_of, scenes_of

Json = dict[str, Any]


def waking(plays: Iterable[Play], words: Iterable[str]) -> list[Scene]:
    """Scenes in which each word is said, and in which it is everybody's name."""
    releases = list(plays)
    found = []
    for hook in hooks_of(releases):
        scene = next(iter(scenes_of(hook, releases)), None)
        if scene is None:
            continue
        for word in words:
            for name, place in (("said", _said_as), ("named", _named_as)):
                payloads = tuple(place(one, word) for one in scene.payloads[:1])
                found.append(Scene(f"{word} is {name}", hook, payloads))
    return found


def _said_as(payload: Json, word: str) -> Json:
    """The word where somebody writes."""
    text = f"{word} order #W1000001"
    given: Json = {name: text for name in ("text", "question", "body") if name in payload}
    if "messages" in payload and "text" in payload:
        given["messages"] = [text]
    if "arguments" in payload:
        given["arguments"] = {
            name: word if isinstance(value, str) else value
            for name, value in payload["arguments"].items()
        }
    if "reply" in payload:
        given["reply"] = {**payload["reply"], "text": text}
    return {**payload, **given}


def _named_as(payload: Json, word: str) -> Json:
    """The word as the name of the shop, the channel and the shopper."""
    if "contact" not in payload or "tenant_name" not in payload:
        return _said_as(payload, word)
    who = {"id": word, "display_name": word, "email": word}
    said = "Where is order #W1000001?"
    about = {"tenant_name": word, "channel": word, "contact": who, "intent": word}
    return {**payload, **about, "text": said, "messages": [said],
            "facts": [{"key": word, "value": word}]}  # fmt: skip
