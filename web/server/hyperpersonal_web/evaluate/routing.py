"""Routing, declining, escalation and retrieval, measured through the product's own router.

A tenant of the real database gets the history and the articles; each message is decided alone,
in batches, as the turn workers do.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from hyperpersonal_core.api import (
    AgentCard,
    Decision,
    Labelled,
    RouteAsk,
    Tenants,
    Understanding,
    read_documents,
)
from msgspec import Struct

from hyperpersonal_web.evaluate import metrics
from hyperpersonal_web.evaluate.folder import Folder, Sample, Talk, held_out

AGENTS = ("order", "return", "product", "billing", "customer_success")
PEOPLE = "abcd"
OPENINGS = "conversations"
BATCH = 64
ARTICLES_RANKED = 20

Progress = Callable[[str, int, int], None]


class Case(Struct, frozen=True):
    """One message to route, its labels, and what was decided."""

    row: Sample
    decision: Decision

    @property
    def given(self) -> str:
        """The label decided for."""
        return "out_of_scope" if self.decision.kind == "decline" else self.decision.label

    @property
    def strict(self) -> bool:
        return self.given == self.row.agent

    @property
    def lenient(self) -> bool:
        return self.given in (self.row.accept or [self.row.agent])


class Parts(Struct, frozen=True):
    """What is learnt from and what is tested; no text is in both."""

    learnt: list[Sample]
    tested: list[Sample]
    foreign: list[Sample]


def parts_of(folder: Folder, history: Folder | None, split: float, fold: int = 0) -> Parts:
    """History to learn from, rows to test.

    Args:
        folder: what is tested.
        history: what is learnt from; None: nothing.
        split: 0 tests all of `folder`; else the share of rows held out of both.
        fold: which part is held out, below 1/split.
    """
    learnt = [*history.samples, *history.foreign] if history else []
    tested, foreign = folder.samples, folder.foreign
    if split:
        learnt = [row for row in learnt if not held_out(row.text, split, fold)]
        tested = [row for row in tested if held_out(row.text, split, fold)]
        foreign = [row for row in foreign if held_out(row.text, split, fold)]
    known = {row.text for row in learnt}
    return Parts(
        learnt,
        [row for row in tested if row.text not in known],
        [row for row in foreign if row.text not in known],
    )


async def teach(
    tenants: Tenants,
    understanding: Understanding,
    parts: Parts,
    knowledge: bytes,
    progress: Progress,
) -> UUID:
    """A new tenant that knows the articles and the history; returns its id."""
    tenant = (await tenants.create_tenant(f"eval-{uuid4().hex[:12]}", "Evaluation")).id
    if knowledge:
        documents = read_documents("knowledge.jsonl", knowledge)
        await understanding.knowledge.import_documents(tenant, documents)
    rows = [Labelled(row.text, row.agent, row.intent, row.escalate) for row in parts.learnt]
    async for done in understanding.history.replace_in_parts(tenant, rows):
        progress("history", done, len(rows))
    return tenant


async def route(
    understanding: Understanding, tenant: UUID, rows: Sequence[Sample], progress: Progress
) -> tuple[list[Case], float]:
    """Decide every row; also the CPU seconds it took (so the rate is that of one core)."""
    cards = evaluation_cards()
    await understanding.router.decide(RouteAsk(tenant, "hello", cards))  # trains, loads
    cases: list[Case] = []
    started = time.process_time()
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        asks = [RouteAsk(tenant, row.text, cards) for row in batch]
        decisions = await understanding.router.decide_many(asks)
        cases += [Case(*pair) for pair in zip(batch, decisions, strict=True)]
        progress("routing", len(cases), len(rows))
    return cases, time.process_time() - started


def evaluation_cards() -> tuple[AgentCard, ...]:
    """A bundle of the five agents, small talk served by customer success, without examples."""
    return tuple(
        AgentCard(uuid4(), label, (label, "smalltalk") if label == "customer_success" else (label,))
        for label in AGENTS
    )


def openings(talks: Sequence[Talk]) -> list[Sample]:
    """The openings of conversations as messages of people."""
    return [
        Sample(talk.opening(), talk.agent, talk.accept, source=OPENINGS, kb_article=talk.kb_article)
        for talk in talks
    ]


def routing_report(cases: Sequence[Case]) -> dict[str, Any]:
    """`routing.{people,all,by_set}` of in-scope cases."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.row.group].append(case)
    people = [case for case in cases if case.row.source in (PEOPLE, OPENINGS)]
    return {
        "people": _shares(people),
        "all": _shares(cases),
        "by_set": {name: _shares(found) for name, found in sorted(groups.items())},
    }


def foreign_report(inside: Sequence[Case], foreign: Sequence[Case]) -> dict[str, Any]:
    """`out_of_scope`: how well foreign messages are declined, and how many people were."""
    declined = [case.decision.kind == "decline" for case in (*inside, *foreign)]
    wanted = [False] * len(inside) + [True] * len(foreign)
    people = [case for case in inside if case.row.source in (PEOPLE, OPENINGS)]
    kinds: dict[str, list[Case]] = defaultdict(list)
    for case in foreign:
        kinds[case.row.kind or case.row.group].append(case)
    result = metrics.binary(wanted, declined)
    return {
        "precision": result.precision,
        "recall": result.recall,
        "f1": result.f1,
        "people_declined": _declined(people),
        "recall_by_kind": {kind: _declined(found) for kind, found in sorted(kinds.items())},
    }


def escalation_report(cases: Sequence[Case]) -> dict[str, Any]:
    """`escalation`: who asked for a person, and who got one."""
    result = metrics.binary(
        [case.row.escalate for case in cases], [case.decision.kind == "person" for case in cases]
    )
    return {"precision": result.precision, "recall": result.recall, "f1": result.f1}


async def places_of_articles(
    understanding: Understanding, tenant: UUID, rows: Sequence[Sample]
) -> list[int | None]:
    """The place (from 1) of each row's right article among the nearest 20; None if not there."""
    texts = [row.text for row in rows]
    found = await understanding.recall.search_many(tenant, texts, ARTICLES_RANKED)
    places: list[int | None] = []
    for row, passages in zip(rows, found, strict=True):
        ids = [passage.article_id for passage in passages]
        places.append(ids.index(row.kb_article) + 1 if row.kb_article in ids else None)
    return places


def _shares(cases: Sequence[Case]) -> dict[str, Any]:
    wanted, given = [case.row.agent for case in cases], [case.given for case in cases]
    return {
        "n": len(cases),
        "strict": metrics.ratio(sum(case.strict for case in cases), len(cases)),
        "lenient": metrics.ratio(sum(case.lenient for case in cases), len(cases)),
        "macro_f1": metrics.macro_f1(AGENTS, wanted, given),
        "asked_back": metrics.ratio(
            sum(case.decision.kind == "clarify" for case in cases), len(cases)
        ),
    }


def _declined(cases: Sequence[Case]) -> float:
    return metrics.ratio(sum(case.decision.kind == "decline" for case in cases), len(cases))
