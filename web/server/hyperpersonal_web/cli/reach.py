"""Whether the PostgreSQL and NATS that the settings name answer. No text here holds a password:
not even a reader's complaint about an address, which may quote what it could not read."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
import uvloop
from hyperpersonal_core.kit.errors import OutsideError, RefusedError

DEADLINE_S = 3.0
NATS_PORT = 4222
INFO = b"INFO "


def postgres_fault(url: str) -> str:
    """Why the PostgreSQL at `url` cannot be used; empty when it answers. Blocks, 3 s at most."""
    return _fault(_ask_postgres(url))


def nats_fault(url: str) -> str:
    """The same of the NATS server."""
    return _fault(_ask_nats(url))


def blobs_fault(url: str) -> str:
    """The same of the store of artifacts: it is asked for the first page of its list."""
    return _fault(_ask_blobs(url))


def host_of(url: str) -> str:
    """Host and port of an address, and nothing else of it."""
    found = urlsplit(url)
    try:
        return f"{found.hostname}:{found.port}" if found.port else str(found.hostname)
    except ValueError:  # not a port: maybe a part of a password
        return "an address that cannot be read"


def _fault(asking: Coroutine[Any, Any, str]) -> str:
    # uvloop: the standard loop would wait at its end for a name that is still being looked up
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_in_time(asking))


async def _in_time(asking: Coroutine[Any, Any, str]) -> str:
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await asking
    except TimeoutError:
        return f"does not answer within {DEADLINE_S:.0f} s"
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return f"answers, but does not let us in ({type(error).__name__})"
    except OSError:
        return "does not answer"
    except ValueError:
        return "is not an address"


async def _ask_postgres(url: str) -> str:
    connection = await asyncpg.connect(url, timeout=DEADLINE_S)
    try:
        vector = "select 1 from pg_available_extensions where name = 'vector'"
        return "" if await connection.fetchval(vector) else "has no pgvector"
    finally:
        connection.terminate()


async def _ask_blobs(url: str) -> str:
    from hyperpersonal_registry.blob_places import open_blobs  # only who has a store of its own

    try:
        await anext(open_blobs(url).digests(), None)
    except RefusedError as error:
        return error.message
    except OutsideError as error:
        return str(error)
    return ""


async def _ask_nats(url: str) -> str:
    """A server greets with what it can do. Source: NATS client protocol, INFO."""
    found = urlsplit(url)
    if found.scheme not in ("nats", "tls") or not found.hostname:
        raise ValueError
    reader, writer = await asyncio.open_connection(found.hostname, found.port or NATS_PORT)
    try:
        greeting = await reader.readline()
    finally:
        writer.close()
    if not greeting.startswith(INFO):
        return "answers, but is no NATS server"
    able = msgspec.json.decode(greeting.removeprefix(INFO)).get("jetstream")
    return "" if able else "has no JetStream: start it with -js"
