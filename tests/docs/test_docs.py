"""What the documents say is true: code runs, commands and tests exist, decisions are enforced."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEST_NAME = re.compile(r"`((?:tests|plugins)/[\w/.-]+?)(?:::(\w+))?`")


class Block(NamedTuple):
    """A fenced code block and where it stands."""

    page: str
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def _blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Block(str(page.relative_to(ROOT)), line, match.group(1), match.group(2))


def _of(language: str) -> list[Block]:
    return [block for block in _blocks() if block.language == language]


@pytest.mark.parametrize("block", _of("python"), ids=str)
def test_that_python_runs(block: Block, tmp_path: Path) -> None:
    script = tmp_path / "block.py"
    script.write_text(block.code)
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", _of("toml"), ids=str)
def test_that_toml_parses(block: Block) -> None:
    assert tomllib.loads(block.code)


COMMANDS = sorted(
    {
        (str(block), line.split("./hp", 1)[1].split("#")[0].strip())
        for block in [*_of("sh"), *_of("console")]
        for line in block.code.splitlines()
        if "./hp" in line
    }
)


@pytest.mark.parametrize(("where", "command"), COMMANDS)
def test_that_commands_exist(where: str, command: str) -> None:
    """Each `./hp …` of a page names a real command and real options of it."""
    from click.testing import CliRunner
    from hyperpersonal_web.cli import cli

    words = command.split()
    verbs = [word for word in words[:3] if re.fullmatch(r"[a-z]+", word)]
    help_text = ""
    for depth in range(len(verbs), 0, -1):
        result = CliRunner().invoke(cli, [*verbs[:depth], "--help"])
        if result.exit_code == 0:
            help_text = result.output
            break
    assert help_text, f"{where}: no command {command!r}"
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert option in help_text, f"{where}: {verbs} has no {option}"


def test_that_named_tests_exist() -> None:
    """Pages that lean on a test (promises, decisions) name one that is there."""
    missing = []
    for page in PAGES:
        for path, name in TEST_NAME.findall(page.read_text()):
            file = ROOT / path
            if not file.exists():
                missing.append(f"{page.relative_to(ROOT)}: {path}")
            elif name and not re.search(rf"def {name}\b", file.read_text()):
                missing.append(f"{page.relative_to(ROOT)}: {path}::{name}")
    assert missing == []


def test_that_every_decision_names_its_enforcement() -> None:
    silent = [
        page.name
        for page in sorted((ROOT / "docs/adr").glob("*.md"))
        if "**Enforced by.**" not in page.read_text()
    ]
    assert silent == []


def test_that_every_promise_names_a_test() -> None:
    rows = [
        line
        for line in (ROOT / "docs/PROMISES.md").read_text().splitlines()
        if line.startswith("| ") and not line.startswith("| promise")
    ]
    assert len(rows) >= 10
    assert [row for row in rows if not TEST_NAME.search(row)] == []


def test_that_links_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_that_the_readmes_plugin_is_the_template() -> None:
    """What the first screen shows is what `hp plugin init` makes and the sandbox tests run."""
    template = next((ROOT / "sdk/hyperpersonal_sdk/templates/agent").glob("*/__init__.py"))
    shown = [block.code for block in _of("python") if block.page == "README.md"]
    assert template.read_text() in shown
    assert len([line for line in template.read_text().splitlines() if line.strip()]) <= 15


def test_that_the_way_of_a_message_names_real_files() -> None:
    guide = (ROOT / "docs/guides/a-message.md").read_text()
    steps = re.findall(r"^\| \d+ \| `([^`]+)` \|", guide, re.MULTILINE)
    assert len(steps) > 20
    assert [path for path in steps if not (ROOT / path).exists()] == []
