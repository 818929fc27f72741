"""One evaluation from its data to its report, on the running product."""

from typing import Any
from uuid import UUID

from hyperpersonal_core.api import read_documents
from msgspec import Struct

from hyperpersonal_web.evaluate.data import POLICY, Data
from hyperpersonal_web.evaluate.held_tasks import Kept, Session, tasks_report
from hyperpersonal_web.evaluate.platform import Product, open_fair
from hyperpersonal_web.evaluate.routing import Progress, teach
from hyperpersonal_web.evaluate.understanding import measure

SLOTS = 4


class Outcome(Struct, frozen=True):
    """The report (its JSON keys are those of `hp eval`) and how every task went."""

    report: dict[str, Any]
    kept: list[Kept]


async def evaluate(product: Product, data: Data, progress: Progress) -> Outcome:
    """Everything the data allow; what they do not is named under `skipped`."""
    merchants = await _merchants(product, data, progress)
    report = await measure(product.tenants, product.mind, data.plan, progress)
    report["history"] = _history(data)
    report["skipped"] = [*report.get("skipped", []), *data.missing]
    if not merchants:
        return Outcome(report, [])
    tasks, timing, kept = await _hold(product, data, merchants, progress)
    report["tasks"] = tasks
    report["timing"] = report.get("timing", {}) | timing
    return Outcome(report, kept)


async def _merchants(product: Product, data: Data, progress: Progress) -> list[UUID]:
    """The tenants the tasks are held with: each knows history, articles and policy."""
    if not data.tasks or data.store is None:
        return []
    tenants = []
    with product.vectors.learning([row.text for row in data.parts.learnt]):
        for _ in range(min(SLOTS, len(data.tasks))):
            given = (data.parts, data.plan.knowledge, progress)
            tenant = await teach(product.tenants, product.mind, *given)
            if data.policy:
                policy = read_documents(POLICY, data.policy)
                await product.mind.knowledge.import_documents(tenant, policy)
            tenants.append(tenant)
    return tenants


async def _hold(
    product: Product, data: Data, merchants: list[UUID], progress: Progress
) -> tuple[dict[str, Any], dict[str, float], list[Kept]]:
    assert data.store is not None, "no merchants without a store"
    async with open_fair(product) as fair:
        await fair.load(data.store)
        session = Session([await fair.slot(tenant) for tenant in merchants], data.store)
        before = fair.cpu.seconds()
        kept = await session.hold(data.tasks, lambda done, of: progress("tasks", done, of))
        cpu_ms = (fair.cpu.seconds() - before) * 1000
    timing = session.times()
    if session.turns:
        timing["cpu_ms_per_turn"] = round(cpu_ms / session.turns, 1)
    return tasks_report(kept, data.store), timing, kept


def _history(data: Data) -> dict[str, Any]:
    """What the router learnt from."""
    rows, split = len(data.parts.learnt), data.plan.split
    words = "the labelled history" if rows else "manifests and articles only: a new merchant"
    if split:
        words += f", without the held-out {split:.0%}"
    return {"rows": rows, "split": split, "learnt_from": words}
