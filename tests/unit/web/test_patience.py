"""A request arrives in time, or its connection is cut."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from hyperpersonal_web.patience import PatientProtocol
from hyperpersonal_web.server import Server, listen

WAIT_S = 60


class Hasty(PatientProtocol):
    head_s, body_s = 0.3, 0.6


class Fair(PatientProtocol):
    """Leaves a busy machine the time to send what it has."""

    head_s, body_s = 4.0, 4.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, thinks for longer than a request may take to arrive, and answers."""
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.disconnect":
        return
    await asyncio.sleep(Fair.body_s + 1)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def port(protocol: type[PatientProtocol]) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app, loop="none", http=protocol, lifespan="off", log_level="error", ws="none"
    )
    listener, server = listen("127.0.0.1", 0), Server(app)
    server.config = config
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


async def answer(port: int, *parts: bytes) -> bytes:
    """What comes until the connection ends; a pause after each part but the last."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number, part in enumerate(parts):
        await asyncio.sleep(0.1 if number else 0)
        writer.write(part)
    try:
        return await asyncio.wait_for(reader.read(), WAIT_S)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


HEAD = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"


@pytest.mark.parametrize("protocol", [Fair])
async def test_that_whole_requests_are_answered_however_long_it_takes(port: int) -> None:
    assert (await answer(port, HEAD, b"a", b"b")).startswith(b"HTTP/1.1 204")


@pytest.mark.parametrize("protocol", [Hasty])
@pytest.mark.parametrize("sent", [b"", b"POST / HT", HEAD[:-2], HEAD, HEAD + b"a"])
async def test_that_what_never_arrives_is_cut(port: int, sent: bytes) -> None:
    assert await answer(port, sent) == b""


def test_that_the_server_is_patient() -> None:
    assert Server(app).config.http is PatientProtocol
