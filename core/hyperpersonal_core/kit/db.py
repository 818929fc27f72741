"""PostgreSQL: every transaction names the tenants it acts for; row-level security holds it to them.

`Database.transaction` is the only place that begins and commits (asyncpg, the message path);
`Database.session` gives the ordinary slices a SQLAlchemy session under the same rule.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from hyperpersonal_core.kit.errors import OutsideError

if TYPE_CHECKING:  # at run time only for the first session: a command starts fast
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

APP_ROLE = "hp_app"
STATEMENT_TIMEOUT_MS = 15_000
CONNECT_DEADLINE_S = 5
COMMAND_DEADLINE_S = 20
ACQUIRE_DEADLINE_S = 10
CLOSE_DEADLINE_S = 10

Connection: TypeAlias = asyncpg.pool.PoolConnectionProxy


_SETTINGS = {"role": APP_ROLE, "statement_timeout": str(STATEMENT_TIMEOUT_MS), "jit": "off"}
_BEGIN = "begin; select set_config('app.tenant_id', '{}', true)"
_AWAY = (
    OSError,  # refused, reset, and every deadline (TimeoutError)
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InternalClientError,  # what asyncpg says when the server hung up between two calls
)


class Database:
    """One pool for the message path, one engine for the rest, both as the role without tables."""

    def __init__(self, pool: asyncpg.Pool, dsn: str, size_max: int) -> None:
        self._pool = pool
        self._dsn, self._size_max = dsn, size_max
        self._engine: AsyncEngine | None = None

    @classmethod
    async def open(cls, dsn: str, *, size_max: int = 10) -> "Database":
        """Connect to `dsn` (postgresql://…) with at most `size_max` connections in each pool."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size_max,
            server_settings=_SETTINGS,
            init=_use_msgspec,
            reset=_keep_session,
            timeout=CONNECT_DEADLINE_S,
            command_timeout=COMMAND_DEADLINE_S,
        )
        return cls(pool, dsn, size_max)

    @asynccontextmanager
    async def transaction(self, *tenants: UUID) -> AsyncIterator[Connection]:
        """One transaction for these tenants; commits on a clean exit, rolls back on an error.

        Raises:
            OutsideError: the server is away, shutting down, overloaded, or chose this
                transaction as a deadlock's victim. Doing it all again may go through.
        """
        async with (
            _failing_outside(),
            self._pool.acquire(timeout=ACQUIRE_DEADLINE_S) as connection,
            _transaction(connection, tenants),
        ):
            yield connection

    @asynccontextmanager
    async def session(self, *tenants: UUID) -> "AsyncIterator[AsyncSession]":
        """The same for SQLAlchemy; violated constraints stay `sqlalchemy.exc.IntegrityError`."""
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession

        if self._engine is None:
            self._engine = _engine(self._dsn, self._size_max)
        async with (
            _failing_outside(),
            _failing_below(),
            AsyncSession(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            await session.execute(
                text("select set_config('app.tenant_id', :tenants, true)"),
                {"tenants": ",".join(map(str, tenants))},
            )
            yield session

    async def close(self) -> None:
        """Return every connection."""
        await close_pool(self._pool)
        if self._engine is not None:
            await self._engine.dispose()


async def close_pool(pool: asyncpg.Pool) -> None:
    """Return every connection. One that is not given back in time is cut: a process that ends
    waits for nobody for ever."""
    with suppress(TimeoutError):  # cancelled, the pool cuts what is left
        async with asyncio.timeout(CLOSE_DEADLINE_S):
            await pool.close()


def _engine(dsn: str, size_max: int) -> "AsyncEngine":
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine(
        dsn.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=size_max,
        max_overflow=0,
        pool_timeout=ACQUIRE_DEADLINE_S,
        connect_args={
            "server_settings": _SETTINGS,
            "timeout": CONNECT_DEADLINE_S,
            "command_timeout": COMMAND_DEADLINE_S,
        },
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )


@asynccontextmanager
async def _transaction(connection: Connection, tenants: tuple[UUID, ...]) -> AsyncIterator[None]:
    """Begin with the scope in one round trip. A UUID's `hex` is all that gets into the text."""
    await connection.execute(_BEGIN.format(",".join(tenant.hex for tenant in tenants)))
    try:
        yield
    except BaseException:
        if not connection.is_closed():
            await connection.execute("rollback")
        raise
    await connection.execute("commit")


async def _keep_session(_: Any) -> None:
    """Nothing here changes a session beyond its transaction, so nothing needs to be reset."""


@asynccontextmanager
async def _failing_outside() -> AsyncIterator[None]:
    """Turns what a lost or overloaded server raises into one retryable error."""
    try:
        yield
    except _AWAY as error:
        raise OutsideError(f"the database is not available: {error!r}") from error
    except asyncpg.InterfaceError as error:
        if "closed" not in str(error):  # the rest of this family is wrong use of the driver
            raise
        raise OutsideError(f"the database connection was lost: {error}") from error


@asynccontextmanager
async def _failing_below() -> AsyncIterator[None]:
    """The same for what SQLAlchemy wrapped."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        cause = error.__cause__.__cause__ if error.__cause__ else None
        if not (error.connection_invalidated or isinstance(cause, _AWAY)):
            raise
        raise OutsideError(f"the database is not available: {cause!r}") from error


async def _use_msgspec(connection: Any) -> None:
    """jsonb as Python values, encoded by msgspec."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(data[1:]),
        format="binary",
    )
