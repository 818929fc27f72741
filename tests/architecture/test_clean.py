"""What is committed speaks of the project alone, holds nothing built, and migrates in one line."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOSTS = re.compile("|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.org"]))
PATHS = re.compile(r"(?<![\w./}-])/(?:work|root|home/\w+)/")
BUILT = {".wasm", ".cwasm", ".hpx", ".onnx", ".safetensors", ".whl", ".pyc", ".so"}
SIZE_MAX = 400_000


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\n") if name and (ROOT / name).is_file()]


def test_that_no_file_names_a_package_index_or_a_machines_path() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in _tracked()
        for pattern in (HOSTS, PATHS)
        if (match := pattern.search(path.read_text(errors="ignore")))
    ]
    assert found == []


def test_that_no_built_or_large_file_is_committed() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if path.suffix in BUILT or (path.stat().st_size > SIZE_MAX and path.suffix != ".lock")
    ]
    assert wrong == []


def test_that_the_lock_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pins = re.findall(r"^[\w.-]+==", lock, re.MULTILINE)
    assert len(pins) > 50
    assert lock.count("--hash=sha256:") >= len(pins)


def test_that_migrations_form_one_line() -> None:
    for folder in sorted(ROOT.glob("*/*/migrations/versions")):
        names = sorted(path.name for path in folder.glob("[0-9]*.py"))
        assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)], names
