"""Builds the shared Python guest: SDK source -> WASM component -> machine code, once per content.

Rules:
1. The key is a hash of everything that matters: staged source, WIT, versions, machine, settings.
2. Each step runs in a throw-away process (compiling leaves hundreds of MiB behind).
3. Two builders at once: one builds under a lock, the other waits and finds the file; a half-written
   file is never seen (rename). What is loaded is native code: it only ever comes from this cache.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import hyperpersonal_sdk

Progress = Callable[[str, float], None]

ENGINE_SETTINGS = "epoch, strict"  # changes with wasm.engine: a .cwasm fits one configuration
STEP_SECONDS_MAX = 300
CACHED_GUESTS_MAX = 4
_PURE = ("__init__.py", "authoring.py", "tool_loop.py", "guest", "procedure")
_COMPONENTIZE = "import sys, componentize_py; sys.exit(componentize_py.script())"


class GuestBuildError(Exception):
    """The guest cannot be built; the message ends with what the tool said."""


def ensure_guest(cache: Path, progress: Progress = lambda stage, fraction: None) -> Path:
    """The compiled guest for this SDK on this machine, built when it is not in the cache.

    Blocks for some 15 seconds on two cores when it must build.

    Args:
        cache: folder of compiled guests, made if needed.
        progress: told (stage, fraction 0..1) several times a second.

    Raises:
        GuestBuildError: a step failed or took longer than STEP_SECONDS_MAX.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as folder:
        stage = Path(folder)
        _stage_sources(stage / "app")
        target = cache / f"{_key(stage / 'app')}.cwasm"
        if not target.exists():
            with _lock(target.with_suffix(".lock")):
                if not target.exists():
                    _build(stage, target, progress)
                    _prune(cache)
    os.utime(target)  # the guests used last are kept
    return target


def _stage_sources(folder: Path) -> None:
    """The pure part of the SDK, the WIT, and an app module that imports all of it."""
    sdk = Path(hyperpersonal_sdk.__file__).parent
    package = folder / "hyperpersonal_sdk"
    package.mkdir(parents=True)
    for name in _PURE:
        if (sdk / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(sdk / name, package / name, ignore=ignore)
        elif (sdk / name).exists():
            shutil.copy(sdk / name, package / name)
    imports = [f"import {name}" for name in sorted(_modules(package))]
    entry = "from hyperpersonal_sdk.guest.app import WitWorld"
    (folder / "app.py").write_text("\n".join([*imports, entry, ""]))
    shutil.copytree(sdk / "wit" / "v1", folder / "wit")


def _modules(package: Path) -> Iterator[str]:
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _key(folder: Path) -> str:
    digest = hashlib.sha256()
    about = (version("wasmtime"), version("componentize-py"), platform.machine(), ENGINE_SETTINGS)
    digest.update(repr(about).encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _build(stage: Path, target: Path, progress: Progress) -> None:
    app, component, machine_code = stage / "app", stage / "guest.wasm", stage / "guest.cwasm"
    build = ["-c", _COMPONENTIZE, "-q", "-d", str(app / "wit"), "-w", "plugin", "componentize"]
    build += ["-p", str(app), "-o", str(component), "app"]
    _step("build the Python guest", build, 7, progress)
    compile_ = ["-m", "hyperpersonal_runtime.wasm.precompile", str(component), str(machine_code)]
    _step("compile it for this machine", compile_, 6, progress)
    os.replace(machine_code, target)


def _step(name: str, args: list[str], seconds_typical: int, progress: Progress) -> None:
    """Run one tool to its end, without our environment, telling progress by elapsed time."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-I", *args], env={}, stdout=said, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                elapsed = time.monotonic() - started
                if elapsed > STEP_SECONDS_MAX:
                    raise GuestBuildError(f"could not {name}: longer than {STEP_SECONDS_MAX} s")
                progress(name, elapsed / (elapsed + seconds_typical / 3))
                time.sleep(0.1)
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        if process.returncode:
            raise GuestBuildError(
                f"could not {name}: {said.read()[-2000:].decode(errors='replace')}"
            )
    progress(name, 1.0)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _prune(cache: Path) -> None:
    guests = sorted(cache.glob("*.cwasm"), key=lambda path: path.stat().st_mtime, reverse=True)
    for left in cache.glob("build-*"):  # of builders that were killed
        if time.time() - left.stat().st_mtime > 4 * STEP_SECONDS_MAX:
            shutil.rmtree(left, ignore_errors=True)
    for old in guests[CACHED_GUESTS_MAX:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".lock").unlink(missing_ok=True)
