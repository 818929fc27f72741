"""The host's side of TUF: what may be loaded here, decided offline from metadata kept on disk.

`refresh` asks a mirror for news; everything it brings is verified by python-tuf before it is kept.
`admit` needs no network: the newest metadata on disk decides, until its timestamp expires.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from hyperpersonal_sdk.errors import UntrustedError
from msgspec import Struct
from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
)
from tuf.api.metadata import Metadata, TargetFile, Timestamp
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from hyperpersonal_registry.trust.namespaces import release_path
from hyperpersonal_registry.trust.roles import HOUSE_ROLES, REVIEWS, WITHDRAWN

T = TypeVar("T")
Mirror = Callable[[str], bytes | None]
"""Gives a metadata file by name (`3.root.json`); None when there is none. May raise OSError."""

CONFIG = UpdaterConfig(max_delegations=8, prefix_targets_with_hash=False)
_BASE = "mirror:///"


class Admitted(Struct, frozen=True):
    """An archive that may be loaded: its publisher and a reviewer stand for these very bytes."""

    plugin_id: str
    version: str
    sha256: str


class Trust:
    """What one host believes.

    Args:
        folder: where verified metadata is kept; survives restarts, so nothing older is believed.
        root: the first root, which came with the software.
        needs_review: whether a release must have passed review (not so for private plugins).
    """

    def __init__(self, folder: Path, root: bytes, *, needs_review: bool = True) -> None:
        self._folder = folder
        self._current = folder / "current"
        if not self._current.exists():
            self._exchange(_generation(folder))
        self._root = root
        self._needs_review = needs_review

    def refresh(self, mirror: Mirror) -> None:
        """Take the newest metadata in, all of it: later everything is decided offline.

        Raises:
            UntrustedError: `untrusted_metadata`, `expired_metadata` or `unreachable`; what was
                believed before still is.
        """
        following = _generation(self._folder)
        shutil.copytree(self._current, following, dirs_exist_ok=True, symlinks=True)
        try:
            _take_all(self._updater(_FromMirror(mirror), following))
        except BaseException:
            shutil.rmtree(following)
            raise
        self._exchange(following)

    def admit(self, plugin_id: str, version: str, archive: bytes) -> Admitted:
        """Whether these bytes may be loaded as this release.

        Raises:
            UntrustedError: expired_metadata, untrusted_metadata, unknown_release, altered,
                unreviewed or withdrawn.
        """
        known = self._known()
        path, digest = release_path(plugin_id, version), hashlib.sha256(archive).hexdigest()
        target = _find(known, path)
        if target is None:
            _refuse("unknown_release", f"{path}: its publisher has no such release")
        if target.length != len(archive) or target.hashes.get("sha256") != digest:
            _refuse("altered", f"{path}: these are not the bytes its publisher signed")
        withdrawn = _find(known, f"{WITHDRAWN}/{digest}")
        if withdrawn is not None:
            _refuse("withdrawn", f"{path} was withdrawn: {withdrawn.custom['reason']}")
        if self._needs_review and _find(known, f"{REVIEWS}/{digest}") is None:
            _refuse("unreviewed", f"{path}: no reviewer stands for it")
        return Admitted(plugin_id, version, digest)

    def _known(self) -> Updater:
        """What is kept, verified anew: nothing here trusts its own disk."""
        known = self._updater(_FromMirror(self._kept), self._current)
        try:
            _guarded(known.refresh)
        except UntrustedError as error:
            if error.code != "unreachable":
                raise
            code, why = self._why_not()
            raise UntrustedError(code, why) from error
        return known

    def _why_not(self) -> tuple[str, str]:
        """Of metadata that does not do, python-tuf only says that it would fetch newer."""
        for name in ("timestamp", "snapshot", "targets"):
            path = self._current / f"{name}.json"
            if path.exists():
                expires = Metadata[Timestamp].from_file(str(path)).signed.expires
                if datetime.now(UTC) >= expires:
                    return "expired_metadata", f"the {name} known here expired {expires}"
        return "untrusted_metadata", "what is kept here is not whole; refresh it"

    def _exchange(self, following: Path) -> None:
        """All of the news or nothing of it, whenever this process ends."""
        before = self._current.resolve() if self._current.exists() else None
        link = following.with_suffix(".link")
        link.symlink_to(following.name)
        link.replace(self._current)
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)

    def _updater(self, fetcher: FetcherInterface, folder: Path) -> Updater:
        make = partial(Updater, str(folder), _BASE, fetcher=fetcher, config=CONFIG)
        return _guarded(partial(make, bootstrap=self._root))

    def _kept(self, name: str) -> bytes | None:
        """Offline only the timestamp is asked again, and it is the one we have."""
        path = self._current / "timestamp.json"
        return path.read_bytes() if name == path.name and path.exists() else None


class _FromMirror(FetcherInterface):
    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def _fetch(self, url: str) -> Iterator[bytes]:
        data = self._mirror(url.removeprefix(_BASE))
        if data is None:
            raise DownloadHTTPError("there is no such file", 404)
        yield data


def _generation(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder, prefix="generation-"))


def _take_all(updater: Updater) -> None:
    """The newest of every role. A publisher's own fault is its own loss: nothing of it is
    admitted, everything of the others is."""
    _guarded(updater.refresh)
    for name in _delegated(updater):
        try:
            _guarded(partial(updater._load_targets, name, "targets"))
        except UntrustedError as error:
            if name in HOUSE_ROLES or error.code == "unreachable":
                raise


def _delegated(updater: Updater) -> list[str]:
    """The roles that have signed something, but for the platform's own `targets`."""
    names = [name.removesuffix(".json") for name in updater._trusted_set.snapshot.meta]
    return [name for name in names if name != "targets"]


def _find(updater: Updater, path: str) -> TargetFile | None:
    if path.partition("/")[0] not in _delegated(updater):
        return None
    return _guarded(partial(updater.get_targetinfo, path))


def _guarded(ask: Callable[[], T]) -> T:
    """python-tuf's refusals as ours."""
    try:
        return ask()
    except ExpiredMetadataError as error:
        raise UntrustedError("expired_metadata", f"known here is only: {error}") from error
    except (RepositoryError, ValueError) as error:
        raise UntrustedError("untrusted_metadata", str(error)) from error
    except (DownloadError, OSError) as error:
        raise UntrustedError("unreachable", f"the mirror gave no answer: {error}") from error


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
