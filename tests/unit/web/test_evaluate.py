"""`hp eval` through the real command: services, shop, sandboxes and all, on a tiny folder."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_web.cli import cli

from tests.fakes.eval_folder import write_folder

DATA = os.environ.get("HP_EVAL_DATA", "")
pytestmark = pytest.mark.timeout(600)  # all of the product: minutes on a slow machine


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own; only the built guest is shared, to save its half minute."""
    made = tmp_path / "hp"
    (made / "cache").mkdir(parents=True)
    (made / "cache" / "guest").symlink_to(default_cache(), target_is_directory=True)
    monkeypatch.setenv("HP_DATA_DIR", str(made))
    for name in ("HP_DATABASE_URL", "HP_NATS_URL"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "data")


def measure(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["eval", *map(str, arguments)])


def report_of(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.slow
def test_everything_is_measured_on_the_running_product(folder: Path, data_dir: Path) -> None:
    talks = data_dir / "talks.jsonl"
    report = report_of(measure(folder, "--json", "-", "--transcripts", talks))
    assert report["skipped"] == []
    assert report["routing"]["people"]["n"] == 2, "one typed message, one opening"
    assert {"strict", "lenient", "macro_f1"} <= report["routing"]["all"].keys()
    assert report["routing"]["by_set"]["made"]["n"] == 14
    assert {"precision", "recall", "f1", "people_declined"} <= report["out_of_scope"].keys()
    assert report["slots"]["recall"] == 1
    assert report["retrieval"]["r1"] == 1
    assert report["escalation"]["f1"] == 1
    assert report["conversations"]["n"] == 1
    assert report["timing"]["turn_ms_p95"] >= report["timing"]["turn_ms_p50"] > 0
    assert report["timing"]["cpu_ms_per_turn"] > 0
    assert report["timing"]["messages_per_s_routed"] > 0
    assert report["history"]["rows"] == 0
    assert "new merchant" in report["history"]["learnt_from"]
    tasks = report["tasks"]
    assert (tasks["n"], tasks["success"], tasks["wrong_write_rate"]) == (2, 1.0, 0.0)
    assert (tasks["handoff_rate"], tasks["platform_errors"]) == (0.0, 0)
    rows = [json.loads(line) for line in talks.read_text().splitlines()]
    assert [row["wrote"][0]["tool"] for row in rows] == [
        "cancel_pending_order",
        "return_delivered_order_items",
    ]
    assert {turn["agent"] for turn in rows[0]["turns_seen"]} == {"Orders"}
    assert list((data_dir / "eval").iterdir()) == [], "nothing of it is left behind"


@pytest.mark.slow
def test_what_the_folder_lacks_is_left_out_by_name(folder: Path, data_dir: Path) -> None:
    for name in ("tasks.jsonl", "conversations.jsonl", "knowledge.jsonl"):
        (folder / name).unlink()
    shutil.rmtree(folder / "store")
    result = measure(folder, "--split", "0.4", "--json", data_dir / "report.json")
    assert result.exit_code == 0, result.output
    report = json.loads((data_dir / "report.json").read_text())
    assert set(report["skipped"]) == {
        "tasks.jsonl", "conversations.jsonl", "knowledge.jsonl", "store",
    }  # fmt: skip
    assert not report.keys() & {"tasks", "conversations", "retrieval"}
    assert report["history"]["split"] == 0.4
    assert 0 < report["history"]["rows"] <= 18 - report["routing"]["all"]["n"]
    assert "right agent" in result.stdout
    assert "skipped what needs store" in result.stdout


def test_bad_input_is_refused_with_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((tmp_path / "nowhere",), "there is no folder"),
        ((folder, "--history", tmp_path / "nowhere"), "there is no folder"),
        ((folder, "--split", "0.9"), "--split"),
        ((folder, "--limit", "0"), "--limit"),
        ((_with(folder, "utterances.jsonl"),), "utterances.jsonl, line 1"),
        ((_with(folder, "tasks.jsonl"),), "tasks.jsonl"),
        ((_with(folder, "store/orders.jsonl"),), "store"),
        ((_without(folder, "store/products.jsonl"),), "the store lacks products.jsonl"),
    ):
        result = measure(*arguments)
        assert (result.exit_code, words in result.output) == (2, True), result.output


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="HP_EVAL_DATA names no data folder")
def test_a_look_at_real_data(data_dir: Path) -> None:
    report = report_of(measure(DATA, "--split", "0.2", "--limit", "12", "--json", "-"))
    assert report["tasks"]["platform_errors"] == 0
    assert report["tasks"]["n"] > 0


def _copy(folder: Path, mark: str) -> Path:
    made = folder.with_name(mark.replace("/", "_"))
    shutil.copytree(folder, made)
    return made


def _with(folder: Path, name: str) -> Path:
    """The folder with a broken file."""
    made = _copy(folder, f"with_{name}")
    (made / name).write_text('{"text": 7}\n')
    return made


def _without(folder: Path, name: str) -> Path:
    made = _copy(folder, f"without_{name}")
    (made / name).unlink()
    return made
