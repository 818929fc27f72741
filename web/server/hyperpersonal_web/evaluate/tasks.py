"""Retail tasks held with the scripted shopper through the whole platform, and scored.

A task succeeds when the writes in the shop's log equal the expected ones as a multiset (item lists
as sets, exchanges and changes of items as pairs of old and new) and the shop is left in the state
the expected writes leave. A wrong write is one the expected ones lack.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from hyperpersonal_web.demo_shop.expected import expected_state
from hyperpersonal_web.demo_shop.model import Action, Records
from hyperpersonal_web.evaluate.shopper import NOTHING_ELSE, TURNS_MAX, Product, Shopper, Task

AT_ONCE = 4
REPLY_SECONDS_MAX = 60.0


class Platform(Protocol):
    """Conversations with the running product, each before its own copy of the store."""

    async def open(self) -> str:
        """Start a conversation of a new contact with a fresh store; returns its name."""
        ...

    async def say(self, conversation: str, text: str) -> list[str]:
        """Send a message; the replies to it, once the turn is committed."""
        ...

    async def handed_over(self, conversation: str) -> bool:
        """Whether a person has it now."""
        ...

    async def writes(self, conversation: str) -> list[Action]:
        """The log of writes of this conversation's store."""
        ...

    async def digest(self, conversation: str) -> str:
        """The digest of what changed in this conversation's store."""
        ...


class Held(Struct, frozen=True):
    """One task as it went. `talk`: (who, text) lines; `error`: what the platform did wrong."""

    task_id: str
    success: bool = False
    wrong_write: bool = False
    handed_over: bool = False
    turns: int = 0
    talk: list[tuple[str, str]] = []
    error: str = ""


class TaskFigures(Struct, frozen=True):
    """The metrics of models-and-data section 3, over `n` tasks."""

    n: int
    success: float
    wrong_write_rate: float
    handoff_rate: float
    turns_mean: float


def read_tasks(folder: Path) -> list[Task]:
    """The tasks of `folder`/tasks.jsonl."""
    decode = msgspec.json.Decoder(Task).decode
    return [decode(line) for line in (folder / "tasks.jsonl").read_bytes().splitlines() if line]


def write_key(tool: str, args: dict[str, Any]) -> str:
    """A write in one spelling: item lists sorted, replaced items as sorted pairs."""
    told = dict(args)
    if "new_item_ids" in told:
        told["pairs"] = sorted(zip(told.pop("item_ids"), told.pop("new_item_ids"), strict=True))
    elif "item_ids" in told:
        told["item_ids"] = sorted(told["item_ids"])
    return json.dumps([tool, told], sort_keys=True)


class TaskEvaluation:
    """Holds tasks over one store."""

    def __init__(self, platform: Platform, store: Records) -> None:
        self._platform = platform
        self._store = store
        self._variants = {
            variant.item_id: Product(product.name, variant.options)
            for product in store.products.values()
            for variant in product.variants.values()
        }

    async def run(
        self, tasks: Sequence[Task], done: Callable[[Held], None] = lambda _: None
    ) -> list[Held]:
        """Every task, a few at once; `done` hears of each as it ends."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(task: Task) -> Held:
            async with gate:
                held = await self._safely(task)
            done(held)
            return held

        return list(await asyncio.gather(*(one(task) for task in tasks)))

    async def _safely(self, task: Task) -> Held:
        """A conversation that breaks is a failed task, told with its error."""
        try:
            return await self.hold(task)
        except (TimeoutError, OSError, ValueError) as error:
            return Held(task.id, error=f"{type(error).__name__}: {error}")

    async def hold(self, task: Task) -> Held:
        """One conversation and its score."""
        conversation = await self._platform.open()
        talk, handed_over = await self._talk(task, conversation)
        done = Counter(write_key(w.tool, w.args) for w in await self._platform.writes(conversation))
        wanted = Counter(write_key(w["tool"], w["args"]) for w in task.write_actions)
        actions = [Action(w["tool"], w["args"]) for w in task.write_actions]
        state = expected_state(self._store, actions).digest
        same_state = await self._platform.digest(conversation) == state
        said = sum(who == "shopper" for who, _ in talk)
        return Held(
            task.id,
            success=done == wanted and same_state,
            wrong_write=bool(done - wanted),
            handed_over=handed_over,
            turns=said,
            talk=talk,
        )

    async def _talk(self, task: Task, conversation: str) -> tuple[list[tuple[str, str]], bool]:
        """Until nothing is asked any more, a person has it, or the turns are used up."""
        shopper, text, talk = Shopper(task, self._variants), task.opening, []
        for _ in range(TURNS_MAX):
            async with asyncio.timeout(REPLY_SECONDS_MAX):
                reply = "\n".join(await self._platform.say(conversation, text))
            talk += [("shopper", text), ("agent", reply)]
            if await self._platform.handed_over(conversation):
                return talk, True
            last, text = text, shopper.answer(reply)
            if text == NOTHING_ELSE and ("?" not in reply or last == NOTHING_ELSE):
                break
        return talk, False


def figures(held: Iterable[Held]) -> TaskFigures:
    """The means over all tasks held."""
    rows = list(held)
    n = len(rows)

    def mean(values: Iterable[float]) -> float:
        return round(sum(values) / n, 4) if n else 0.0

    return TaskFigures(
        n,
        mean(row.success for row in rows),
        mean(row.wrong_write for row in rows),
        mean(row.handed_over for row in rows),
        mean(row.turns for row in rows),
    )
