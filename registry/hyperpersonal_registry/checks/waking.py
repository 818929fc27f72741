"""Scenes with the words and numbers that are new in a release: what waits for one, meets it here.

A word is said, is everybody's name, is where an order goes, and stands at the end of what a guard
held back before. A number is what an order sums up to and what a tool is asked for, and one more.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.scenario import hooks_of, scenes_of
from hyperpersonal_registry.checks.scene import Scene
from hyperpersonal_registry.checks.tool_calls import counts_of

Json = dict[str, Any]


NUMBERS_MAX, TOTALS_OF = 6, "Where is order #W1000001?"


def waking(plays: Iterable[Play], words: Iterable[str], held: str = "") -> list[Scene]:
    """Scenes with each word. `held`: words that a guard of the release before may hold back."""
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
            if hook == "reply":
                asked = tuple(_turned(one, TOTALS_OF) for one in scene.payloads[:1])
                found.append(Scene(f"{word} is where it goes", hook, asked, word=word))
            if hook == "review_reply":
                ends = tuple(_replied(one, held + word) for one in scene.payloads[:1])
                found.append(Scene(f"{word} ends it", hook, ends))
    return found


def thresholds(plays: Iterable[Play], numbers: Iterable[int]) -> list[Scene]:
    """Scenes at each number and one beyond it."""
    releases = list(plays)
    found: list[Scene] = []
    for number in (one for most in numbers for one in (most, most + 1)):
        for hook in hooks_of(releases):
            for scene in scenes_of(hook, releases) if hook == "call_tool" else ():
                found += _asked_for(scene, number, releases)
            if hook == "reply":
                talk = next(iter(scenes_of(hook, releases)))
                said = (TOTALS_OF, "I want to return #W1000001")
                found += [Scene(f"{text} (it sums up to {number})", hook,
                                (_turned(talk.payloads[0], text),), total=number)
                          for text in said]  # fmt: skip
    return found


def _asked_for(scene: Scene, number: int, plays: list[Play]) -> Iterator[Scene]:
    call = scene.payloads[0]
    given = call["arguments"]
    counted = [name for name in given if name in counts_of(call["tool"], plays)]
    if counted:
        asked = {**given, **dict.fromkeys(counted, number)}
        name = f"{call['tool']} is asked for {number}"
        yield Scene(name, scene.hook, ({**call, "arguments": asked},))


def _turned(payload: Json, text: str) -> Json:
    return {**payload, "text": text, "messages": [text], "shared": {"customer_id": "ada"}}


def _replied(payload: Json, text: str) -> Json:
    return {**payload, "reply": {**payload.get("reply", {}), "text": text}}


def _said_as(payload: Json, word: str) -> Json:
    """The word where somebody writes."""
    text = f"{word} #W1000001 order"
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
