"""What an evaluation is made of: the folder it tests, the history it learns, shop and tasks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from hyperpersonal_core.kit.errors import RefusedError
from msgspec import Struct

from hyperpersonal_web.demo_shop.load_folder import load_folder
from hyperpersonal_web.demo_shop.model import Records
from hyperpersonal_web.evaluate.folder import Folder, held_out, read_folder
from hyperpersonal_web.evaluate.routing import Parts, parts_of
from hyperpersonal_web.evaluate.shopper import Task
from hyperpersonal_web.evaluate.tasks import read_tasks
from hyperpersonal_web.evaluate.understanding import Plan

POLICY = "policy.md"
T = TypeVar("T")


class Data(Struct, frozen=True):
    """`store` None: the folder has no shop, so no task can be held. `missing`: absent files."""

    plan: Plan
    parts: Parts
    tasks: list[Task]
    store: Records | None
    policy: bytes
    missing: list[str]


def read_data(path: Path, history: Path | None, *, split: float = 0.0, limit: int = 0) -> Data:
    """Read what is evaluated and what is learnt from.

    Args:
        path: the folder to evaluate; missing files are named in `missing`.
        history: a folder whose labelled rows the router learns; None with a split: the rest of
            `path`; None without one: nothing.
        split: the share of rows held out for the test; 0 tests all of `path`.
        limit: about how many rows of each file are read, evenly spread; 0: all.

    Raises:
        RefusedError: a folder is not there, or a file is malformed; says which.
    """
    folder = _thinned(read_folder(path), limit)
    learnt = _thinned(read_folder(history), limit) if history else folder if split else None
    plan = Plan(folder, learnt, split)
    parts = parts_of(folder, learnt, split)
    known = {row.text for row in parts.learnt}
    tasks = [task for task in _tasks(path) if _is_tested(task, split, known)]
    policy = path / POLICY
    return Data(
        plan,
        parts,
        _thin(tasks, limit),
        _store(path / "store"),
        policy.read_bytes() if policy.exists() else b"",
        [name for name in ("tasks.jsonl", "store") if not (path / name).exists()],
    )


def _is_tested(task: Task, split: float, learnt: set[str]) -> bool:
    """A task's opening may be a labelled row too, so it is held out by the same rule."""
    return task.opening not in learnt and (not split or held_out(task.opening, split))


def _tasks(path: Path) -> list[Task]:
    if not (path / "tasks.jsonl").exists():
        return []
    try:
        return read_tasks(path)
    except msgspec.DecodeError as error:
        raise RefusedError(f"tasks.jsonl: {error}") from error


def _store(path: Path) -> Records | None:
    if not path.exists():
        return None
    try:
        return load_folder(path)
    except FileNotFoundError as error:
        raise RefusedError(f"the store lacks {Path(error.filename).name}") from error
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise RefusedError(f"the store's files are malformed: {error}") from error


def _thinned(folder: Folder, limit: int) -> Folder:
    return msgspec.structs.replace(
        folder,
        samples=_thin(folder.samples, limit),
        foreign=_thin(folder.foreign, limit),
        talks=_thin(folder.talks, limit),
    )


def _thin(rows: Sequence[T], limit: int) -> list[T]:
    """At most `limit` rows, evenly spread, so every source keeps its share; 0: all."""
    step = max(1, -(-len(rows) // limit)) if limit else 1
    return list(rows[::step])
