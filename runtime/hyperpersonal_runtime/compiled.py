"""Compiled components on this machine's disk, beside the shared guest, by a key of all they need.

Machine code is only ever what this host compiled itself: a file appears by a rename when it is
whole, under a name made of the component's digest and of everything its code depends on.
"""

import hashlib
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from hyperpersonal_runtime.guest_build import ENGINE_SETTINGS

BYTES_MAX = 3 << 30
UNUSED_SECONDS = 3_600  # younger files are never deleted: a worker may be about to load them


class Compiled:
    """The folder of compiled guests. Files used last are kept, `bytes_max` in all."""

    def __init__(self, folder: Path, bytes_max: int = BYTES_MAX) -> None:
        self._folder = folder
        self._bytes_max = bytes_max

    def name(self, kind: str, *parts: str) -> str:
        """The file name of what is made of these parts by this engine on this machine."""
        about = (kind, *parts, version("wasmtime"), ENGINE_SETTINGS, platform.machine())
        return f"{kind}-{hashlib.sha256(repr(about).encode()).hexdigest()[:40]}.cwasm"

    def holds(self, name: str) -> bool:
        """Whether the file is there; then it is marked as used now."""
        try:
            os.utime(self._folder / name)
        except FileNotFoundError:
            return False
        return True

    def put(self, made: Path, name: str) -> None:
        """Take a finished file in, and let go of what was not used for long."""
        os.chmod(made, 0o644)
        os.replace(made, self._folder / name)
        self._prune()

    def rename(self, old: str, new: str) -> None:
        """A file that was tried gets the name under which it is found."""
        os.replace(self._folder / old, self._folder / new)

    def discard(self, name: str) -> None:
        """Take a file away; nothing when it is not there. Whoever has mapped it keeps it."""
        (self._folder / name).unlink(missing_ok=True)

    def _prune(self) -> None:
        files = [(path.stat(), path) for path in self._folder.glob("*-*.cwasm")]
        used = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda file: file[0].st_mtime):
            if used <= self._bytes_max or time.time() - stat.st_mtime < UNUSED_SECONDS:
                return
            path.unlink(missing_ok=True)
            used -= stat.st_size
