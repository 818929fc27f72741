"""Small files, short functions, few parameters, one place to commit. No exemptions."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
POSITIONAL_MAX = 5
LINE_MAX = 100
PRAGMA = re.compile(r"\s*# (noqa|type: ignore).*$")


def _sources() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    yield from (ROOT / name for name in listed.stdout.split() if (ROOT / name).exists())


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_that_files_are_short() -> None:
    lines = {_name(path): path.read_text().count("\n") for path in _sources()}
    assert {name: n for name, n in lines.items() if n > FILE_LINES_MAX} == {}


def test_that_functions_are_short() -> None:
    long = {
        f"{_name(path)}:{f.lineno} {f.name}": (f.end_lineno or f.lineno) - f.lineno + 1
        for path in _sources()
        for f in _functions(path)
    }
    assert {name: n for name, n in long.items() if n > FUNCTION_LINES_MAX} == {}


def test_that_parameters_are_few() -> None:
    many = []
    for path in _sources():
        for f in _functions(path):
            positional = [a.arg for a in f.args.posonlyargs + f.args.args]
            positional = [a for a in positional if a not in {"self", "cls"}]
            if len(positional) > POSITIONAL_MAX and "tests" not in path.parts:
                many.append(f"{_name(path)}:{f.lineno} {f.name} takes {len(positional)}")
    assert many == []


def test_that_lines_fit() -> None:
    wide = [
        f"{_name(path)}:{n}"
        for path in _sources()
        for n, line in enumerate(path.read_text().splitlines(), 1)
        if len(PRAGMA.sub("", line)) > LINE_MAX and "tests" not in path.parts
    ]
    assert wide == []


def test_that_only_the_kit_commits() -> None:
    committing = [
        f"{_name(path)}:{node.lineno}"
        for path in _sources()
        if "tests" not in path.parts and "/core/kit/" not in f"/{_name(path)}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    ]
    assert committing == []


def test_that_time_is_read_in_one_file() -> None:
    """`datetime.now()` and `utcnow()` outside kit/clock.py would make a turn unrepeatable."""
    readers = [
        f"{_name(path)}:{node.lineno}"
        for path in _sources()
        if "core" in path.parts and path.name != "clock.py" and "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"now", "utcnow"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "dt"}
    ]
    assert readers == []
