"""Recorded conversations of the demo shop, replayed: every byte the same, nothing reached."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
import pytest
from click.testing import CliRunner
from fakes.replay_stage import REPLAYS, Stage
from hyperpersonal_core.kit.ids import show
from hyperpersonal_runtime.api import Replayer, gathered
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_web.cli import cli
from hyperpersonal_web.replaying.deeds import deeds
from msgspec import structs

AT_ONCE = 6


class Done(NamedTuple):
    """What a command told, and its exit code."""

    code: int
    out: str
    words: str


def hp(stage: Stage, *arguments: str) -> Done:
    """The command line on the recording's data folder, in this process."""
    environment = {"HP_DATA_DIR": str(stage.folder), "NO_COLOR": "1"}
    done = CliRunner().invoke(cli, arguments, env=environment, standalone_mode=False)
    problem = done.exception
    if isinstance(problem, click.ClickException):
        return Done(problem.exit_code, done.stdout, problem.format_message())
    assert problem is None, problem
    return Done(done.return_value or 0, done.stdout, done.stderr)


@pytest.mark.timeout(400)  # the first here waits for the recording
def test_that_the_command_replays_in_a_process_of_its_own(stage: Stage) -> None:
    environment = {**os.environ, "HP_DATA_DIR": str(stage.folder)}
    command = [sys.executable, "-m", "hyperpersonal_web.cli", "replay", "--limit", "3"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith("3 turns, ")
    assert "\x1b" not in done.stdout, "colours are for terminals"


@pytest.mark.timeout(400 + REPLAYS // 10)
async def test_that_recorded_calls_come_again_byte_for_byte(stage: Stage) -> None:
    replayer = Replayer(default_cache())
    await replayer.start()
    started = time.monotonic()
    works = [lambda turn=turn: replayer.repeat(turn.recording, stage.load) for turn in stage.turns]
    done = [call for turn in await gathered(works, AT_ONCE, lambda: None) for call in turn]
    seconds = time.monotonic() - started
    await replayer.close()
    different = [call for call in done if call.differences]
    assert not different, different[0]
    assert [call.skipped for call in done if call.after is None] == []
    assert len(done) == stage.calls >= REPLAYS
    hooks = {call.before.hook for call in done}
    assert {"reply", "call_tool", "review_reply"} <= hooks
    asked = sum(len(call.before.asked) for call in done)
    print(
        f"\n{len(stage.turns)} turns recorded in {stage.seconds:.0f} s; {len(done)} plugin calls "
        f"with {asked} host calls replayed in {seconds:.1f} s: 0 differences"
    )


def test_that_the_command_line_tells_and_replays_a_turn(stage: Stage) -> None:
    turn = max(stage.turns, key=lambda one: len(one.recording.entries))
    name = show("turn", turn.id)
    told = hp(stage, "journal", name)
    assert told.code == 0
    assert "tool.call commerce." in told.out
    assert "http.fetch" in told.out
    kept = json.loads(hp(stage, "journal", "--json", name).out)
    assert sum(len(one["calls"]) for one in kept[0]["plugins"]) == len(turn.recording.entries)
    again = hp(stage, "replay", name)
    assert again.code == 0
    assert "0 different" in again.out


def test_that_staff_sees_the_same_calls(stage: Stage) -> None:
    """What `GET /v1/staff/turns/…/calls` answers is what `hp journal --json` tells."""
    turn = max(stage.turns, key=lambda one: len(one.recording.entries))
    told = deeds(turn)
    assert json.loads(hp(stage, "journal", "--json", told["id"]).out) == [
        json.loads(msgspec.json.encode(told))
    ]
    words = [call["words"] for one in told["plugins"] for call in one["calls"]]
    assert any(one.startswith("commerce.orders.") for one in words)


def test_that_another_release_of_a_folder_is_compared(stage: Stage, tmp_path: Path) -> None:
    turn = next(t for t in stage.turns if t.recording.calls[0].plugin_id.endswith("order_agent"))
    release = stage.releases[turn.recording.calls[0].digest]
    for path, data in release.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    module = tmp_path / release.entry / "__init__.py"
    module.write_text(module.read_text() + "\nplugin.reply(lambda turn, host: 'Good day.')\n")
    done = hp(stage, "replay", "--json", "--release", str(tmp_path), show("turn", turn.id))
    assert done.code == 1
    found = json.loads(done.out)["details"][0]["calls"][0]
    assert "text" in {one["kind"] for one in found["differences"]}


def test_that_an_empty_folder_is_told_and_not_filled(stage: Stage, tmp_path: Path) -> None:
    empty = structs.replace(stage, folder=tmp_path)
    done = hp(empty, "replay", "--limit", "1")
    assert done.code == 2
    assert "./hp serve" in done.words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name turns, or choose"),
        (["trn_" + "0" * 32], "there is no turn"),
        (["cnv_" + "0" * 32], "is no id of a turn"),
        (["--since", "yesterday"], "is no time"),
        (["--limit", "1", "--release", "nobody/nothing"], "there is no release"),
        (["--limit", "0"], "0 is not in the range"),
    ],
)
def test_that_wrong_usage_ends_with_2_and_words(
    stage: Stage, arguments: list[str], words: str
) -> None:
    done = hp(stage, "replay", *arguments)
    assert done.code == 2
    assert words in done.words
