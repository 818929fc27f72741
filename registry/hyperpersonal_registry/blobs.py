"""Where artifacts are kept, by digest. A store is not trusted: what it gives is verified."""

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from hyperpersonal_sdk.hpx import ARCHIVE_BYTES_MAX

_DIGEST = re.compile(r"sha256:([0-9a-f]{2})([0-9a-f]{62})")


class Blobs(Protocol):
    """Bytes by digest; written once, never changed."""

    async def put(self, digest: str, artifact: bytes) -> None: ...
    async def get(self, digest: str) -> bytes | None: ...


class FolderBlobs:
    """Files under a folder: `ab/cdef….hpx`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, digest: str, artifact: bytes) -> None:
        """Keep an artifact; the file appears whole or not at all."""
        await asyncio.to_thread(_write, self._path(digest), artifact)

    async def get(self, digest: str) -> bytes | None:
        """The bytes kept under a digest, as they are now; at most one more than is allowed."""
        return await asyncio.to_thread(_read, self._path(digest))

    def _path(self, digest: str) -> Path:
        found = _DIGEST.fullmatch(digest)
        if found is None:
            raise ValueError(f"{digest!r} is no digest (sha256:<64 hex digits>)")
        return self._root / found[1] / f"{found[2]}.hpx"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(ARCHIVE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
