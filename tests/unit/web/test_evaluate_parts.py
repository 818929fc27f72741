"""What is learnt and what is tested: never the same text, and no rate helped by a cache."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hyperpersonal_web.evaluate.data import read_data
from hyperpersonal_web.evaluate.vectors import LearntVectors
from numpy.typing import NDArray

from tests.fakes.eval_folder import write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "data")


def test_a_split_tests_nothing_it_learnt(folder: Path) -> None:
    data = read_data(folder, None, split=0.3)
    learnt = {row.text for row in data.parts.learnt}
    tested = {row.text for row in (*data.parts.tested, *data.parts.foreign)}
    assert learnt
    assert tested
    assert not learnt & tested
    assert len(learnt | tested) == 18, "every labelled row is in one part"


def test_a_task_whose_opening_was_learnt_is_not_held(folder: Path) -> None:
    tasks = [json.loads(line) for line in (folder / "tasks.jsonl").read_text().splitlines()]
    row = {"text": tasks[0]["opening"], "agent": "order", "source": "terse"}
    with (folder / "utterances.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    assert {task.id for task in read_data(folder, None).tasks} == {"t1", "t2"}
    assert {task.id for task in read_data(folder, folder).tasks} == {"t2"}


def test_a_limit_takes_rows_from_all_over(folder: Path) -> None:
    data = read_data(folder, None, limit=5)
    assert 3 <= len(data.parts.tested) <= 5
    assert len({row.agent for row in data.parts.tested}) > 2
    assert len(read_data(folder, None, limit=1).tasks) == 1


class Counting:
    """An embedder that counts what it was asked."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[len(text), 0] for text in texts], np.float32)


def test_what_was_learnt_is_embedded_once_also_by_the_next_run(tmp_path: Path) -> None:
    for expected in (["one", "three"], []):
        inner = Counting()
        vectors = LearntVectors(inner, tmp_path / "v.npz")
        with vectors.learning(["one", "three"]):
            vectors.embed(["one", "three"])
            rows = vectors.embed(["three", "one"])
        assert rows[:, 0].tolist() == [5, 3]
        assert inner.asked == expected


def test_what_is_tested_is_embedded_anew(tmp_path: Path) -> None:
    inner = Counting()
    vectors = LearntVectors(inner, tmp_path / "v.npz")
    with vectors.learning(["one"]):
        vectors.embed(["one"])
    vectors.embed(["two"])
    vectors.embed(["two"])
    assert inner.asked == ["one", "two", "two"]


@pytest.mark.parametrize("spoil", ["another lesson", "a broken file"])
def test_the_file_of_another_lesson_is_not_used(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "v.npz"
    first = LearntVectors(Counting(), path)
    with first.learning(["one"]):
        first.embed(["one"])
    if spoil == "a broken file":
        path.write_bytes(b"PK\x03\x04 no archive")
    inner = Counting()
    second = LearntVectors(inner, path)
    with second.learning(["one"] if spoil == "a broken file" else ["one", "two"]):
        second.embed(["one"])
    assert inner.asked == ["one"]
