"""Holds all tasks of a folder over several merchants at once, and tells how each went."""

import asyncio
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from hyperpersonal_core.api import TurnView
from msgspec import Struct

from hyperpersonal_web.demo_shop.expected import expected_state
from hyperpersonal_web.demo_shop.model import Action, Records
from hyperpersonal_web.evaluate.shopper import Task
from hyperpersonal_web.evaluate.slot import Slot
from hyperpersonal_web.evaluate.tasks import Held, TaskEvaluation, figures

Told = Callable[[int, int], None]


class Kept(Struct, frozen=True):
    """A task as it went, with what is needed to see why. `wrote`: the shop's log of writes;
    `turns`: who answered each turn, how it ended, and why it was routed there; `turn_ms`: how long
    the shopper waited each time; `handoff`: what a person was told."""

    task: Task
    held: Held
    wrote: list[dict[str, Any]]
    turns: list[dict[str, Any]]
    turn_ms: list[float]
    handoff: dict[str, Any] | None

    def line(self) -> dict[str, Any]:
        """A row of the transcripts."""
        told: dict[str, Any] = msgspec.to_builtins(self.held)
        return told | {
            "handoff": self.handoff,
            "turn_ms": self.turn_ms,
            "source": self.task.source,
            "expected": self.task.write_actions,
            "wrote": self.wrote,
            "turns_seen": self.turns,
        }


class Session:
    """Tasks in a queue; each slot takes the next when its conversation is over."""

    def __init__(self, slots: Sequence[Slot], store: Records) -> None:
        self._slots = slots
        self._store = store

    async def hold(self, tasks: Sequence[Task], told: Told) -> list[Kept]:
        """Every task; `told` hears how many are over, of how many. In the order of `tasks`."""
        queue = list(enumerate(tasks))[::-1]
        kept: dict[int, Kept] = {}

        async def work(slot: Slot) -> None:
            evaluation = TaskEvaluation(slot, self._store)
            while queue:
                place, task = queue.pop()
                (held,) = await evaluation.run([task])
                kept[place] = await _kept(slot, task, held)
                told(len(kept), len(tasks))

        await asyncio.gather(*(work(slot) for slot in self._slots))
        return [kept[place] for place in range(len(tasks))]

    def times(self) -> dict[str, float]:
        """`timing.turn_ms_p50` and `_p95` over all slots."""
        times = sorted(ms for slot in self._slots for ms in slot.turn_ms)
        if len(times) < 2:
            return {}
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        return {"turn_ms_p50": round(cuts[49], 1), "turn_ms_p95": round(cuts[94], 1)}

    @property
    def turns(self) -> int:
        """How many turns there were."""
        return sum(len(slot.turn_ms) for slot in self._slots)


def tasks_report(kept: Sequence[Kept], store: Records) -> dict[str, Any]:
    """`tasks`, and the same apart by source.

    `resolved`: success without a person. `impossible`: how many tasks expect a write that the
    shop's rules refuse; they count as failures all the same.
    """
    sources = sorted({one.task.source for one in kept})
    by_source = {
        source: _figures([one for one in kept if one.task.source == source]) for source in sources
    }
    impossible = sum(_refused(one.task, store) for one in kept)
    return _figures(kept) | {
        "impossible": impossible,
        "shopper": "scripted",
        "by_source": by_source,
    }


def _refused(task: Task, store: Records) -> bool:
    actions = [Action(write["tool"], write["args"]) for write in task.write_actions]
    return bool(expected_state(store, actions).refused)


def _figures(kept: Sequence[Kept]) -> dict[str, Any]:
    held = [one.held for one in kept]
    resolved = sum(one.success and not one.handed_over for one in held)
    broken = sum(bool(one.error) for one in held)
    found: dict[str, Any] = msgspec.to_builtins(figures(held))
    return found | {"resolved": round(resolved / len(held), 4), "platform_errors": broken}


async def _kept(slot: Slot, task: Task, held: Held) -> Kept:
    waited = [round(ms, 1) for ms in slot.turn_ms[-held.turns :]] if held.turns else []
    wrote = [msgspec.to_builtins(action) for action in await slot.writes("")]
    return Kept(
        task,
        held,
        wrote,
        [_seen(turn) for turn in await slot.turns()],
        waited,
        await slot.handoff(),
    )


def _seen(turn: TurnView) -> dict[str, Any]:
    """`ms`: from the worker's claim to the commit."""
    ended = turn.finished_at or turn.started_at
    return {
        "agent": turn.agent or "engine",
        "outcome": turn.outcome,
        "attempts": turn.attempts,
        "ms": round((ended - turn.started_at).total_seconds() * 1000, 1),
        "routing": turn.routing,
        "asked": turn.usage or [],
    }
