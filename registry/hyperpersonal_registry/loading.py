"""Trust at every load: what is given to the runtime is what its publisher signed, and still stands.

Rules:
1. Status, keys and signature are checked at every load; only the bytes verified once are kept,
   in memory, by digest, so that they need not be read and hashed again.
2. Nothing is fetched: keys, envelope and artifact are the registry's own.
3. The registry's tables are not trusted either: names and digest must be those of the statement.
4. Where there is trust metadata, nothing is loaded that it does not admit at that moment, offline.
5. A yanked release still runs where it is installed, as pinned packages do (PEP 592): an author
   withdraws an offer, and breaks nobody's shop. Quarantine and revocation end it everywhere.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from hyperpersonal_runtime.api import SealedRelease
from hyperpersonal_sdk import signing
from hyperpersonal_sdk.errors import ArchiveError, UntrustedError
from hyperpersonal_sdk.signing import TrustedKey, TrustedRelease
from msgspec import Struct

from hyperpersonal_registry.blobs import Blobs
from hyperpersonal_registry.errors import ReleaseRefusedError
from hyperpersonal_registry.releases import NamespaceKeys, Release
from hyperpersonal_registry.trust.keeper import Keeper
from hyperpersonal_registry.trust.subjects import Measured, measure

HELD_BYTES_MAX = 64 * 1024 * 1024
RUN = frozenset({"published", "yanked"})


class _Held(Struct, frozen=True):
    """Bytes that were verified, as the runtime takes them and as trust asks about them."""

    sealed: SealedRelease
    measured: Measured


class Loader:
    """Verifies releases and holds the bytes it verified, at most 64 MiB of them.

    Args:
        blobs: where artifacts are.
        keeper: what this host believes; None where no ceremony was held.
    """

    def __init__(self, blobs: Blobs, keeper: Keeper | None = None) -> None:
        self._blobs = blobs
        self._keeper = keeper
        self._held: dict[str, _Held] = {}
        self._held_bytes = 0

    async def load(
        self, release: Release, keys: NamespaceKeys, now: datetime, *, unreviewed: bool = False
    ) -> SealedRelease:
        """The verified bytes. Raises ReleaseRefusedError with the reason."""
        if release.status not in RUN:
            what = f"{release.name} was {release.status}: {release.status_reason}"
            raise ReleaseRefusedError(release.status, what)
        held = self._held.get(release.digest)
        if held is not None:
            with _refusing(release, keys, now):
                _same_name(
                    release, signing.verify_statement(release.envelope, keys.trusted, now)[0]
                )
        else:
            held = await self._read(release, keys, now)
        await self._admit(release, held.measured, unreviewed=unreviewed)
        return self._hold(held).sealed

    async def _read(self, release: Release, keys: NamespaceKeys, now: datetime) -> _Held:
        artifact = await self._blobs.get(release.digest)
        if artifact is None:
            raise ReleaseRefusedError("lost", f"the artifact of {release.name} is not stored here")
        with _refusing(release, keys, now):
            trusted = signing.verify(release.envelope, artifact, keys.trusted, now)
            _same_name(release, trusted.statement)
            measured = await asyncio.to_thread(measure, artifact, trusted.archive)
        return _Held(_seal(trusted), measured)

    async def _admit(self, release: Release, measured: Measured, *, unreviewed: bool) -> None:
        """The trust metadata on this host's disk has the last word."""
        if self._keeper is None:
            return
        try:
            asked = (release.plugin_id, release.version, measured)
            await self._keeper.admit(*asked, unreviewed=unreviewed)
        except UntrustedError as error:
            message = f"{release.name} is not trusted: {error}"
            raise ReleaseRefusedError(error.code, message) from error

    def _hold(self, held: _Held) -> _Held:
        if held.sealed.digest not in self._held:
            self._held[held.sealed.digest] = held
            self._held_bytes += _size(held.sealed)
        while self._held_bytes > HELD_BYTES_MAX:
            self._held_bytes -= _size(self._held.pop(next(iter(self._held))).sealed)
        return held


@contextmanager
def _refusing(release: Release, keys: NamespaceKeys, now: datetime) -> Iterator[None]:
    """Turns distrust into the refusal the core knows."""
    try:
        yield
    except (UntrustedError, ArchiveError) as error:
        code, why = error.code, str(error)
        if code == "unknown_key" and _is_signed_by(release, keys.revoked, now):
            code, why = "revoked_key", "the key that signed it was revoked"
        if isinstance(error, ArchiveError):
            code = "altered"
        raise ReleaseRefusedError(code, f"{release.name} is not trusted: {why}") from error


def _is_signed_by(release: Release, keys: list[TrustedKey], now: datetime) -> bool:
    try:
        signing.verify_statement(release.envelope, keys, now)
    except UntrustedError as error:
        return error.code != "unknown_key"
    return True


def _same_name(release: Release, statement: signing.Statement) -> None:
    signed = (statement.id, statement.version, statement.digest)
    if signed != (release.plugin_id, release.version, release.digest):
        said = f"the signature is for {statement.id}@{statement.version} {statement.digest[:19]}…"
        raise UntrustedError("wrong_name", said)


def _seal(trusted: TrustedRelease) -> SealedRelease:
    return SealedRelease(
        plugin_id=trusted.statement.id,
        version=trusted.statement.version,
        digest=trusted.archive.digest,
        entry=trusted.manifest.entry,
        files=trusted.archive.files,
        runtime_kind=trusted.manifest.runtime.kind,
    )


def _size(sealed: SealedRelease) -> int:
    return sum(map(len, sealed.files.values()))
