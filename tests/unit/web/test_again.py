"""What `hp test --again` makes of tests that fail once, and of tests that are wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from hyperpersonal_web.paths import ROOT

ONCE = """
from pathlib import Path
import pytest
from hyperpersonal_web.paths import ROOT

@pytest.mark.parametrize("number", range({count}))
def test_that_it_passes_the_second_time(number):
    seen = Path(__file__).with_name(f"seen-{{number}}")
    known, _ = seen.exists(), seen.touch()
    assert known
"""
NEVER = "def test_that_is_wrong():\n    assert not 'always'\n"


def _run(folder: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_made.py").write_text(source)
    command = [sys.executable, "-m", "hyperpersonal_web.cli", "test", *options, "-q"]
    return subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), str(folder / "test_made.py")],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def test_that_a_failure_that_passes_alone_is_told_and_forgiven(tmp_path: Path) -> None:
    ran = _run(tmp_path, ONCE.format(count=3), "--again")
    assert ran.returncode == 0, ran.stdout
    assert "UNSTEADY" in ran.stdout
    assert "test_that_it_passes_the_second_time[2]" in ran.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("source", "options"),
    [
        pytest.param(NEVER, ["--again"], id="wrong"),
        pytest.param(ONCE.format(count=4), ["--again"], id="too many at once"),
        pytest.param(ONCE.format(count=1), [], id="not asked to"),
    ],
)
def test_that_a_fault_fails(tmp_path: Path, source: str, options: list[str]) -> None:
    ran = _run(tmp_path, source, *options)
    assert ran.returncode != 0
    assert "UNSTEADY" not in ran.stdout
