"""Where artifacts are kept, by digest. A store is not trusted: what it gives is verified."""

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from hyperpersonal_sdk.hpx import ARCHIVE_BYTES_MAX

_DIGEST = re.compile(r"sha256:([0-9a-f]{2})([0-9a-f]{62})")
_KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{62})\.hpx")


class Blobs(Protocol):
    """Bytes by digest; written once, never changed.

    A store that is another machine raises OutsideError from each of these; its message says what
    to do.
    """

    async def put(self, digest: str, artifact: bytes) -> None:
        """Keep an artifact; it is there whole or not at all. What was altered there is mended."""

    async def get(self, digest: str) -> bytes | None:
        """What is kept under a digest, as it is now, at most one byte more than ARCHIVE_BYTES_MAX;
        None: nothing."""

    def digests(self) -> AsyncIterator[str]:
        """The digest of each artifact that is kept, in any order."""


def key_of(digest: str) -> str:
    """Where a store keeps the artifact: `ab/cdef….hpx`. Raises ValueError: it is no digest."""
    found = _DIGEST.fullmatch(digest)
    if found is None:
        raise ValueError(f"{digest!r} is no digest (sha256:<64 hex digits>)")
    return f"{found[1]}/{found[2]}.hpx"


def digest_at(key: str) -> str | None:
    """The digest whose artifact is kept there; None for what is not of ours."""
    found = _KEY.fullmatch(key)
    return f"sha256:{found[1]}{found[2]}" if found else None


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

    async def digests(self) -> AsyncIterator[str]:
        """Each digest under the folder, in order."""
        for digest in await asyncio.to_thread(_listed, self._root):
            yield digest

    def _path(self, digest: str) -> Path:
        return self._root / key_of(digest)


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


def _listed(root: Path) -> list[str]:
    paths = sorted(path.relative_to(root).as_posix() for path in root.glob("??/*.hpx"))
    return [digest for digest in map(digest_at, paths) if digest is not None]
