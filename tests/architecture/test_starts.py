"""A command starts fast: it imports what it needs. What it must not import is looked at in a
process of its own, since time on a loaded machine proves nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

SERVERS = {"alembic", "cyclonedx", "litestar", "nats", "numpy", "onnxruntime", "pgqueuer",
           "uvicorn", "wasmtime"}  # fmt: skip
TABLES = {"asyncpg", "sqlalchemy"}
OVER_HTTP = [
    "--help",
    "market --help",
    "market search kettle",
    "review --help",
    "review queue",
    "bundle --help",
    "rollout --help",
    "plugin --help",
    "registry --help",
    "registry blobs copy --help",
]
ON_TABLES = ["registry status --help", "registry people add --help", "registry export --help"]
WHAT = """
import json, sys
from hyperpersonal_web.cli import cli
for command in sys.argv[1:]:
    try:
        cli(command.split(), prog_name="hp")
    except SystemExit:
        pass
    tops = {name.partition(".")[0] for name in sys.modules}
    print("\\n" + json.dumps({command: sorted(tops)}))
"""


def imported(commands: list[str], folder: Path) -> dict[str, set[str]]:
    """What is imported after each of these, in one process."""
    env = {**os.environ, "HP_DATA_DIR": str(folder), "HOME": str(folder)}
    words = [sys.executable, "-c", WHAT, *commands]
    done = subprocess.run(words, capture_output=True, text=True, env=env, timeout=100, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"')]
    return {name: set(found) for one in told for name, found in one.items()}


def test_that_a_command_that_speaks_http_opens_nothing_else(tmp_path: Path) -> None:
    found = imported(OVER_HTTP, tmp_path)
    assert list(found) == OVER_HTTP, "each was really run"
    heavy = SERVERS | TABLES
    assert {name: tops & heavy for name, tops in found.items() if tops & heavy} == {}


def test_that_a_command_on_tables_takes_no_server(tmp_path: Path) -> None:
    found = imported(ON_TABLES, tmp_path)
    assert list(found) == ON_TABLES
    assert all("asyncpg" in tops for tops in found.values())
    heavy = SERVERS | {"sqlalchemy"}
    assert {name: tops & heavy for name, tops in found.items() if tops & heavy} == {}
