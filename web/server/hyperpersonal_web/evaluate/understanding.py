"""Everything about understanding messages, as the JSON keys of `hp eval`."""

from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_core.api import Tenants, Understanding

from hyperpersonal_web.evaluate import metrics
from hyperpersonal_web.evaluate.folder import Folder
from hyperpersonal_web.evaluate.routing import (
    Case,
    Parts,
    Progress,
    escalation_report,
    foreign_report,
    openings,
    parts_of,
    places_of_articles,
    route,
    routing_report,
    teach,
)
from hyperpersonal_web.evaluate.slots import slots_report


class Plan(msgspec.Struct, frozen=True):
    """What to measure. `folds` parts of `split` are held out in turn and pooled (1: only one)."""

    folder: Folder
    history: Folder | None = None
    split: float = 0.0
    folds: int = 1

    @property
    def knowledge(self) -> bytes:
        """The articles: the folder's own, else the history's."""
        return self.folder.knowledge or (self.history.knowledge if self.history else b"")


class _Seen(msgspec.Struct):
    """What came out of the folds, pooled."""

    inside: list[Case] = []
    foreign: list[Case] = []
    talks: list[Case] = []
    places: list[int | None] = []
    talk_places: list[int | None] = []
    cpu_seconds: float = 0.0


async def measure(
    tenants: Tenants, understanding: Understanding, plan: Plan, progress: Progress
) -> dict[str, Any]:
    """Run a plan on the real router and memory.

    Returns: the report; keys whose data is missing are left out and named under `skipped`.
    """
    seen = _Seen()
    for fold in range(plan.folds if plan.split else 1):
        parts = parts_of(plan.folder, plan.history, plan.split, fold)
        tenant = await teach(tenants, understanding, parts, plan.knowledge, progress)
        await _test(understanding, tenant, plan, parts, seen=seen, progress=progress)
    return _report(plan.folder, seen)


async def _test(
    understanding: Understanding,
    tenant: UUID,
    plan: Plan,
    parts: Parts,
    *,
    seen: _Seen,
    progress: Progress,
) -> None:
    # Conversations are in no history, so every one is new in the first fold already.
    talks = [] if seen.talks else openings(plan.folder.talks)
    rows = [*parts.tested, *parts.foreign, *talks]
    cases, cpu_seconds = await route(understanding, tenant, rows, progress)
    inside, foreign = len(parts.tested), len(parts.tested) + len(parts.foreign)
    seen.inside += cases[:inside]
    seen.foreign += cases[inside:foreign]
    seen.talks += cases[foreign:]
    seen.cpu_seconds += cpu_seconds
    if plan.knowledge:
        asked = [row for row in parts.tested if row.kb_article]
        seen.places += await places_of_articles(understanding, tenant, asked)
        found = [row for row in talks if row.kb_article]
        seen.talk_places += await places_of_articles(understanding, tenant, found)


def _report(folder: Folder, seen: _Seen) -> dict[str, Any]:
    everyone = [*seen.inside, *seen.talks]
    routed = len(everyone) + len(seen.foreign)
    report: dict[str, Any] = {"skipped": list(folder.missing)}
    if everyone:
        report["routing"] = routing_report(everyone)
        report["escalation"] = escalation_report([*seen.inside, *seen.foreign])
    if seen.foreign:
        report["out_of_scope"] = foreign_report(everyone, seen.foreign)
    if seen.inside:
        report["slots"] = slots_report([case.row for case in seen.inside])
    if seen.places or seen.talk_places:
        ranks = metrics.of_ranks([*seen.places, *seen.talk_places])
        report["retrieval"] = msgspec.to_builtins(ranks)
    if seen.talks:
        report["conversations"] = _conversations(seen)
    if routed:
        rate = round(routed / seen.cpu_seconds, 1) if seen.cpu_seconds else 0.0
        report["timing"] = {"messages_per_s_routed": rate}
    return report


def _conversations(seen: _Seen) -> dict[str, Any]:
    ranks = metrics.of_ranks(seen.talk_places)
    return {
        "n": len(seen.talks),
        "agent_strict": metrics.ratio(sum(case.strict for case in seen.talks), len(seen.talks)),
        "article_r1": ranks.r1,
        "article_r3": ranks.r3,
    }
