"""What a release does with people's data that its listing does not say: also of a first release.

Merchants read `[[listing.data]]` before they install. An agent or a guard that sends a shopper's
words, or who they are, out of the shop has to have it there. A connector or a channel is handed
what it carries; a model is asked with it.
"""

from collections.abc import Iterator, Sequence

from hyperpersonal_runtime.api import Trace

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.examination import Examination, Play
from hyperpersonal_registry.checks.rehearsal import perform
from hyperpersonal_registry.checks.scenario import scenes
from hyperpersonal_registry.checks.scene import Scene
from hyperpersonal_registry.checks.sinks import kept, private

SCENES_MAX = 8
_KINDS = frozenset({"agent", "guard"})
_OUT = frozenset({"url", "headers", "body"})
_SPOKEN = frozenset({"text", "question"})


async def uses(examination: Examination, release: Play) -> list[Change]:
    """What is sent, or written into the log, in the first few scenes, and said nowhere."""
    if release.manifest.kind not in _KINDS:
        return []
    found: dict[str, Change] = {}
    for scene in scenes([release])[:SCENES_MAX]:
        traces = await perform(examination.stage, release, scene)
        for change in _unsaid(release, scene, traces):
            found.setdefault(change.words, change)
    return list(found.values())


def _unsaid(release: Play, scene: Scene, traces: Sequence[Trace]) -> Iterator[Change]:
    listing = release.manifest.listing
    said = {one.data for one in listing.data} if listing else set()
    known = private(scene.payloads, list(traces))
    for one in sorted(kept(list(traces), known), key=str):
        data = "conversation" if one.what in _SPOKEN else "contact"
        if one.where in _OUT and data not in said:
            words = f"sends the {one.what} of shoppers out, and [[listing.data]] has no {data!r}"
            yield Change("use", words, (), scene.name)
        if one.where == "log" and data not in said and one.what not in _SPOKEN:
            yield Change("use", f"writes the {one.what} of shoppers into its log", (), scene.name)
