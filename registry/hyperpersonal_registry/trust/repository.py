"""The registry's side of TUF: takes signed parts in, and signs that they belong together.

Every change gives new files; a file that was given out is never changed (consistent snapshots),
but for `timestamp.json`, which is what hosts ask for. Pure: keys and instants in, files out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_sdk.attestations import claimed
from securesystemslib.signer import Key
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from hyperpersonal_registry.trust import ceremony, namespaces, restoring
from hyperpersonal_registry.trust.restoring import Read
from hyperpersonal_registry.trust.roles import (
    HOUSE_ROLES,
    REVIEWS,
    WITHDRAWN,
    Lifetimes,
    OnlineKeys,
    bins,
    is_bin,
    is_own,
    public_of,
    signer,
)

Part = TypeVar("Part", Root, Targets, Snapshot, Timestamp)
TIMESTAMP = "timestamp.json"


class Repository:
    """All metadata there is. `files`: what a mirror serves, by name.

    Args:
        root: the first root, signed by its holders.
        keys: the registry's own keys.
        now: an aware instant.
    """

    def __init__(
        self,
        root: bytes,
        keys: OnlineKeys,
        now: datetime,
        lifetimes: Lifetimes | None = None,
    ) -> None:
        self._keys = keys
        self._lifetimes = lifetimes or Lifetimes()
        self._root = ceremony.check(root, None)
        self._namespaces: dict[str, Metadata[Targets]] = {}
        self._targets = _unborn(Targets(1, None, now, {}, Delegations({}, {})))
        self._snapshot = _unborn(Snapshot(1, None, now, {}))
        self._timestamp = _unborn(Timestamp(1, None, now, MetaFile(1)))
        self.files: dict[str, bytes] = {"1.root.json": root}
        self._delegate_own(now)
        self._put(WITHDRAWN, Metadata(Targets(1, None, now, {})), now)
        self._put(REVIEWS, Metadata(Targets(1, None, now, {})), now)
        self._publish(now)

    @classmethod
    def restore(
        cls, read: Read, keys: OnlineKeys, lifetimes: Lifetimes | None = None
    ) -> "Repository":
        """The repository whose files are kept somewhere.

        Args:
            read: gives a file by its name.
            keys: the registry's own; what was not signed by them is not gone on with.
            lifetimes: of what is signed from now on.

        Raises:
            KeptFileError: a file is missing, or not what this registry signed.
        """
        found = cls.__new__(cls)
        found._keys, found._lifetimes = keys, lifetimes or Lifetimes()
        kept = restoring.Kept(read, keys)
        found._timestamp = kept.timestamp()
        found._snapshot, snapshot = kept.snapshot(found._timestamp.signed)
        versions = {n.removesuffix(".json"): m for n, m in found._snapshot.signed.meta.items()}
        found._targets = kept.targets(versions.pop("targets").version)
        found._namespaces = {
            name: kept.role(f"{meta.version}.{name}.json") for name, meta in versions.items()
        }
        found._root = kept.root()
        found.files = {f"{found._snapshot.signed.version}.snapshot.json": snapshot}
        return found

    def add_namespace(self, name: str, keys: Iterable[Key], now: datetime) -> None:
        """From now on these keys speak for `name/`. Raises ConflictError."""
        if name in HOUSE_ROLES or name in self._delegations.roles:
            raise ConflictError(f"{name!r} is taken")
        self._delegate(name, keys, 1)
        self._sign_targets(now)
        self._publish(now)

    def change_keys(
        self, name: str, keys: Iterable[Key], now: datetime, threshold: int = 1
    ) -> None:
        """Other keys speak for a namespace. What the old ones signed must be signed again, or is
        believed no more. Raises NotFoundError."""
        if name in HOUSE_ROLES or name not in self._delegations.roles:
            raise NotFoundError(f"there is no namespace {name!r}")
        self._delegate(name, keys, threshold)
        self._sign_targets(now)
        self._publish(now)

    def take(self, name: str, data: bytes, now: datetime) -> list[TargetFile]:
        """The next metadata of a publisher; what is new in it.

        Raises: RefusedError.
        """
        current = self._namespaces.get(name)
        found = namespaces.check(data, name, self._targets, (current, now))
        self._keep(name, found, data)
        self._publish(now)
        return list(namespaces.added(found, current))

    def preview(self, name: str, data: bytes, now: datetime) -> list[TargetFile]:
        """What `take` would give, and nothing is taken. Raises RefusedError."""
        current = self._namespaces.get(name)
        found = namespaces.check(data, name, self._targets, (current, now))
        return list(namespaces.added(found, current))

    def pass_on(self, archive: tuple[str, int], said: Sequence[bytes], now: datetime) -> None:
        """Carry what reviewers signed of an archive to the hosts, who count it themselves.

        Args:
            archive: sha256 (hex) and length of its bytes.
            said: their attestations, all of one report.
            now: an aware instant.

        Raises:
            UntrustedError: an attestation cannot be read.
            RefusedError: there is none, or they are of different reports.
        """
        reports = {claimed(one).report for one in said}
        if len(reports) != 1:
            raise RefusedError("a review rests on attestations of one and the same report")
        sha256, length = archive
        path = f"{REVIEWS}/{sha256}"
        custom = {"custom": {"report": reports.pop(), "attestations": [a.decode() for a in said]}}
        name = bins(public_of(self._keys.targets)).get_role_for_target(path)
        following = self._following(name, now)
        following.signed.targets[path] = TargetFile(length, {"sha256": sha256}, path, custom)
        self._put(name, following, now)
        self._publish(now)

    def withdraw(self, sha256: str, reason: str, now: datetime) -> None:
        """Nobody loads the archive of this digest any more; `sha256`: of its bytes, hex."""
        path = f"{WITHDRAWN}/{sha256}"
        following = self._following(WITHDRAWN, now)
        custom = {"custom": {"reason": reason}}
        following.signed.targets[path] = TargetFile(0, {"sha256": sha256}, path, custom)
        self._put(WITHDRAWN, following, now)
        self._publish(now)

    def reinstate(self, sha256: str, now: datetime) -> None:
        """What was withdrawn for a while may be loaded again. Raises NotFoundError."""
        following = self._following(WITHDRAWN, now)
        if following.signed.targets.pop(f"{WITHDRAWN}/{sha256}", None) is None:
            raise NotFoundError("this archive is not withdrawn", sha256=sha256)
        self._put(WITHDRAWN, following, now)
        self._publish(now)

    def change_root(self, data: bytes, now: datetime, keys: OnlineKeys | None = None) -> None:
        """A new root, after its ceremony; `keys`: the registry's own, where it names new ones.

        Raises:
            RefusedError: it is not signed by those who must.
        """
        self._root = ceremony.check(data, self._root)
        self.files[f"{self._root.signed.version}.root.json"] = data
        if keys is not None:
            self._keys = keys
            self._delegate_own(now)
            for name in filter(is_own, list(self._namespaces)):
                self._put(name, self._following(name, now), now)
        self._publish(now)

    def renew(self, now: datetime) -> list[str]:
        """Sign again what the registry itself signs and what expires within a third of its
        lifetime; the names of what was signed."""
        due = restoring.due(self._parts(), self._lifetimes, now)
        if "targets" in due:
            self._sign_targets(now)
        for name in filter(is_own, due):
            self._put(name, self._following(name, now), now)
        if set(due) - {"timestamp"}:
            self._publish(now)
        elif due:
            self._sign_timestamp(now)
        return due

    def expiries(self) -> dict[str, datetime]:
        """When each role's metadata ends; the reviews as one."""
        everything = {"root": self._root, **self._parts(), **self._namespaces}
        told = {name: part for name, part in everything.items() if not is_bin(name)}
        return {name: part.signed.expires for name, part in told.items()}

    def keys_of(self, name: str) -> list[Key]:
        """Whose keys speak for a delegated role. Raises NotFoundError."""
        if name not in self._delegations.roles:
            raise NotFoundError(f"there is no namespace {name!r}")
        return [self._delegations.keys[k] for k in self._delegations.roles[name].keyids]

    def _parts(self) -> dict[str, Metadata[Any]]:
        """What the registry's own keys sign."""
        own = {name: part for name, part in self._namespaces.items() if is_own(name)}
        top: dict[str, Metadata[Any]] = {
            "targets": self._targets,
            "snapshot": self._snapshot,
            "timestamp": self._timestamp,
        }
        return {**top, **own}

    def refresh(self, now: datetime) -> None:
        """Say again that this is the newest there is, before the timestamp expires."""
        self._sign_timestamp(now)

    def of(self, name: str) -> Metadata[Targets] | None:
        """The current metadata of a namespace: publishers add their release to it."""
        return self._namespaces.get(name)

    @property
    def root(self) -> Metadata[Root]:
        return self._root

    @property
    def _delegations(self) -> Any:
        found = self._targets.signed.delegations
        assert found is not None
        return found

    def _delegate(self, name: str, keys: Iterable[Key], threshold: int) -> None:
        held = list(keys)
        ids = [key.keyid for key in held]
        role = DelegatedRole(name, ids, threshold, terminating=True, paths=[f"{name}/*"])
        self._delegations.roles[name] = role
        self._delegations.keys.update({key.keyid: key for key in held})
        used = {keyid for one in self._delegations.roles.values() for keyid in one.keyids}
        for keyid in set(self._delegations.keys) - used:
            del self._delegations.keys[keyid]

    def _delegate_own(self, now: datetime) -> None:
        """What the registry's own keys sign below the top."""
        self._delegate(WITHDRAWN, [public_of(self._keys.withdrawn)], 1)
        self._delegate(REVIEWS, [public_of(self._keys.targets)], 1)
        self._sign_targets(now)

    def _following(self, name: str, now: datetime) -> Metadata[Targets]:
        """The next version of a role, to change; its first one, where there is none."""
        present = self._namespaces.get(name)
        return _next(present) if present else Metadata(Targets(1, None, now, {}))

    def _put(self, name: str, metadata: Metadata[Targets], now: datetime) -> None:
        """Sign one of the registry's own roles and serve it."""
        metadata.signed.expires = _ends(now, self._lifetimes.targets)
        if name == REVIEWS:
            key = public_of(self._keys.targets)
            metadata.signed.delegations = Delegations({key.keyid: key}, None, bins(key))
        own = self._keys.withdrawn if name == WITHDRAWN else self._keys.targets
        metadata.sign(signer(own))
        self._keep(name, metadata, metadata.to_bytes())

    def _keep(self, name: str, metadata: Metadata[Targets], data: bytes) -> None:
        self._namespaces[name] = metadata
        self.files[f"{metadata.signed.version}.{name}.json"] = data

    def _sign_targets(self, now: datetime) -> None:
        self._targets.signed.version += 1
        self._targets.signed.expires = _ends(now, self._lifetimes.targets)
        self._targets.sign(signer(self._keys.targets))
        name = f"{self._targets.signed.version}.targets.json"
        self.files[name] = self._targets.to_bytes()

    def _publish(self, now: datetime) -> None:
        """Sign a snapshot of what there is, and that it is the newest."""
        parts = {"targets": self._targets, **self._namespaces}
        signed = self._snapshot.signed
        signed.meta = {f"{n}.json": MetaFile(part.signed.version) for n, part in parts.items()}
        signed.version += 1
        signed.expires = _ends(now, self._lifetimes.snapshot)
        self._snapshot.sign(signer(self._keys.snapshot))
        self.files[f"{signed.version}.snapshot.json"] = self._snapshot.to_bytes()
        self._sign_timestamp(now)

    def _sign_timestamp(self, now: datetime) -> None:
        signed = self._timestamp.signed
        data = self.files[f"{self._snapshot.signed.version}.snapshot.json"]
        signed.snapshot_meta = MetaFile.from_data(self._snapshot.signed.version, data, ["sha256"])
        signed.version += 1
        signed.expires = _ends(now, self._lifetimes.timestamp)
        self._timestamp.sign(signer(self._keys.timestamp))
        self.files[TIMESTAMP] = self._timestamp.to_bytes()


def _unborn(part: Part) -> Metadata[Part]:
    """Metadata whose first signed version will be 1."""
    part.version = 0
    return Metadata(part)


def _next(current: Metadata[Targets]) -> Metadata[Targets]:
    following = Metadata[Targets].from_bytes(current.to_bytes())
    following.signed.version += 1
    return following


def _ends(now: datetime, lifetime: timedelta) -> datetime:
    """TUF knows no fractions of a second."""
    return (now + lifetime).replace(microsecond=0)
