"""The registry: who may publish under which name, what was published, what may be loaded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import asyncpg
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_runtime.api import SealedRelease
from hyperpersonal_sdk import checks, signing
from hyperpersonal_sdk.errors import ArchiveError, CheckFailedError, UntrustedError
from hyperpersonal_sdk.manifest import is_name
from hyperpersonal_sdk.signing import Statement, TrustedKey, TrustedRelease

from hyperpersonal_registry import journal, names, releases
from hyperpersonal_registry.blobs import Blobs
from hyperpersonal_registry.errors import PublishRefusedError, ReleaseRefusedError
from hyperpersonal_registry.loading import Loader
from hyperpersonal_registry.log import store, tree
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.releases import NamespaceKeys, Release, Status

KEY_DAYS = 730
KEY_DAYS_MAX = 3_650
REASON_CHARS_MAX = 500


class Registry:
    """One a process. Serves the core as its ReleaseStore through `load`."""

    def __init__(
        self,
        db: Database,
        blobs: Blobs,
        clock: Clock,
        signer: Signer | None = None,
        trust_changed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._db = db
        self._trust_changed = trust_changed
        self._signer = signer
        self._blobs = blobs
        self._clock = clock
        self._loader = Loader(blobs)

    async def create_namespace(
        self, name: str, public: bytes, *, days: int = KEY_DAYS
    ) -> TrustedKey:
        """Let the holder of a key publish under `name/`.

        Args:
            name: small ASCII letters, digits, `-` and `_`, at most 40.
            public: the 32 bytes of an Ed25519 public key.
            days: how long the key is valid.

        Raises:
            RefusedError: the name or the key is malformed.
            ConflictError: the name, one that looks like it, or the key is taken.
        """
        if not is_name(name):
            raise RefusedError("a namespace has small letters, digits, '-' and '_', at most 40")
        if names.borrows_the_house(name):
            raise ConflictError(f"{name!r} looks like a name of this platform", name=name)
        key, now = self._key(name, public, days), self._clock.now()
        async with self._writing(f"{name!r}, a name that looks like it, or its key is taken") as c:
            await releases.add_namespace(c, name, names.skeleton(name), now)
            await releases.add_key(c, key)
            await journal.append(c, now, "namespace.created", name, key=key.key_id)
        return key

    async def add_key(self, namespace: str, public: bytes, *, days: int = KEY_DAYS) -> TrustedKey:
        """Another key for a namespace, to go over to before the old one expires.

        Raises:
            NotFoundError: there is no such namespace.
            ConflictError: the key speaks for somebody already.
        """
        key = self._key(namespace, public, days)
        async with self._writing("this key speaks for a namespace already") as connection:
            try:
                await releases.add_key(connection, key)
            except asyncpg.ForeignKeyViolationError as error:
                raise NotFoundError(f"there is no namespace {namespace!r}") from error
            at = self._clock.now()
            await journal.append(connection, at, "key.added", key.key_id, namespace=namespace)
        return key

    async def revoke_key(self, key_id: str, reason: str) -> None:
        """Distrust a key from now on, and every release only it stands for.

        Raises:
            NotFoundError: there is no such key, or it was revoked before.
        """
        _check_reason(reason)
        now = self._clock.now()
        async with self._db.transaction() as connection:
            if await releases.revoke_key(connection, key_id, now, reason) is None:
                raise NotFoundError("there is no such valid key", key_id=key_id)
            await journal.append(connection, now, "key.revoked", key_id, reason=reason)
        await self._tell()

    async def publish(self, artifact: bytes, envelope: bytes) -> Release:
        """Publish a signed artifact; its version can never be used again.

        Raises:
            PublishRefusedError: `reason` names the check it did not pass.
            ConflictError: the version was used before.
        """
        now = self._clock.now()
        namespace = _claimed_namespace(envelope)
        async with self._db.transaction() as connection:
            keys = await releases.keys_of(connection, namespace)
        try:
            trusted = signing.verify(envelope, artifact, keys.trusted, now)
            await asyncio.to_thread(checks.check, trusted.archive)
        except (UntrustedError, ArchiveError, CheckFailedError) as error:
            raise PublishRefusedError(error.code, str(error)) from error
        release = _release(trusted, envelope, len(artifact), now)
        await self._blobs.put(release.digest, artifact)
        await self._record(release, trusted.key_id)
        return release

    async def sign_again(self, envelope: bytes) -> None:
        """Let a newer key of the namespace stand for a published release from now on.

        Raises:
            PublishRefusedError: the envelope is not trusted, or says something else than the
                release's first signature.
            NotFoundError: its digest was never published.
        """
        now, namespace = self._clock.now(), _claimed_namespace(envelope)
        async with self._db.transaction() as connection:
            keys = await releases.keys_of(connection, namespace)
            statement, key = _verified(envelope, keys, now)
            release = await releases.by_digest(connection, statement.digest)
            if release is None:
                raise NotFoundError("no release has this digest", digest=statement.digest)
            if statement != signing.claimed(release.envelope):
                message = f"the statement is not the one {release.name} was published with"
                raise PublishRefusedError("other_statement", message)
            await releases.add_envelope(connection, release.digest, envelope, now)
            await journal.append(
                connection, now, "release.signed_again", release.name, key=key.key_id
            )

    async def find(self, plugin_id: str, version: str | None = None) -> Release:
        """A published release; the newest one without a pre-release label, if none is named.

        Raises:
            NotFoundError: there is none, or it was yanked or revoked.
        """
        found = [r for r in await self.releases(plugin_id) if r.status == "published"]
        if version is None:
            stable = [release for release in found if "-" not in release.version]
            wanted = (stable or found)[-1:]
        else:
            wanted = [release for release in found if release.version == version]
        if not wanted:
            what = plugin_id if version is None else f"{plugin_id}@{version}"
            raise NotFoundError(f"there is no release {what} to install", plugin_id=plugin_id)
        return wanted[0]

    async def releases(self, plugin_id: str) -> list[Release]:
        """Every release of a plugin, withdrawn ones too, lowest version first."""
        async with self._db.transaction() as connection:
            found = await releases.by_plugin(connection, plugin_id)
        return sorted(found, key=lambda release: names.version_key(release.version))

    async def load(self, digest: str) -> SealedRelease:
        """The verified release of a digest.

        Raises:
            ReleaseRefusedError: `reason` is unknown, lost, quarantined, revoked, revoked_key, or a code
                of `hyperpersonal_sdk.signing.verify`.
        """
        async with self._db.transaction() as connection:
            release = await releases.by_digest(connection, digest)
            if release is None:
                raise ReleaseRefusedError("unknown", f"no release here has the digest {digest}")
            keys = await releases.keys_of(connection, release.plugin_id.partition("/")[0])
        return await self._loader.load(release, keys, self._clock.now())

    async def yank(self, plugin_id: str, version: str, reason: str) -> None:
        """The author withdraws a release. Raises NotFoundError."""
        await self._withdraw(plugin_id, version, "yanked", reason)

    async def revoke(self, plugin_id: str, version: str, reason: str) -> None:
        """The platform forbids a release for good. Raises NotFoundError."""
        await self._withdraw(plugin_id, version, "revoked", reason)
        await self._tell()

    async def journal(self, after: int = 0, limit: int = 100) -> list[journal.Entry]:
        """What changed, oldest first, after entry number `after`."""
        async with self._db.transaction() as connection:
            return await journal.page(connection, after, limit)

    async def journal_fault(self) -> int | None:
        """The number of the first journal entry that was tampered with; None when all hold."""
        async with self._db.transaction() as connection:
            return await journal.first_fault(connection)

    async def checkpoint(self) -> bytes:
        """The log's newest checkpoint, signed: what witnesses see and verifiers keep.

        Raises:
            NotFoundError: this registry has no key for its log.
        """
        if self._signer is None:
            raise NotFoundError("this registry does not sign its log")
        async with self._db.transaction() as connection:
            size = await journal.size(connection)
            return self._signer.sign(size, await tree.root(store.reader(connection), size))

    async def inclusion_proof(self, n: int, size: int) -> list[bytes]:
        """The proof that entry number `n` is in the log of `size` entries.

        Raises:
            NotFoundError: the log has no such entry or never had that size.
        """
        async with self._reading(n, size) as connection:
            return await tree.inclusion(store.reader(connection), n - 1, size)

    async def growth_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the log of `new_size` continues the one of `old_size`.

        Raises:
            NotFoundError: the log never had one of these sizes.
        """
        async with self._reading(old_size, new_size) as connection:
            return await tree.consistency(store.reader(connection), old_size, new_size)

    async def _record(self, release: Release, key_id: str) -> None:
        look = names.without_separators(release.plugin_id)
        async with self._writing(f"{release.name} was published before") as connection:
            other = await releases.alike(connection, release.plugin_id, look)
            if other is not None:
                message = f"{release.plugin_id} looks like {other}; use its id or another name"
                raise PublishRefusedError("look_alike", message)
            await releases.add(connection, release, look)
            detail = {"digest": release.digest, "key": key_id}
            at = release.published_at
            await journal.append(connection, at, "release.published", release.name, **detail)

    async def _withdraw(self, plugin_id: str, version: str, status: Status, reason: str) -> None:
        _check_reason(reason)
        name = f"{plugin_id}@{version}"
        async with self._db.transaction() as connection:
            digest = await releases.set_status(connection, plugin_id, version, status, reason)
            if digest is None:
                raise NotFoundError(f"there is no release {name} that is not revoked already")
            kind = f"release.{status}"
            await journal.append(connection, self._clock.now(), kind, name, reason=reason)

    @asynccontextmanager
    async def _reading(self, small: int, big: int) -> AsyncIterator[Connection]:
        """A transaction that sees a log of at least `big` entries."""
        async with self._db.transaction() as connection:
            if not 1 <= small <= big <= await journal.size(connection):
                raise NotFoundError("the log has no such entry or size", sizes=[small, big])
            yield connection

    async def _tell(self) -> None:
        """Whoever runs releases verifies them again now, and not only at their next load."""
        if self._trust_changed is not None:
            await self._trust_changed()

    def _key(self, namespace: str, public: bytes, days: int) -> TrustedKey:
        if len(public) != 32 or not 1 <= days <= KEY_DAYS_MAX:
            raise RefusedError(f"a key has 32 bytes and 1 to {KEY_DAYS_MAX} days")
        now = self._clock.now()
        return TrustedKey(public, namespace, now, now + timedelta(days=days))

    @asynccontextmanager
    async def _writing(self, taken: str) -> AsyncIterator[Connection]:
        try:
            async with self._db.transaction() as connection:
                yield connection
        except asyncpg.UniqueViolationError as error:
            raise ConflictError(taken) from error


def _claimed_namespace(envelope: bytes) -> str:
    """Whose keys to ask for; the claim is proven when the signature is verified."""
    try:
        return signing.claimed(envelope).id.partition("/")[0]
    except UntrustedError as error:
        raise PublishRefusedError(error.code, str(error)) from error


def _verified(envelope: bytes, keys: NamespaceKeys, now: datetime) -> tuple[Statement, TrustedKey]:
    try:
        return signing.verify_statement(envelope, keys.trusted, now)
    except UntrustedError as error:
        raise PublishRefusedError(error.code, str(error)) from error


def _check_reason(reason: str) -> None:
    if not 1 <= len(reason.strip()) <= REASON_CHARS_MAX:
        raise RefusedError(f"say why, in at most {REASON_CHARS_MAX} characters")


def _release(trusted: TrustedRelease, envelope: bytes, size: int, now: datetime) -> Release:
    said = trusted.statement
    return Release(said.digest, said.id, said.version, trusted.manifest, envelope, size, now)
