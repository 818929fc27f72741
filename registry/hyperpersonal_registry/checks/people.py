"""People's data that a release newly keeps, hands on or tells."""

from collections.abc import Iterator

from hyperpersonal_runtime.api import Trace

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.scene import Scene
from hyperpersonal_registry.checks.sinks import Kept, asks, kept, private, said

_TOLD_BY_NAME = frozenset({"address1", "email", "phone"})
_KEEPS = frozenset("log store memory url headers state shared evidence".split())


def moved_on(
    was: list[Trace], now: list[Trace], scene: Scene, written: set[str]
) -> Iterator[Change]:
    """Of one scene. `written`: what stands in the sources, and is nobody's."""
    known = private(scene.payloads, [*was, *now])
    ours = "\n".join(written)
    known = {text: name for text, name in known.items() if text not in ours}
    for one in sorted(_newly(was, now, known), key=str):
        words = f"puts the {one.what} of people into its {one.where}"
        yield Change("kept", words, (one.where,), scene.name)
    spoken = said(scene.payloads)
    own = {text: name for text, name in known.items()
           if name in _TOLD_BY_NAME and text.casefold() not in spoken}  # fmt: skip
    for one in sorted(_answers(kept(now, own)) - _answers(kept(was, own)), key=str):
        yield Change("told", f"tells the {one.what} of people", (one.what,), scene.name)


def _answers(found: set[Kept]) -> set[Kept]:
    return {one for one in found if one.where == "answer"}


def _newly(was: list[Trace], now: list[Trace], known: dict[str, str]) -> set[Kept]:
    """Bodies of requests have fields of their own, which are compared by name. What is asked for
    the first time is a change of its own; what shoppers say is there to be asked about."""
    asked = asks(was)
    return {one for one in kept(now, known) - kept(was, known)
            if one.where not in ("body", "answer") and (one.where in _KEEPS or (
                one.where in asked and one.what not in ("text", "question")))}  # fmt: skip
