"""The tutorial, run as a new author would: every command of the page, against a running demo."""

import asyncio
import os
import re
import shlex
import sys
import time
from pathlib import Path

import pytest
from hyperpersonal_web.demo.stage import Props, open_stage
from hyperpersonal_web.paths import ROOT
from msgspec import structs

PAGE = ROOT / "docs" / "tutorial" / "first-agent.md"
BLOCK = re.compile(r"^```sh\n(?P<commands>.*?)^```\n\n```text\n(?P<told>.*?)^```", re.M | re.S)
COMMANDS_MAX = 10
COMMAND_SECONDS_MAX = 300


def steps() -> list[tuple[list[str], list[str]]]:
    """(commands, lines they say) of each block of the page."""
    return [
        (found["commands"].splitlines(), found["told"].splitlines())
        for found in BLOCK.finditer(PAGE.read_text())
    ]


def told(said: str, line: str) -> bool:
    """Whether a line of the page was said; `…` stands for anything on that line."""
    return re.search(".*".join(map(re.escape, line.split("…"))), said) is not None


def test_that_ten_commands_are_enough() -> None:
    commands = [command for block, _ in steps() for command in block]
    assert len(commands) <= COMMANDS_MAX
    assert all(command.startswith("./hp ") for command in commands)
    assert len(commands) == PAGE.read_text().count("\n./hp ") - 1, "all but `./hp demo`"


@pytest.mark.slow
@pytest.mark.timeout(1500)
async def test_that_the_tutorial_holds(props: Props, tmp_path: Path) -> None:
    props.settings = structs.replace(props.settings, port=0)
    place = tmp_path / "author"
    place.mkdir()
    async with open_stage(props, lambda *_: None):
        for commands, lines in steps():
            said = ""
            for command in commands:
                started = time.monotonic()
                code, words = await run(command, place, props.settings.data_dir)
                print(f"{time.monotonic() - started:6.1f} s  {command}")
                said += words
                assert code == 0, f"{command}\n{words}"
            missing = [line for line in lines if not told(said, line)]
            assert missing == [], f"{commands} said:\n{said}"


async def run(command: str, place: Path, data: Path) -> tuple[int, str]:
    """(exit code, output) of one command of the page."""
    words = [sys.executable, "-m", "hyperpersonal_web.cli", *shlex.split(command)[1:]]
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    process = await asyncio.create_subprocess_exec(
        *words, cwd=place, env={**known, "HOME": str(place), "HP_DATA_DIR": str(data)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(COMMAND_SECONDS_MAX):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
