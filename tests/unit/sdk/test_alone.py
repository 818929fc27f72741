"""The SDK without the server: its wheel in a fresh environment that holds what it depends on."""

import json
import os
import random
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
UV = Path(sys.executable).parent / "uv"

pytestmark = pytest.mark.timeout(300)  # many programs are started


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    return subprocess.run(
        command, cwd=cwd, env={**known, **env}, capture_output=True, text=True, timeout=250,
        check=False,
    )  # fmt: skip


def needed(name: str, seen: set[str]) -> Iterator[Distribution]:
    """What a distribution depends on, directly or not."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        extra = requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})
        if extra or requirement.name in seen:
            continue
        seen.add(requirement.name)
        yield distribution(requirement.name)
        yield from needed(requirement.name, seen)


def lend(found: Distribution, site: Path) -> None:
    """Make one installed distribution visible in another environment, and nothing else."""
    tops = {path.parts[0] for path in found.files or () if path.parts[0] != ".."}
    for top in tops - {"__pycache__"}:
        target = site / top
        if not target.exists():
            target.symlink_to(Path(str(found.locate_file(top))))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the SDK's wheel and its dependencies only."""
    folder = tmp_path_factory.mktemp("alone")
    wheels = run(UV, "build", "--wheel", "--offline", "-o", folder, ROOT / "sdk", cwd=folder)
    assert wheels.returncode == 0, wheels.stderr
    venv.create(folder / "venv", with_pip=False)
    (wheel,) = folder.glob("*.whl")
    python = folder / "venv" / "bin" / "python"
    put = run(UV, "pip", "install", "--offline", "--no-deps", "--python", python, wheel, cwd=folder)
    assert put.returncode == 0, put.stderr
    (site,) = (folder / "venv" / "lib").glob("*/site-packages")
    for one in needed("hyperpersonal-sdk", set()):
        lend(one, site)
    return folder / "venv" / "bin"


def test_that_an_author_needs_no_server(alone: Path, tmp_path: Path) -> None:
    program = alone / "hyperpersonal-plugin"

    def right(*arguments: str) -> str:
        done = run(program, *arguments, cwd=tmp_path, HOME=str(tmp_path))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for module in ("hyperpersonal_core", "hyperpersonal_runtime", "litestar", "asyncpg"):
        assert run(alone / "python", "-c", f"import {module}", cwd=tmp_path).returncode == 1
    assert "Next: hyperpersonal-plugin test" in right("init", "acme/order_help")
    assert "Nothing is wrong" in right("check", "order_help")
    report = json.loads(right("check", "order_help", "--json"))
    assert {one["verdict"] for one in report["verdicts"]} == {"PASS"}
    digest = right("pack", "order_help").split()[-1]
    assert digest == report["digest"]
    public = right("keys", "new").split()[-1]
    packed = "order_help/dist/order_help-0.1.0.hpx"
    right("sign", packed)
    assert digest in right("verify", packed, "--public", public)


def test_that_what_is_missing_is_named(alone: Path, tmp_path: Path) -> None:
    program = alone / "hyperpersonal-plugin"
    assert run(program, "init", "acme/x", cwd=tmp_path).returncode == 0
    for arguments, words in (
        (("test", "x"), "pip install pytest"),
        (("replay", "x"), "recorded turns lie with the server"),
        (("dev", "x"), "no demo runs here"),
        (("publish", "x"), "there is no key at"),
    ):
        done = run(program, *arguments, cwd=tmp_path, HOME=str(tmp_path))
        assert done.returncode == 1, done.stdout + done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_that_the_same_sources_are_the_same_bytes_on_any_machine(
    alone: Path, tmp_path: Path
) -> None:
    program, chance = alone / "hyperpersonal-plugin", random.Random(7)
    first = tmp_path / "first"
    made = run(program, "init", "acme/order_help", "--into", "first", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    (first / "hyperpersonal_plugin_order_help" / "words.py").write_bytes(
        "WORD = 'Größe, één'\r\n".encode()
    )
    archives = {packed(program, first, "first.hpx", LC_ALL="C.UTF-8")}
    for number, env in enumerate(MACHINES):
        other = tmp_path / f"another place {number}"
        umask = os.umask(0o077 if number % 2 else 0o002)
        copy_shuffled(first, other, chance)
        os.umask(umask)
        archives.add(packed(program, other, f"{number}.hpx", **env))
    assert len(archives) == 1
    (first / "README.md").write_text("other")
    assert packed(program, first, "other.hpx") not in archives


MACHINES = (
    {"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"},
    {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "2", "PYTHONUTF8": "1"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "SOURCE_DATE_EPOCH": "1"},
)


def packed(program: Path, folder: Path, name: str, **env: str) -> bytes:
    out = folder.parent / name
    done = run(program, "pack", str(folder), "--out", str(out), cwd=folder.parent, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    return out.read_bytes()


def copy_shuffled(source: Path, target: Path, chance: random.Random) -> None:
    """The same files, made in another order, at other times, with other modes."""
    files = [path for path in source.rglob("*") if path.is_file() and "dist" not in path.parts]
    chance.shuffle(files)
    for path in files:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        copy.chmod(chance.choice((0o600, 0o755)))
        moment = chance.randrange(2**30)
        os.utime(copy, (moment, moment))
