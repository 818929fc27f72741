"""The host's side of TUF: what may be loaded here, decided offline from metadata kept on disk.

`refresh` asks a mirror for news; everything it brings is verified by python-tuf before it is kept.
`admit` needs no network: the newest metadata on disk decides, until its timestamp expires.
What was verified of one generation is held in this process's memory; expiry is looked at each time.
"""

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency.checkpoint import Witnesses
from hyperpersonal_sdk.transparency.note import NoteKey
from msgspec import Struct
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import MetaFile
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from hyperpersonal_registry.trust import verified
from hyperpersonal_registry.trust.logged import Logged
from hyperpersonal_registry.trust.subjects import Measured, measure
from hyperpersonal_registry.trust.verified import Admitted, guarded

Mirror = Callable[[str], bytes | None]
"""Gives a metadata file by name (`3.root.json`); None when there is none. May raise OSError."""

CONFIG = UpdaterConfig(max_delegations=8, prefix_targets_with_hash=False)
TIMESTAMP = "timestamp.json"
_BASE = "mirror:///"


class _Held(Struct):
    """What was verified of one generation."""

    folder: Path
    updater: Updater
    admitted: dict[tuple[str, str, str], Admitted]
    logged: set[tuple[str, str, str]]


class Trust:
    """What one host believes. Safe to use from several threads, and processes on one folder.

    Args:
        folder: where verified metadata is kept; survives restarts, so nothing older is believed.
        root: the first root, which came with the software.
        needs_review: whether a release must have passed review.
        unreviewed: namespaces whose releases this host's operator takes without one.
        witnesses: whose cosignatures the registry's log must show here; none: its own key does.
    """

    def __init__(
        self,
        folder: Path,
        root: bytes,
        *,
        needs_review: bool = True,
        unreviewed: Collection[str] = (),
        witnesses: Witnesses | None = None,
    ) -> None:
        self._folder = folder
        self._current = folder / "current"
        self._root = root
        self._needs_review = needs_review
        self._unreviewed = frozenset(unreviewed)
        self._logged = Logged(folder / "log", witnesses or Witnesses())
        self._mutex = threading.Lock()
        self._held: _Held | None = None
        with self._refreshing():
            if not self._current.exists():
                self._exchange(_generation(folder))

    def refresh(self, mirror: Mirror) -> bool:
        """Take the newest metadata in, all of it: later everything is decided offline.

        Returns:
            Whether there was anything new.

        Raises:
            UntrustedError: `untrusted_metadata`, `expired_metadata`, `unreachable` or `split_view`;
                what was believed before still is. What else is wrong with the log: the news are
                believed, but for releases that are not proven to be in it.
        """
        with self._refreshing():
            if self._is_newest(mirror):
                return self._logged.catch_up(self._updater_held(), mirror)
            following = _generation(self._folder)
            shutil.copytree(
                self._current, following, dirs_exist_ok=True, symlinks=True, copy_function=os.link
            )
            try:
                updater = self._updater(_FromMirror(mirror), following)
                verified.take_all(updater, self._known_parts())
                hindered = self._logged.take(updater, mirror)
            except BaseException:
                shutil.rmtree(following)
                raise
            self._exchange(following)
            if hindered is not None:
                raise hindered
            return True

    def admit(
        self, plugin_id: str, version: str, archive: bytes, *, unreviewed: bool = False
    ) -> Admitted:
        """Whether these bytes may be loaded as this release. `unreviewed`: by a merchant who
        accepted code nobody reviewed.

        Raises:
            UntrustedError: expired_metadata, untrusted_metadata, unknown_release, altered,
                withdrawn, unreviewed or unlogged.
        """
        return self.admit_measured(plugin_id, version, measure(archive), unreviewed=unreviewed)

    def admit_measured(
        self, plugin_id: str, version: str, archive: Measured, *, unreviewed: bool = False
    ) -> Admitted:
        """The same for bytes that were measured before and held since. Raises as `admit`."""
        with self._mutex:
            held = self._known()
            asked = (plugin_id, version, archive.sha256)
            found = held.admitted.get(asked)
            if found is not None:
                verified.check_expiry(held.updater, *verified.rests_on(found))
            else:
                found = self._asked(held, plugin_id, version, archive)
                held.admitted[asked] = found
            found.check_people(0 if unreviewed else self._people(plugin_id, archive))
            if asked not in held.logged:
                self._logged.check(held.updater, plugin_id, version, archive)
                held.logged.add(asked)
            return found

    def held(
        self, plugin_id: str, version: str, archive: Measured, *, unreviewed: bool = False
    ) -> Admitted | None:
        """What was admitted under the newest generation and still is, without any work; None:
        ask `admit_measured`, which may take milliseconds."""
        if not self._mutex.acquire(blocking=False):
            return None
        try:
            held = self._held
            if held is None or held.folder != self._current.resolve():
                return None
            asked = (plugin_id, version, archive.sha256)
            found = held.admitted.get(asked) if asked in held.logged else None
            if found is not None:
                verified.check_expiry(held.updater, *verified.rests_on(found))
                found.check_people(0 if unreviewed else self._people(plugin_id, archive))
            return found
        except UntrustedError:
            return None
        finally:
            self._mutex.release()

    def keys_of(self, role: str) -> list[bytes]:
        """The public keys that speak for a role: `timestamp`, a namespace.

        Raises:
            UntrustedError: what is known here is not good, or no longer.
        """
        with self._mutex:
            return verified.keys_of(self._known().updater, role)

    def reviewers(self) -> list[bytes]:
        """The public keys whose reviews count. Raises as `keys_of`."""
        with self._mutex:
            return verified.reviewers(self._known().updater)

    def log(self) -> NoteKey | None:
        """The log the root names; None: none. Raises as `keys_of`."""
        return self._logged.log(self._updater_held())

    def forget(self) -> None:
        """Verify everything anew at the next question."""
        with self._mutex:
            self._held = None

    @property
    def version(self) -> int:
        """The number of the newest timestamp known; 0 before the first refresh."""
        return verified.version_in(self._current)

    def _people(self, plugin_id: str, archive: Measured) -> int:
        """How many reviewers must stand for it here."""
        taken = not self._needs_review or plugin_id.partition("/")[0] in self._unreviewed
        return 0 if taken else archive.reviews

    def _asked(self, held: _Held, plugin_id: str, version: str, archive: Measured) -> Admitted:
        try:
            return guarded(partial(verified.admit, held.updater, plugin_id, version, archive))
        except UntrustedError as error:
            if error.code == "unreachable":  # a file on this disk is broken: the news will mend it
                self._held = None
            raise

    def _known_parts(self) -> dict[str, MetaFile]:
        """What the generation kept on disk is made of, where this process verified it."""
        with self._mutex:
            held = self._held
            if held is None or held.folder != self._current.resolve():
                return {}
            return dict(held.updater._trusted_set.snapshot.meta)

    def _updater_held(self) -> Updater:
        with self._mutex:
            return self._known().updater

    def _known(self) -> _Held:
        """What is kept on disk, verified once in this process; its expiry is checked each time."""
        now = self._current.resolve()
        if self._held is None or self._held.folder != now:
            updater = self._updater(_FromMirror(self._kept), now)
            try:
                guarded(updater.refresh)
            except UntrustedError as error:
                if error.code != "unreachable":
                    raise
                raise verified.why_not(now) from error
            verified.load_all(updater)
            self._held = _Held(now, updater, {}, set())
        verified.check_expiry(self._held.updater)
        return self._held

    def _is_newest(self, mirror: Mirror) -> bool:
        """Whether the mirror's timestamp is the one we have, still good, and no root follows."""
        kept = self._kept(TIMESTAMP)
        if kept is None or guarded(partial(mirror, TIMESTAMP)) != kept:
            return False
        with self._mutex:
            try:
                root = self._known().updater._trusted_set.root
            except UntrustedError:
                return False
        return guarded(partial(mirror, f"{root.version + 1}.root.json")) is None

    @contextmanager
    def _refreshing(self) -> Iterator[None]:
        """One process at a time changes the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _exchange(self, following: Path) -> None:
        """All of the news or nothing of it, whenever this process ends. The generation before
        stays for others who are reading it; older ones go."""
        before = self._current.resolve() if self._current.exists() else None
        link = following.with_suffix(".link")
        link.symlink_to(following.name)
        link.replace(self._current)
        for old in self._folder.glob("generation-*"):
            if old.is_dir() and old.resolve() not in (before, following.resolve()):
                shutil.rmtree(old, ignore_errors=True)

    def _updater(self, fetcher: FetcherInterface, folder: Path) -> Updater:
        make = partial(Updater, str(folder), _BASE, fetcher=fetcher, config=CONFIG)
        return guarded(partial(make, bootstrap=self._root))

    def _kept(self, name: str) -> bytes | None:
        """Offline only the timestamp is asked again, and it is the one we have."""
        path = self._current / TIMESTAMP
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
    return Path(tempfile.mkdtemp(dir=folder, prefix="generation-"))
