"""Real PostgreSQL and NATS for every test that asks: one server a process, one database a test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.migrations import migrate
from hyperpersonal_registry.api import migrate as migrate_registry
from hyperpersonal_runtime.testing import SandboxServer
from hyperpersonal_web.embedded.nats import EmbeddedNats
from hyperpersonal_web.embedded.postgres import EmbeddedPostgres


# Nothing here outlives the run, so nothing needs to survive a power cut.
FAST = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}


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
    return postgres.dsn


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedNats(tmp_path_factory.mktemp("nats") / "js")
    yield server.start().url
    server.stop()


@pytest.fixture
async def dsn(template: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    name = f"t_{abs(hash(request.node.nodeid)) % 10**12}"
    admin = template.rsplit("/", 1)[0] + "/template1"
    connection = await asyncpg.connect(admin)
    await connection.execute(f"create database {name} template postgres strategy file_copy")
    await connection.close()
    yield template.rsplit("/", 1)[0] + f"/{name}"
    connection = await asyncpg.connect(admin)
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    database = await Database.open(dsn)
    yield database
    await database.close()


@pytest.fixture
async def bus(nats_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus of this test's own: its prefix keeps its streams apart."""
    connected = await Bus.connect(nats_url, prefix=f"t{abs(hash(request.node.nodeid)) % 10**12}")
    yield connected
    await connected.close()


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    """The real sandbox with fakes around it, shared by all tests of this process."""
    server = SandboxServer()
    yield server
    server.close()
