"""The registry: who may publish under which name, what was published, what may be loaded.

A face over small services; each says its own rules.
"""

from collections.abc import Awaitable, Callable, Sequence

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_runtime.api import SealedRelease
from hyperpersonal_sdk.signing import TrustedKey

from hyperpersonal_registry import journal, names, releases, sbom, signatures
from hyperpersonal_registry.blobs import Blobs
from hyperpersonal_registry.claims import Claims
from hyperpersonal_registry.decision import Case
from hyperpersonal_registry.errors import PublishRefusedError, ReleaseRefusedError
from hyperpersonal_registry.ground import Ground, tell_nobody
from hyperpersonal_registry.identities import Identities
from hyperpersonal_registry.lifecycle import Lifecycle
from hyperpersonal_registry.loading import Loader
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.log.view import LogView
from hyperpersonal_registry.namespaces import KEY_DAYS, Namespaces
from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.queue import Queue
from hyperpersonal_registry.releases import NamespaceKeys, Release
from hyperpersonal_registry.submissions import Reviewed, Submission
from hyperpersonal_registry.trust.keeper import Keeper
from hyperpersonal_registry.trust.roles import OnlineKeys
from hyperpersonal_registry.trust.store import MetadataStore
from hyperpersonal_registry.verdicts import Verdict
from hyperpersonal_registry.withdrawal import Withdrawals


