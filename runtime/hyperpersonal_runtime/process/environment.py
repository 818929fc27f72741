"""What a native plugin runs from: its own files, and its wheels unpacked once for all tenants.

Rules:
1. An environment's name is the hash of what is in it: the wheels' own hashes, this Python, this
   machine. It is built beside its place and renamed into it, so a half-built one is never seen.
2. Nothing of a package is run to build it: wheels only, read behind the wall (see unpack).
3. Those used last are kept; one that any process of this machine uses is never taken away.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

from hyperpersonal_sdk import wheels as names
from hyperpersonal_sdk.errors import BadInputError
from msgspec import Struct
from packaging.tags import sys_tags

from hyperpersonal_runtime.calls import SealedRelease
from hyperpersonal_runtime.jail.program import Jail, Program
from hyperpersonal_runtime.process import unpack
from hyperpersonal_runtime.process.fetch import fetch
from hyperpersonal_runtime.process.refusal import EnvironmentRefusedError

BYTES_MAX = 512 << 20
FILES_MAX = 20_000
KEPT_MAX = 64
UNPACK_SECONDS_MAX = 180
FORMAT = 1  # changes with what a build makes of the same wheels
MEMORY_BYTES = 1 << 30


class Environment(Struct, frozen=True):
    """Where a release's own files are, and its wheels' (None: it has none)."""

    code: Path
    site: Path | None


class Environments:
    """Builds and keeps environments. Its methods block: call them in a thread.

    Args:
        cache: their folder, made if needed; other hosts may share it.
        jail: what unpacking runs in.
    """

    def __init__(self, cache: Path, jail: Jail) -> None:
        self._cache = cache
        self._jail = jail
        self._used: OrderedDict[str, TextIOWrapper] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, release: SealedRelease) -> Environment:
        """The release's environment, built when it is not in the cache.

        Raises:
            EnvironmentRefusedError: it cannot run here, or its wheels are not right.
        """
        self._cache.mkdir(parents=True, exist_ok=True)
        site = self._site(release)
        name = "code-" + release.digest.rpartition(":")[2][:32]
        code = self._kept(name, lambda folder: _write_code(release, folder))
        with self._guard:
            self._prune()
        return Environment(code, site)

    def close(self) -> None:
        """Nothing is used from here any more."""
        with self._guard:
            while self._used:
                self._used.popitem()[1].close()

    def _site(self, release: SealedRelease) -> Path | None:
        try:
            vendored = names.of_files(release.files)
            lock = release.files.get(names.LOCK_FILE, b"").decode()
            pins = names.parse_lock(lock)
        except (BadInputError, UnicodeDecodeError) as error:
            raise EnvironmentRefusedError("invalid", str(error)) from None
        if vendored:
            _check_tags(vendored)
            files = {one.file: release.files[names.WHEELS_FOLDER + one.file] for one in vendored}
            return self._wheels(_vendored_key(files), lambda folder: _write(files, folder))
        if pins:
            written = names.written_lock(pins)
            return self._wheels(written, lambda folder: _fetched(written, folder))
        return None

    def _wheels(self, content: str, get: Callable[[Path], None]) -> Path:
        about = (FORMAT, sys.implementation.cache_tag, platform.machine(), content)
        key = hashlib.sha256(repr(about).encode()).hexdigest()[:32]
        return self._kept(f"env-{key}", lambda folder: self._unpacked(folder, get))

    def _kept(self, name: str, build: Callable[[Path], None]) -> Path:
        """A folder of the cache, held against pruning. A slow build keeps nobody else waiting."""
        target = self._cache / name
        with self._guard:
            known = name in self._used
            if known:
                self._used.move_to_end(name)
        if not known or not target.exists():
            held = self._held(target, build)
            with self._guard:
                if old := self._used.pop(name, None):
                    old.close()
                self._used[name] = held
        os.utime(target)
        return target

    def _held(self, target: Path, build: Callable[[Path], None]) -> TextIOWrapper:
        """A shared lock on a folder that is there. It is built under a lock of its own: who waited
        to hold this one alone would wait for as long as another host uses what it has built."""
        held = target.with_name(f"{target.name}.lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            if not target.exists():
                with target.with_name(f"{target.name}.build-lock").open("w") as alone:
                    fcntl.flock(alone, fcntl.LOCK_EX)
                    self._build(target, build)
        except BaseException:
            held.close()
            raise
        return held

    def _build(self, target: Path, build: Callable[[Path], None]) -> None:
        if target.exists():
            return  # another host was quicker
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="build-") as folder:
            made = Path(folder) / "made"
            made.mkdir()
            build(made)
            os.replace(made, target)

    def _unpacked(self, target: Path, get: Callable[[Path], None]) -> None:
        wheels = target.with_name("wheels")
        wheels.mkdir()
        get(wheels)
        self._unpack(wheels, target)
        _check_files(target)

    def _unpack(self, wheels: Path, target: Path) -> None:
        program = str(Path(unpack.__file__))
        words = (str(wheels), str(target), str(BYTES_MAX), str(FILES_MAX))
        with tempfile.TemporaryFile() as said:
            process = self._jail.spawn(
                Program(
                    argv=(sys.executable, program, *words),
                    readable=(Path(program), wheels),
                    writable=(target,),
                    output=said.fileno(),
                    profile="builder",
                    memory_bytes=MEMORY_BYTES,
                    cpu_seconds=UNPACK_SECONDS_MAX,
                    processes=16,
                )
            )
            code = _ended(process)
            said.seek(0)
            words_said = said.read(2_000).decode(errors="replace").strip()
        if code:
            raise EnvironmentRefusedError("invalid", words_said or f"unpacking ended with {code}")

    def _prune(self) -> None:
        """Take away what was used longest ago and is used by nobody."""
        while len(self._used) > KEPT_MAX:
            self._used.popitem(last=False)[1].close()
        folders = [*self._cache.glob("env-*[!k]"), *self._cache.glob("code-*[!k]")]
        folders.sort(key=_age)
        for old in folders[: max(0, len(folders) - 2 * KEPT_MAX)]:
            _remove_unused(old)
        for left in self._cache.glob("build-*"):  # of hosts that were killed
            if time.time() - left.stat().st_mtime > 4 * UNPACK_SECONDS_MAX:
                shutil.rmtree(left, ignore_errors=True)


def _age(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _remove_unused(folder: Path) -> None:
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        shutil.rmtree(folder, ignore_errors=True)


def _check_tags(vendored: list[names.Wheel]) -> None:
    here = {str(tag) for tag in sys_tags()}
    for wheel in vendored:
        if not wheel.tags & here:
            fits = ", ".join(sorted(wheel.tags)[:3])
            first = next(str(tag) for tag in sys_tags())
            words = f"{wheel.file} fits {fits}; this host is {first}"
            raise EnvironmentRefusedError("unavailable", words)


def _vendored_key(files: dict[str, bytes]) -> str:
    return repr([(name, hashlib.sha256(data).hexdigest()) for name, data in sorted(files.items())])


def _write(files: dict[str, bytes], folder: Path) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _write_code(release: SealedRelease, folder: Path) -> None:
    """The release's own files; its paths were checked when the archive was read (sdk hpx)."""
    own = {k: v for k, v in release.files.items() if not k.startswith(names.WHEELS_FOLDER)}
    _write(own, folder)


def _fetched(lock: str, folder: Path) -> None:
    path = folder.with_name(names.LOCK_FILE)
    path.write_text(lock)
    fetch(path, folder)


def _check_files(folder: Path) -> None:
    """What came from behind the wall is looked at once more: plain files and folders only."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise EnvironmentRefusedError("invalid", f"unpacking made a link of {path.name!r}")


def _ended(process: "subprocess.Popen[bytes]") -> int:
    try:
        return process.wait(UNPACK_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        words = f"its wheels did not unpack within {UNPACK_SECONDS_MAX} s"
        raise EnvironmentRefusedError("invalid", words) from None
    finally:
        process.kill()
        process.wait()
