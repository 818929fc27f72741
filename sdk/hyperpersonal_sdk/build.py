"""`hp plugin build`: a plugin's TypeScript or C becomes the WebAssembly component that is signed.

    src/plugin.ts -> tsc (types) -> esbuild (one module) -> componentize-qjs (QuickJS inside)
    src/plugin.c  -> zig cc (a core module) -> wrap.mjs (wasm-tools: a component)

The tools come from npm, pinned in the plugin's own package.json; the SDK's TypeScript and the WIT
world come from this package. Everything runs on the author's machine; a host that loads the
component compiles it again, in a jail.
"""

import fcntl
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hyperpersonal_sdk.errors import BadInputError

SOURCE, C_SOURCE = "src/plugin.ts", "src/plugin.c"
STEP_SECONDS_MAX = 300
_HERE = Path(__file__).parent
_WORLD = _HERE / "wit" / "v1"
_SDK = _HERE / "typescript"
_C = (
    "cc -target wasm32-freestanding -std=c17 -Wall -Werror -O2 -ffreestanding -fno-builtin "
    "-nostdlib -Wl,--no-entry"
).split()


class BuildFailedError(BadInputError):
    """The sources cannot be built, or a tool is missing; the message says which and what to do."""

    code = "build_failed"


class ToolsMissingError(BuildFailedError):
    """The tools of the build are not here and cannot be fetched."""

    code = "tools_missing"


def is_buildable(folder: Path) -> bool:
    """Whether the plugin's folder holds TypeScript or C of this layout."""
    there = any((folder / source).is_file() for source in (SOURCE, C_SOURCE))
    return there and (folder / "package.json").is_file()


def is_stale(folder: Path, entry: str) -> bool:
    """Whether the component must be built (again): it is not there, or older than its sources."""
    if not is_buildable(folder):
        return False
    component = folder / entry
    sources = [folder / "package.json", *(folder / "src").rglob("*.*"), *_SDK.glob("*.ts")]
    newest = max(path.stat().st_mtime for path in sources)
    return not component.exists() or component.stat().st_mtime < newest


def missing_tools(folder: Path) -> str:
    """What must be installed on this machine before the folder can be built; '' when nothing."""
    if not shutil.which("npm"):
        return "npm is not installed; it comes with Node 20 or newer"
    if (folder / C_SOURCE).is_file() and not _zig():
        return f"Zig is not installed; run: {sys.executable} -m pip install ziglang"
    return ""


def build(folder: Path, entry: str) -> Path:
    """Make the component of a plugin's folder.

    Args:
        folder: with `package.json` and `src/plugin.ts` or `src/plugin.c`.
        entry: the manifest's: where the component goes.

    Returns:
        Its path.

    Raises:
        BuildFailedError: a tool is missing, or the sources are wrong; with the tool's words.
    """
    folder = folder.resolve()
    if not is_buildable(folder):
        words = f"there is no {SOURCE} or {C_SOURCE} with a package.json in {folder}"
        raise BuildFailedError(words)
    if why := missing_tools(folder):
        raise ToolsMissingError(why)
    with _lock(folder):
        return _built(folder, entry)


def ensure_built(folder: Path, entry: str) -> None:
    """Build when the sources are newer; of several that ask at once, one does. Raises as build."""
    folder = folder.resolve()
    if is_stale(folder, entry):
        if why := missing_tools(folder):
            raise ToolsMissingError(why)
        with _lock(folder):
            if is_stale(folder, entry):
                _built(folder, entry)


def _built(folder: Path, entry: str) -> Path:
    _install(folder)
    if (folder / C_SOURCE).is_file():
        return _built_of_c(folder, folder / entry)
    module, component = folder / "build" / "plugin.js", folder / entry
    _run(folder, "tsc", "--project", ".")
    _run(
        folder,
        "esbuild",
        SOURCE,
        "--bundle",
        "--format=esm",
        "--target=es2023",
        "--external:hyper:plugin/*",
        "--log-level=warning",
        f"--outfile={module}",
    )
    words = ("--wit", str(_WORLD), "--world", "plugin", "--js", str(module), "--sync")
    _run(folder, "componentize-qjs", *words, "--output", str(component))
    return component


def _built_of_c(folder: Path, component: Path) -> Path:
    core = folder / "build" / "plugin.core.wasm"
    _step(folder, (*_zig(), *_C, "-o", str(core), C_SOURCE))
    _step(folder, ("node", "wrap.mjs", str(core), str(_WORLD / "plugin.wit"), str(component)))
    return component


def _zig() -> tuple[str, ...]:
    """How Zig is started: the wheel's, else the system's; empty when there is none."""
    if importlib.util.find_spec("ziglang"):
        return (sys.executable, "-m", "ziglang")
    return ("zig",) if shutil.which("zig") else ()


def _install(folder: Path) -> None:
    """The pinned tools, when they are not there; and this SDK's TypeScript beside them."""
    wanted, there = folder / "package.json", folder / "node_modules" / ".package-lock.json"
    if not there.exists() or there.stat().st_mtime < wanted.stat().st_mtime:
        verb = "ci" if (folder / "package-lock.json").exists() else "install"
        words = ("npm", verb, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        try:
            _step(folder, words)
        except BuildFailedError as error:
            raise ToolsMissingError(f"npm could not fetch the build's tools: {error}") from error
    target = folder / "node_modules" / "@hyperpersonal" / "sdk"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(_SDK, target)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    (folder / "build").mkdir(exist_ok=True)
    with (folder / "build" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tool(folder: Path, name: str) -> Path:
    return folder / "node_modules" / ".bin" / name


def _run(folder: Path, tool: str, *words: str) -> None:
    _step(folder, (str(_tool(folder, tool)), *words))


def _step(folder: Path, words: tuple[str, ...]) -> None:
    name = Path(words[0]).name
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildFailedError(f"{name}: {error}") from error
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-4_000:]
        raise BuildFailedError(f"{name} ended with {done.returncode}:\n{said}")
