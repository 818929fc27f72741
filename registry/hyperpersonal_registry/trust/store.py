"""The registry's TUF metadata in PostgreSQL: one writer at a time, within its transaction.

What is held in memory is used as long as the stored timestamp is the one it made.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError
from hyperpersonal_sdk import dsse

from hyperpersonal_registry.trust.repository import TIMESTAMP, Repository
from hyperpersonal_registry.trust.roles import Lifetimes, OnlineKeys

SNAPSHOTS_KEPT = 50  # a host that fetches slower than this many changes asks again
_LOCK = 0x48505F545546

_READ = "select data from registry.tuf_files where name = $1"
# As the index has them: a role's files, the newest version first.
_OF_ROLE = """select data from registry.tuf_files
where substring(name from '^[0-9]+[.](.*)[.]json$') = $1
order by substring(name from '^([0-9]+)[.]')::bigint desc limit 1"""
_NEWEST = """select name, data from (
  select name, data, row_number() over (
    partition by substring(name from '^[0-9]+[.](.*)[.]json$')
    order by substring(name from '^([0-9]+)[.]')::bigint desc) as age
  from registry.tuf_files) f
where age = 1 or name = 'timestamp.json' or name like '%.root.json'"""
_WRITE = """insert into registry.tuf_files (name, data, at) values ($1, $2, $3)
on conflict (name) do update set data = excluded.data, at = excluded.at"""
_DROP = "delete from registry.tuf_files where name = $1"


async def read(connection: Connection, name: str) -> bytes | None:
    """A metadata file as mirrors serve it; None when there is none."""
    found: bytes | None = await connection.fetchval(_READ, name)
    return found


async def newest(connection: Connection, role: str) -> bytes | None:
    """The newest metadata of a role; None before its first. `role`: whatever a stranger asks."""
    found: bytes | None = await connection.fetchval(_OF_ROLE, role)
    return found


async def everything(connection: Connection) -> dict[str, bytes]:
    """The newest file of every role, and every root: what a host without a network needs."""
    return {row["name"]: row["data"] for row in await connection.fetch(_NEWEST)}


async def mirror(connection: Connection, files: Mapping[str, bytes], at: datetime) -> None:
    """Serve verified metadata of a registry elsewhere."""
    known = await everything(connection)
    fresh = [(name, data, at) for name, data in files.items() if known.get(name) != data]
    await connection.executemany(_WRITE, fresh)


class MetadataStore:
    """Signs with the registry's own keys; only processes that hold them have one.

    Args:
        keys: the registry's own.
        clock: says until when metadata is believed.
        lifetimes: of each role.
    """

    def __init__(self, keys: OnlineKeys, clock: Clock, lifetimes: Lifetimes | None = None) -> None:
        self._keys = keys
        self._clock = clock
        self._lifetimes = lifetimes or Lifetimes()
        self._held: tuple[bytes, Repository] | None = None

    @property
    def now(self) -> datetime:
        """The present second: TUF knows no finer times."""
        return self._clock.now().replace(microsecond=0)

    def seal(self, payload_type: str, payload: bytes) -> bytes:
        """An envelope by the timestamp key: what hosts take as coming from this registry now."""
        return dsse.seal(payload_type, payload, self._keys.timestamp)

    async def found(self, connection: Connection, root: bytes) -> None:
        """Begin with the first root, signed by its holders.

        Raises:
            ConflictError: there is one already.
            RefusedError: the root is not signed by those who must.
        """
        await self._lock(connection)
        if await read(connection, TIMESTAMP) is not None:
            raise ConflictError("this registry has its root of trust already")
        made = Repository(root, self._keys, self.now, self._lifetimes)
        await self._keep(connection, made, {})

    @asynccontextmanager
    async def writing(self, connection: Connection) -> AsyncIterator[Repository]:
        """The repository, to be changed in this transaction; what is new is stored at the end.

        Raises:
            NotFoundError: the ceremony has not been held.
            KeptFileError: what is stored is not what this registry signed.
        """
        await self._lock(connection)
        repository = await self._restored(connection)
        self._held = None  # whoever fails leaves nothing behind
        known = dict(repository.files)
        yield repository
        await self._keep(connection, repository, known)

    async def use(self, connection: Connection, keys: OnlineKeys) -> None:
        """Sign with these keys from now on; after a root that names them."""
        await self._lock(connection)
        self._keys, self._held = keys, None

    async def _lock(self, connection: Connection) -> None:
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)

    async def _restored(self, connection: Connection) -> Repository:
        timestamp = await read(connection, TIMESTAMP)
        if timestamp is None:
            raise NotFoundError("there is no root of trust yet; hold `hp registry init`")
        if self._held is not None and self._held[0] == timestamp:
            return self._held[1]
        files = await everything(connection)
        restored = Repository.restore(files.get, self._keys, self._lifetimes)
        restored.files[TIMESTAMP] = timestamp
        return restored

    async def _keep(
        self, connection: Connection, repository: Repository, known: dict[str, bytes]
    ) -> None:
        """Store what is new, and hold on to what the next change needs."""
        files, now = repository.files, self.now
        fresh = [(name, data, now) for name, data in files.items() if known.get(name) != data]
        if fresh:
            await connection.executemany(_WRITE, fresh)
        newest = max(int(n.partition(".")[0]) for n in files if n.endswith(".snapshot.json"))
        await connection.execute(_DROP, f"{newest - SNAPSHOTS_KEPT}.snapshot.json")
        kept = (TIMESTAMP, f"{newest}.snapshot.json")
        repository.files = {name: files[name] for name in kept}
        self._held = (files[TIMESTAMP], repository)
