"""The registry's side of TUF: takes signed parts in, and signs that they belong together.

Every change gives new files; a file that was given out is never changed (consistent snapshots),
but for `timestamp.json`, which is what hosts ask for. Pure: keys and instants in, files out.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hyperpersonal_core.kit.errors import ConflictError, NotFoundError
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
    PRIVATE,
    REVIEWS,
    WITHDRAWN,
    Lifetimes,
    OnlineKeys,
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
        reviewers: keys of the platform's reviewers, and how many must sign a review.
        now: an aware instant.
    """

    def __init__(
        self,
        root: bytes,
        keys: OnlineKeys,
        reviewers: tuple[Iterable[Key], int],
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
        self._delegate(REVIEWS, *reviewers)
        self._delegate(WITHDRAWN, [public_of(keys.withdrawn)], 1)
        self._delegate(PRIVATE, [public_of(keys.targets)], 1)
        self._sign_targets(now)
        self._put_withdrawn(Metadata(Targets(1, None, now, {})), now)
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
        """Other keys speak for a namespace or for the reviews. What the old ones signed must be
        signed again, or is believed no more. Raises NotFoundError."""
        if name not in self._delegations.roles:
            raise NotFoundError(f"there is no namespace {name!r}")
        self._delegate(name, keys, threshold)
        self._sign_targets(now)
        self._publish(now)

    def take(self, name: str, data: bytes, now: datetime) -> list[TargetFile]:
        """The next metadata of a publisher or of the reviewers; what is new in it.

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

    def let_private(self, sha256: str, plugin_id: str, now: datetime) -> None:
        """A release that only its own tenants can have needs no reviewer."""
        present = self._namespaces.get(PRIVATE)
        following = _next(present) if present else Metadata(Targets(1, None, now, {}))
        path, custom = f"{PRIVATE}/{sha256}", {"custom": {"plugin": plugin_id}}
        following.signed.targets[path] = TargetFile(0, {"sha256": sha256}, path, custom)
        self._put_private(following, now)
        self._publish(now)

    def withdraw(self, sha256: str, reason: str, now: datetime) -> None:
        """Nobody loads the archive of this digest any more; `sha256`: of its bytes, hex."""
        path = f"{WITHDRAWN}/{sha256}"
        following = _next(self._namespaces[WITHDRAWN])
        custom = {"custom": {"reason": reason}}
        following.signed.targets[path] = TargetFile(0, {"sha256": sha256}, path, custom)
        self._put_withdrawn(following, now)
        self._publish(now)

    def reinstate(self, sha256: str, now: datetime) -> None:
        """What was withdrawn for a while may be loaded again. Raises NotFoundError."""
        following = _next(self._namespaces[WITHDRAWN])
        if following.signed.targets.pop(f"{WITHDRAWN}/{sha256}", None) is None:
            raise NotFoundError("this archive is not withdrawn", sha256=sha256)
        self._put_withdrawn(following, now)
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
            self._delegate(WITHDRAWN, [public_of(keys.withdrawn)], 1)
            self._delegate(PRIVATE, [public_of(keys.targets)], 1)
            self._sign_targets(now)
            if PRIVATE in self._namespaces:
                self._put_private(_next(self._namespaces[PRIVATE]), now)
            self._put_withdrawn(_next(self._namespaces[WITHDRAWN]), now)
        self._publish(now)

    def renew(self, now: datetime) -> list[str]:
        """Sign again what the registry itself signs and what expires within a third of its
        lifetime; the names of what was signed."""
        due = restoring.due(self._parts(), self._lifetimes, now)
        if "targets" in due:
            self._sign_targets(now)
        if WITHDRAWN in due:
            self._put_withdrawn(_next(self._namespaces[WITHDRAWN]), now)
        if PRIVATE in due:
            self._put_private(_next(self._namespaces[PRIVATE]), now)
        if set(due) - {"timestamp"}:
            self._publish(now)
        elif due:
            self._sign_timestamp(now)
        return due

    def expiries(self) -> dict[str, datetime]:
        """When each role's metadata ends."""
        everything = {"root": self._root, **self._parts(), **self._namespaces}
        return {name: part.signed.expires for name, part in everything.items()}

    def keys_of(self, name: str) -> list[Key]:
        """Whose keys speak for a delegated role. Raises NotFoundError."""
        if name not in self._delegations.roles:
            raise NotFoundError(f"there is no namespace {name!r}")
        return [self._delegations.keys[k] for k in self._delegations.roles[name].keyids]

    def _parts(self) -> dict[str, Metadata[Any]]:
        """What the registry's own keys sign."""
        own = {n: self._namespaces[n] for n in (WITHDRAWN, PRIVATE) if n in self._namespaces}
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

    def _put_withdrawn(self, metadata: Metadata[Targets], now: datetime) -> None:
        metadata.signed.expires = _ends(now, self._lifetimes.targets)
        metadata.sign(signer(self._keys.withdrawn))
        self._keep(WITHDRAWN, metadata, metadata.to_bytes())

    def _put_private(self, metadata: Metadata[Targets], now: datetime) -> None:
        metadata.signed.expires = _ends(now, self._lifetimes.targets)
        metadata.sign(signer(self._keys.targets))
        self._keep(PRIVATE, metadata, metadata.to_bytes())

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