class Registry:
    """One a process. Serves the core as its ReleaseStore through `load`.

    Args:
        db, blobs, clock: tables, artifacts, time.
        signer: of the log; None: this process signs no checkpoints.
        trust_changed: lets hosts know that there is something new to believe, or no longer.
        policy: what a release needs; `Policy.private()` when left out.
        metadata: the registry's half of TUF; only where its online keys are.
        keeper: this host's half: with it, nothing is loaded that it does not admit.
    """

    def __init__(
        self,
        db: Database,
        blobs: Blobs,
        clock: Clock,
        signer: Signer | None = None,
        trust_changed: Callable[[], Awaitable[None]] | None = None,
        *,
        policy: Policy | None = None,
        metadata: MetadataStore | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        told = trust_changed or tell_nobody
        rules = (policy or Policy.private(), metadata, told, keeper is not None, signer)
        self.ground = Ground(db, blobs, clock, *rules)
        self._db = db
        self._clock = clock
        self._loader = Loader(blobs, keeper)
        self._lifecycle = Lifecycle(self.ground)
        self._namespaces = Namespaces(self.ground)
        self._withdrawals = Withdrawals(self.ground)
        self.people = Identities(self.ground)
        self.claims = Claims(self.ground, self._namespaces)
        self.queue = Queue(self.ground)
        self.log = LogView(self.ground)
        self.checkpoint = self.log.checkpoint
        self.inclusion_proof = self.log.inclusion_proof
        self.growth_proof = self.log.growth_proof

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
        return await self._namespaces.create(name, public, days=days)

    async def add_key(self, namespace: str, public: bytes, *, days: int = KEY_DAYS) -> TrustedKey:
        """Another key for a namespace, to go over to before the old one expires.

        Raises:
            NotFoundError: there is no such namespace.
            ConflictError: the key speaks for somebody already.
        """
        return await self._namespaces.add_key(namespace, public, days=days)

    async def revoke_key(self, key_id: str, reason: str) -> None:
        """Distrust a key from now on, and every release only it stands for.

        Raises:
            NotFoundError: there is no such key, or it was revoked before.
        """
        await self._namespaces.revoke_key(key_id, reason)

    async def submit(
        self, artifact: bytes, envelope: bytes, metadata: bytes | None = None
    ) -> Submission:
        """Hand in a signed release. See `Lifecycle.submit`, as for the four that follow."""
        return await self._lifecycle.submit(artifact, envelope, metadata)

    async def record_verdicts(self, digest: str, report: Sequence[Verdict]) -> Submission:
        """What a run of the checks found."""
        return await self._lifecycle.record_verdicts(digest, report)

    async def record_review(self, digest: str, attestation: bytes) -> Submission:
        """A reviewer's signed word."""
        return await self._lifecycle.record_review(digest, attestation)

    async def appeal(self, digest: str, text: str) -> Submission:
        """Ask people to look at what failed."""
        return await self._lifecycle.appeal(digest, text)

    async def submission(self, digest: str) -> Submission:
        """Where a submission stands. Raises NotFoundError."""
        return (await self._lifecycle.case(digest))[0]

    async def case(self, digest: str) -> tuple[Submission, Case, list[Reviewed]]:
        """A submission with all its decision rests on, and its reviews as they were signed."""
        return await self._lifecycle.case(digest)

    async def publish(
        self, artifact: bytes, envelope: bytes, metadata: bytes | None = None
    ) -> Release:
        """Publish a signed artifact at once, where the policy asks for nothing that takes time.

        Raises:
            PublishRefusedError: `reason` names the check it did not pass; `review_due`: it must be
                submitted.
            ConflictError: the version was used before.
        """
        made = await self._lifecycle.publish_at_once(artifact, envelope, metadata)
        async with self._db.transaction() as connection:
            release = await releases.by_digest(connection, made.digest)
        if release is None:
            raise PublishRefusedError("review_due", "; ".join(made.why))
        return release

    async def sign_again(self, envelope: bytes) -> None:
        """Let a newer key of the namespace stand for a published release from now on.

        Raises:
            PublishRefusedError: the envelope is not trusted, or says something else than the
                release's first signature.
            NotFoundError: its digest was never published.
        """
        await signatures.sign_again(self.ground, envelope)

    async def renew(self, namespace: str, metadata: bytes) -> None:
        """A namespace's next trust metadata that adds nothing: signed by a newer key, or longer
        valid. Of releases published before there was trust metadata it may add any.

        Raises:
            RefusedError: its keys do not stand for it, or it names what was not published.
        """
        await signatures.renew(self.ground, namespace, metadata)

    async def stand_for(self, digest: str, attestations: Sequence[bytes]) -> None:
        """Reviews of a release that is published already: from before there was trust metadata,
        or because a reviewer is one no more.

        Raises:
            PublishRefusedError: `unreviewed`: they are not enough for it.
            NotFoundError: nothing of this digest was published, or it stands in no metadata.
        """
        await signatures.stand_for(self.ground, digest, attestations)

    async def change_root(self, data: bytes, keys: OnlineKeys | None = None) -> int:
        """A new root after its ceremony; its version.

        Args:
            data: signed by as many holders as must, of the root before and of this one.
            keys: the registry's own, where it names new ones.

        Raises:
            RefusedError: it is not.
        """
        return await signatures.change_root(self.ground, data, keys)

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

    async def of_namespace(self, namespace: str) -> list[Release]:
        """Every release of a publisher, in order of publication."""
        async with self._db.transaction() as connection:
            return await releases.by_namespace(connection, namespace)

    async def by_digest(self, digest: str) -> Release | None:
        """The release of a digest, withdrawn ones too."""
        async with self._db.transaction() as connection:
            return await releases.by_digest(connection, digest)

    async def keys_of(self, namespace: str) -> NamespaceKeys:
        """Keys that speak for a name, and those that no longer may."""
        return await self._namespaces.keys(namespace)

    async def sbom(self, digest: str) -> bytes:
        """What a release is made of: CycloneDX 1.6. Raises NotFoundError."""
        return await sbom.of_release(self.ground, digest)

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        """The verified release of a digest. `unreviewed`: for a merchant who accepted code that
        nobody reviewed.

        Raises:
            ReleaseRefusedError: `reason` is unknown, lost, quarantined, revoked, revoked_key, or a
                code of `hyperpersonal_sdk.signing.verify` or of `Trust.admit`.
        """
        async with self._db.transaction() as connection:
            release = await releases.by_digest(connection, digest)
            if release is None:
                raise ReleaseRefusedError("unknown", f"no release here has the digest {digest}")
            keys = await releases.keys_of(connection, release.plugin_id.partition("/")[0])
        return await self._loader.load(release, keys, self._clock.now(), unreviewed=unreviewed)

    async def yank(self, plugin_id: str, version: str, reason: str) -> None:
        """The author withdraws a release. Raises NotFoundError."""
        await self._withdrawals.yank(plugin_id, version, reason)

    async def revoke(self, plugin_id: str, version: str, reason: str) -> None:
        """The platform forbids a release for good. Raises NotFoundError."""
        await self._withdrawals.revoke(plugin_id, version, reason)

    async def journal(self, after: int = 0, limit: int = 100) -> list[journal.Entry]:
        """What changed, oldest first, after entry number `after`."""
        async with self._db.transaction() as connection:
            return await journal.page(connection, after, limit)

    async def log_size(self) -> int:
        """How many entries the log has."""
        async with self._db.transaction() as connection:
            return await journal.size(connection)

    async def journal_fault(self) -> int | None:
        """The number of the first journal entry that was tampered with; None when all hold."""
        async with self._db.transaction() as connection:
            return await journal.first_fault(connection)
