import json
import os
from pathlib import Path

import pytest
from fakes.understanding import understand
from hyperpersonal_core.api import Decision, Tenants
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_web.evaluate import metrics
from hyperpersonal_web.evaluate.folder import Sample, Slot, Talk, held_out, read_folder
from hyperpersonal_web.evaluate.routing import Case, foreign_report, parts_of, routing_report
from hyperpersonal_web.evaluate.slots import slots_report
from hyperpersonal_web.evaluate.understanding import Plan, measure


def _case(agent: str, given: str, *, kind: str = "agent", source: str = "bitext") -> Case:
    decision = Decision(kind, given, 0.5, "because")  # type: ignore[arg-type]
    return Case(Sample("x", agent, [agent, "billing"], source=source), decision)


def test_that_rates_have_their_known_values() -> None:
    assert metrics.rates(3, 1, 2) == metrics.Rates(0.75, 0.6, 0.6667)
    assert metrics.binary([True, True, False], [True, False, False]).precision == 1
    assert metrics.rates(0, 0, 0) == metrics.Rates(0, 0, 0)


def test_that_macro_f1_is_the_mean_over_the_labels_present() -> None:
    wanted, given = ["a", "a", "b", "b"], ["a", "b", "b", "b"]
    assert metrics.macro_f1(("a", "b", "c"), wanted, given) == pytest.approx(0.7333, abs=1e-4)


def test_that_ranks_count_what_was_not_found_as_nothing() -> None:
    assert metrics.of_ranks([1, 2, None, 4]) == metrics.Ranks(4, 0.25, 0.5, 0.4375)
    assert metrics.of_ranks([]) == metrics.Ranks(0, 0, 0, 0)


def test_that_strict_and_lenient_differ_and_people_come_apart() -> None:
    cases = [
        _case("order", "order"),
        _case("return", "billing", source="abcd"),
        _case("order", "out_of_scope", kind="decline", source="conversations"),
        _case("product", "product", kind="clarify"),
    ]
    report = routing_report(cases)
    assert (report["all"]["strict"], report["all"]["lenient"]) == (0.5, 0.75)
    assert (report["people"]["n"], report["people"]["strict"]) == (2, 0)
    assert report["all"]["asked_back"] == 0.25
    assert set(report["by_set"]) == {"abcd", "bitext", "conversations"}
    foreign = [
        _case("out_of_scope", "out_of_scope", kind="decline"),
        _case("out_of_scope", "order"),
    ]
    declined = foreign_report(cases, foreign)
    assert (declined["precision"], declined["recall"]) == (0.5, 0.5)
    assert declined["people_declined"] == 0.5


def test_that_slots_are_compared_without_their_dress() -> None:
    right = Sample("check order #W1234567", "order", slots=[Slot("order_id", "w1234567")])
    wrong = Sample("I paid $20", "billing")
    assert slots_report([right, wrong]) == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": 0.6667,
        "all_right": 0.5,
    }


def test_that_an_opening_goes_on_until_the_matter_is_named() -> None:
    def talk(*lines: tuple[str, str]) -> str:
        return Talk("1", "order", [{"role": who, "text": said} for who, said in lines]).opening()

    assert talk(("customer", "hello"), ("agent", "hi"), ("customer", "where is it")) == (
        "hello where is it"
    )
    matter = "I want to return a shirt that is too small"
    assert talk(("agent", "hi"), ("customer", matter), ("agent", "?"), ("customer", "ok")) == matter


def test_that_each_text_is_held_out_in_exactly_one_fold() -> None:
    for text in map(str, range(50)):
        assert [held_out(text, 0.2, fold) for fold in range(5)].count(True) == 1


def _write(path: Path, name: str, rows: list[dict[str, object]]) -> None:
    (path / name).write_text("\n".join(json.dumps(row) for row in rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {
        "order": ["where is my parcel", "has my order shipped", "track my package please"],
        "return": ["I want my money back", "this is broken, take it back", "swap it for a size M"],
    }
    rows: list[dict[str, object]] = [
        {"text": text, "agent": agent, "accept": [agent], "source": "abcd", "kb_article": agent}
        for agent, said in texts.items()
        for text in said
    ]
    rows.append({"text": "get me a human", "agent": "return", "escalate": True, "source": "abcd"})
    _write(tmp_path, "utterances.jsonl", rows)
    foreign = {"text": "what's the weather in Rome", "agent": "out_of_scope", "kind": "far"}
    _write(tmp_path, "out_of_scope.jsonl", [foreign])
    articles = [
        {"id": "order", "title": "Track a parcel", "agent": "order", "text": "Where orders are."},
        {"id": "return", "title": "Returns", "agent": "return", "text": "Money back in 30 days."},
    ]
    _write(tmp_path, "knowledge.jsonl", articles)
    return tmp_path


async def test_that_a_folder_is_measured_and_what_is_missing_is_named(
    folder: Path, db: Database
) -> None:
    tenants = Tenants(db, SystemClock(), Uuid7Ids())
    seen: list[str] = []
    found = read_folder(folder)
    report = await measure(
        tenants, understand(db), Plan(found), lambda what, done, of: seen.append(what)
    )
    assert report["skipped"] == ["conversations.jsonl"]
    assert "conversations" not in report
    assert report["routing"]["people"]["n"] == 7
    assert report["routing"]["people"]["strict"] > 0.8
    assert report["out_of_scope"]["f1"] == 1
    assert report["escalation"] == {"precision": 1, "recall": 1, "f1": 1}
    assert report["retrieval"]["r3"] == 1
    assert report["timing"]["messages_per_s_routed"] > 0
    assert "routing" in seen


def test_that_no_text_is_both_learnt_and_tested(folder: Path) -> None:
    found = read_folder(folder)
    for split in (0.0, 0.5):
        parts = parts_of(found, found, split)
        learnt = {row.text for row in parts.learnt}
        assert not learnt & {row.text for row in (*parts.tested, *parts.foreign)}
    assert parts_of(found, None, 0.0).learnt == []
    halves = [parts_of(found, found, 0.5, fold).tested for fold in (0, 1)]
    assert sorted(row.text for half in halves for row in half) == sorted(
        row.text for row in found.samples
    )


def test_that_a_missing_folder_and_a_bad_line_are_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no folder"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "utterances.jsonl").write_text('{"text": "a", "agent": "order"}\n{"text": 1}')
    with pytest.raises(RefusedError, match=r"utterances\.jsonl, line 2"):
        read_folder(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif("HP_EVAL_DATA" not in os.environ, reason="needs a folder of labelled data")
async def test_that_the_aims_hold_on_rows_held_out_of_real_data(db: Database) -> None:
    found = read_folder(Path(os.environ["HP_EVAL_DATA"]))
    tenants = Tenants(db, SystemClock(), Uuid7Ids())
    report = await measure(
        tenants, understand(db), Plan(found, found, 0.2), lambda what, done, of: None
    )
    assert report["routing"]["all"]["macro_f1"] >= 0.97
    assert report["routing"]["people"]["strict"] >= 0.8
    assert report["out_of_scope"]["f1"] >= 0.91
    assert report["out_of_scope"]["people_declined"] < 0.05
    assert report["escalation"]["f1"] > 0.94
    assert report["slots"]["recall"] >= 0.99
    assert report["slots"]["precision"] > 0.9
    assert report["retrieval"]["r3"] > 0.78
