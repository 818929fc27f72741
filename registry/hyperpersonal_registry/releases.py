"""The tables of namespaces, keys and releases."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.signing import TrustedKey
from msgspec import Struct, convert, to_builtins

from hyperpersonal_registry.names import version_key

Status = Literal["published", "yanked", "quarantined", "revoked"]

_COLUMNS = """r.digest, plugin_id, version, manifest, artifact_bytes, published_at, status,
status_reason, (select envelope from registry.envelopes e where e.digest = r.digest
order by n desc limit 1) as envelope"""
_BY_DIGEST = f"select {_COLUMNS} from registry.releases r where digest = $1"  # noqa: S608 - no input
_BY_DIGESTS = f"select {_COLUMNS} from registry.releases r where digest = any($1)"  # noqa: S608
_BY_PLUGIN = f"select {_COLUMNS} from registry.releases r where plugin_id = $1"  # noqa: S608
_BY_NAMESPACE = f"""select {_COLUMNS} from registry.releases r where namespace = $1
order by published_at, digest"""  # noqa: S608
_BY_NAME = f"{_BY_PLUGIN} and version = $2"
_ADD = """insert into registry.releases (digest, plugin_id, version, namespace, skeleton, kind,
manifest, artifact_bytes, published_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_ADD_ENVELOPE = """insert into registry.envelopes (digest, n, envelope, added_at)
select $1, coalesce(max(n), 0) + 1, $2, $3 from registry.envelopes where digest = $1"""
_SET_STATUS = """update registry.releases set status = $3, status_reason = $4
where plugin_id = $1 and version = $2 and status <> 'revoked'
and not (status = 'quarantined' and $3 = 'yanked') returning digest"""
_ADD_NAMESPACE = """insert into registry.namespaces (name, skeleton, created_at, domain)
values ($1, $2, $3, $4)"""
_NAMESPACE_OF = """select namespace from registry.publisher_keys where key_id = $1
and revoked_at is null and valid_from <= $2 and $2 < expires_at"""
_ADD_KEY = """insert into registry.publisher_keys
(key_id, namespace, public, valid_from, expires_at) values ($1, $2, $3, $4, $5)"""
_KEYS = """select public, namespace, valid_from, expires_at, revoked_at is not null as revoked
from registry.publisher_keys where namespace = any($1)"""
_REVOKE_KEY = """update registry.publisher_keys set revoked_at = $2, revoked_reason = $3
where key_id = $1 and revoked_at is null returning namespace"""
_RUNNING = """select plugin_id, version, digest from registry.releases
where plugin_id = any($1) and status in ('published', 'yanked')"""
_ALIKE = "select plugin_id from registry.releases where skeleton = $1 and plugin_id <> $2 limit 1"


class Release(Struct, frozen=True):
    """A published release. Closed: only its status can change."""

    digest: str
    plugin_id: str
    version: str
    manifest: Manifest
    envelope: bytes
    artifact_bytes: int
    published_at: datetime
    status: Status = "published"
    status_reason: str = ""

    @property
    def name(self) -> str:
        """`publisher/name@version`."""
        return f"{self.plugin_id}@{self.version}"


class NamespaceKeys(Struct, frozen=True):
    """Keys that speak for a namespace, and those that no longer may."""

    trusted: list[TrustedKey]
    revoked: list[TrustedKey]

    @property
    def all(self) -> list[TrustedKey]:
        """Both: whoever held one of them speaks for this publisher."""
        return [*self.trusted, *self.revoked]

    @property
    def ids(self) -> frozenset[str]:
        """Their ids: nobody reviews for the namespace with one of these."""
        return frozenset(key.key_id for key in self.all)


async def by_digest(connection: Connection, digest: str) -> Release | None:
    row = await connection.fetchrow(_BY_DIGEST, digest)
    return None if row is None else _release(row)


async def by_digests(connection: Connection, digests: Sequence[str]) -> dict[str, Release]:
    """Those that are there, in one query."""
    rows = await connection.fetch(_BY_DIGESTS, list(digests))
    return {row["digest"]: _release(row) for row in rows}


async def by_plugin(connection: Connection, plugin_id: str) -> list[Release]:
    return [_release(row) for row in await connection.fetch(_BY_PLUGIN, plugin_id)]


async def by_namespace(connection: Connection, namespace: str) -> list[Release]:
    return [_release(row) for row in await connection.fetch(_BY_NAMESPACE, namespace)]


async def by_name(connection: Connection, plugin_id: str, version: str) -> Release | None:
    row = await connection.fetchrow(_BY_NAME, plugin_id, version)
    return None if row is None else _release(row)


async def before(connection: Connection, plugin_id: str, version: str) -> str | None:
    """The digest of the release merchants would come from: the highest below this version, or the
    highest of all for a version that mends an older line. What was taken away from them is none:
    compared with it, what was wrong there would look like nothing new."""
    asked = (plugin_id, version)
    return (await befores(connection, [asked]))[asked]


async def befores(
    connection: Connection, asked: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str | None]:
    """`before` of many (plugin id, version), in one query."""
    running: dict[str, list[tuple[str, str]]] = {plugin_id: [] for plugin_id, _ in asked}
    for row in await connection.fetch(_RUNNING, list(running)):
        running[row["plugin_id"]].append((row["version"], row["digest"]))
    return {one: _nearest(one[1], running[one[0]]) for one in asked}


async def add(connection: Connection, release: Release, skeleton: str) -> None:
    """Raises asyncpg.UniqueViolationError when the digest or the version is there already."""
    await connection.execute(
        _ADD, release.digest, release.plugin_id, release.version, release.manifest.namespace,
        skeleton, release.manifest.kind, to_builtins(release.manifest), release.artifact_bytes,
        release.published_at,
    )  # fmt: skip
    await add_envelope(connection, release.digest, release.envelope, release.published_at)


async def add_envelope(connection: Connection, digest: str, envelope: bytes, at: datetime) -> None:
    """Raises asyncpg.ForeignKeyViolationError when there is no such release."""
    await connection.execute(_ADD_ENVELOPE, digest, envelope, at)


async def alike(connection: Connection, plugin_id: str, skeleton: str) -> str | None:
    """Another plugin whose id differs only in its separators."""
    found: str | None = await connection.fetchval(_ALIKE, skeleton, plugin_id)
    return found


async def set_status(
    connection: Connection, plugin_id: str, version: str, status: Status, reason: str
) -> str | None:
    """The digest of the changed release; None when there is none that can change."""
    found: str | None = await connection.fetchval(_SET_STATUS, plugin_id, version, status, reason)
    return found


async def add_namespace(
    connection: Connection, name: str, skeleton: str, at: datetime, domain: str = ""
) -> None:
    """Raises asyncpg.UniqueViolationError when it or one that looks like it exists."""
    await connection.execute(_ADD_NAMESPACE, name, skeleton, at, domain)


async def namespace_of(connection: Connection, key_id: str, at: datetime) -> str | None:
    """The namespace a key speaks for at this moment."""
    found: str | None = await connection.fetchval(_NAMESPACE_OF, key_id, at)
    return found


async def add_key(connection: Connection, key: TrustedKey) -> None:
    """Raises asyncpg.UniqueViolationError when the key speaks for somebody already."""
    row = (key.key_id, key.namespace, key.public, key.valid_from, key.expires_at)
    await connection.execute(_ADD_KEY, *row)


async def revoke_key(connection: Connection, key_id: str, at: datetime, reason: str) -> str | None:
    """The namespace the key spoke for; None when there is no such valid key."""
    found: str | None = await connection.fetchval(_REVOKE_KEY, key_id, at, reason)
    return found


async def keys_of(connection: Connection, namespace: str) -> NamespaceKeys:
    return (await keys_of_all(connection, [namespace]))[namespace]


async def keys_of_all(
    connection: Connection, namespaces: Iterable[str]
) -> dict[str, NamespaceKeys]:
    """`keys_of` for each, in one query."""
    found = {namespace: NamespaceKeys([], []) for namespace in namespaces}
    for row in await connection.fetch(_KEYS, list(found)):
        key = TrustedKey(row["public"], row["namespace"], row["valid_from"], row["expires_at"])
        keys = found[key.namespace]
        (keys.revoked if row["revoked"] else keys.trusted).append(key)
    return found


def _nearest(version: str, running: Iterable[tuple[str, str]]) -> str | None:
    mine = version_key(version)
    known = sorted((version_key(other), digest) for other, digest in running if other != version)
    nearest = [one for one in known if one[0] < mine] or known
    return nearest[-1][1] if nearest else None


def _release(row: Any) -> Release:
    values = dict(row)
    return Release(**{**values, "manifest": convert(values["manifest"], Manifest)})
