"""Builds the shared Python guest: SDK source -> WASM component -> machine code, once per content.

Rules:
1. The key is a hash of everything that matters: staged source, WIT, versions, machine, settings.
2. Each step runs in a jailed, throw-away process (compiling leaves hundreds of MiB behind).
3. Two builders at once: one builds under a lock, the other waits and finds the file; a half-written
   file is never seen (rename). What is loaded is native code: it only ever comes from this cache.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import hyperpersonal_sdk

from hyperpersonal_runtime.build_step import BuildStep, BuildStepError, Progress, run_step
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.jail.program import Jail, JailError

ENGINE_SETTINGS = "epoch, strict"  # changes with wasm.engine: a .cwasm fits one configuration
STEP_SECONDS_MAX = 300
CACHED_GUESTS_MAX = 4
_PURE = ("__init__.py", "authoring.py", "tool_loop.py", "guest", "procedure")
_COMPONENTIZE = Path(__file__).parent / "wasm" / "componentize.py"
_PRECOMPILE = "hyperpersonal_runtime.wasm.precompile"


class GuestBuildError(Exception):
    """The guest cannot be built; the message ends with what the tool said."""


def ensure_guest(
    cache: Path,
    progress: Progress = lambda stage, fraction: None,
    jail: Jail | None = None,
) -> Path:
    """The compiled guest for this SDK on this machine, built when it is not in the cache.

    Blocks for some 15 seconds on two cores when it must build.

    Args:
        cache: folder of compiled guests, made if needed.
        progress: told (stage, fraction 0..1) several times a second.
        jail: where the steps run; None: the strongest that works here.

    Raises:
        GuestBuildError: a step failed or took longer than STEP_SECONDS_MAX.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as folder:
        stage = Path(folder)
        stage_sources(stage / "app")
        target = cache / f"{_key(stage / 'app')}.cwasm"
        if not target.exists():
            with _lock(target.with_suffix(".lock")):
                if not target.exists():
                    _build(jail or find_jail(), stage.resolve(), target, progress)
                    _prune(cache)
    os.utime(target)  # the guests used last are kept
    return target


def stage_sources(folder: Path) -> None:
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


def freeze_step(name: str, app: Path, component: Path, folder: Path) -> BuildStep:
    """The step that makes a staged app folder a component, with all of it imported."""
    words = ["-q", "-d", str(app / "wit"), "-w", "plugin", "componentize"]
    words += ["-p", str(app), "-o", str(component), "app"]
    return BuildStep(
        name,
        (str(_COMPONENTIZE), *words),
        ("componentize_py",),
        folder,
        readable=(_COMPONENTIZE,),
        seconds_typical=7,
        seconds_max=STEP_SECONDS_MAX,
    )


def _build(jail: Jail, stage: Path, target: Path, progress: Progress) -> None:
    component, machine_code = stage / "guest.wasm", stage / "guest.cwasm"
    build = freeze_step("build the Python guest", stage / "app", component, stage)
    compile_ = BuildStep(
        "compile it for this machine",
        ("-m", _PRECOMPILE, str(component), str(machine_code)),
        ("hyperpersonal_runtime", "typing_extensions", "wasmtime"),
        stage,
        seconds_max=STEP_SECONDS_MAX,
    )
    try:
        run_step(jail, build, progress)
        run_step(jail, compile_, progress)
    except (BuildStepError, JailError) as error:
        raise GuestBuildError(str(error)) from error
    os.replace(machine_code, target)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _prune(cache: Path) -> None:
    shared = (path for path in cache.glob("*.cwasm") if "-" not in path.name)  # see compiled.py
    guests = sorted(shared, key=lambda path: path.stat().st_mtime, reverse=True)
    for left in cache.glob("build-*"):  # of builders that were killed
        if time.time() - left.stat().st_mtime > 4 * STEP_SECONDS_MAX:
            shutil.rmtree(left, ignore_errors=True)
    for old in guests[CACHED_GUESTS_MAX:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".lock").unlink(missing_ok=True)
