"""Real PostgreSQL and NATS for every test that asks: one server a process, one database a test."""

from collections.abc import AsyncIterator, Iterator
from unittest import mock

import asyncpg
import pytest
from fakes.keys import vault_of
from hyperpersonal_core.kit import bus as bus_module
from hyperpersonal_core.kit import db as db_module
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.vault import Vault
from hyperpersonal_core.migrations import migrate
from hyperpersonal_marketplace.api import migrate as migrate_market
from hyperpersonal_registry.api import migrate as migrate_registry
from hyperpersonal_runtime.guest_build import ensure_guest
from hyperpersonal_runtime.testing import SandboxServer, default_cache
from hyperpersonal_web.embedded.nats import EmbeddedNats
from hyperpersonal_web.embedded.postgres import EmbeddedPostgres
from hypothesis import HealthCheck, settings

# The same examples in every run, and no bound by the clock: a machine may be busy.
settings.register_profile(
    "house", deadline=None, derandomize=True, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Where many tests run, what all sandboxes need is built before any test's time begins."""
    if session.config.getoption("numprocesses", default=None):
        ensure_guest(default_cache())


# Nothing here outlives the run, so nothing needs to survive a power cut. Databases are emptied and
# lent again: what autovacuum counted in between would be a lie to the next test's plans.
FAST = {
    "fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "autovacuum": "off",
}  # fmt: skip


PATIENT_S = 60  # for a server that is there: a busy machine is no outage


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "data", settings=FAST)
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """The DSN of a migrated database, cloned for each test."""
    migrate(postgres.dsn)
    migrate_registry(postgres.dsn)
    migrate_market(postgres.dsn)
    return postgres.dsn


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedNats(tmp_path_factory.mktemp("nats") / "js")
    yield server.start().url
    server.stop()


class Databases:
    """Migrated databases, lent to one test at a time and emptied after it."""

    def __init__(self, template: str) -> None:
        self._server = template.rsplit("/", 1)[0]
        self._free: list[str] = []
        self._made = 0

    async def take(self) -> str:
        """An empty, migrated one: used before, or a new clone."""
        if not self._free:
            self._made += 1
            self._free.append(f"test_{self._made}")
            await self._admin(f"create database test_{self._made} template postgres")
        return f"{self._server}/{self._free.pop()}"

    async def give_back(self, dsn: str) -> None:
        """Hang up on everybody and delete every row."""
        name = dsn.rsplit("/", 1)[1]
        await self._admin(HANG_UP.format(name))
        connection = await asyncpg.connect(dsn)
        await connection.execute(EMPTY)
        await connection.close()
        self._free.append(name)

    async def _admin(self, statement: str) -> None:
        connection = await asyncpg.connect(f"{self._server}/template1")
        await connection.execute(statement)
        await connection.close()


HANG_UP = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'"
EMPTY = """
do $$ declare name text; begin
  set local session_replication_role = replica;
  for name in
    select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relname !~ '^alembic'
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  loop
    execute 'delete from ' || name;
  end loop;
end $$"""


@pytest.fixture(scope="session")
def databases(template: str) -> Databases:
    return Databases(template)


@pytest.fixture
async def dsn(databases: Databases) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    lent = await databases.take()
    yield lent
    await databases.give_back(lent)


@pytest.fixture
async def db(dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    for name in ("CONNECT_DEADLINE_S", "ACQUIRE_DEADLINE_S", "COMMAND_DEADLINE_S"):
        monkeypatch.setattr(db_module, name, PATIENT_S)
    database = await Database.open(dsn)
    yield database
    await database.close()


@pytest.fixture
def vault(db: Database) -> Vault:
    """Seals under a master key of this test's own."""
    return vault_of(db)


@pytest.fixture
async def bus(nats_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus of this test's own: its prefix keeps its streams apart."""
    prefix = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    with mock.patch.multiple(
        bus_module, CONNECT_DEADLINE_S=PATIENT_S, ACK_DEADLINE_S=float(PATIENT_S)
    ):
        connected = await Bus.connect(nats_url, prefix)
    yield connected
    await connected.drop_streams()  # a server sets room aside for each stream
    await connected.close()


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    """The real sandbox with fakes around it, shared by all tests of this process."""
    server = SandboxServer()
    yield server
    server.close()
