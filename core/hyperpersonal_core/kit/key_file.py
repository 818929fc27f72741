"""Secret keys of 32 bytes in a file: one base64 line each, the newest last, for its owner only."""

import base64
import fcntl
import os
import stat
from pathlib import Path

from hyperpersonal_core.kit.errors import RefusedError

KEY_BYTES = 32
KEYS_MAX = 1_000
OWNER_ONLY = 0o600
FOR_OTHERS = 0o037  # a group may read it: that is how secrets are mounted into containers


class KeyFile:
    """Made with one random key when it is missing; of processes that make it at once one wins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            self._write([os.urandom(KEY_BYTES)], fresh=True)

    def read(self) -> list[bytes]:
        """All keys, the oldest first.

        Raises:
            RefusedError: others can read the file, or it holds no keys.
        """
        if stat.S_IMODE(self.path.stat().st_mode) & FOR_OTHERS:
            raise RefusedError(f"{self.path} can be read by others; run: chmod 600 {self.path}")
        try:
            keys = [base64.b64decode(line, validate=True) for line in self.path.read_text().split()]
        except ValueError:
            keys = []
        if not 1 <= len(keys) <= KEYS_MAX or {len(key) for key in keys} != {KEY_BYTES}:
            raise RefusedError(f"{self.path} holds no keys of {KEY_BYTES} bytes (base64 lines)")
        return keys

    def add(self) -> None:
        """A new key at the end; the old ones stay."""
        with (self.path.parent / f"{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._write([*self.read(), os.urandom(KEY_BYTES)])

    def _write(self, keys: list[bytes], *, fresh: bool = False) -> None:
        """All of it or nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        made = self.path.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(made, flags, OWNER_ONLY), "wb") as file:
            file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, self.path) if fresh else made.replace(self.path)
        except FileExistsError:
            pass
        finally:
            made.unlink(missing_ok=True)
