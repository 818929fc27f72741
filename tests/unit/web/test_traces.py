"""Spans leave for the operator's collector, and only then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_web.traces import open_traces


@asynccontextmanager
async def collector(heard: list[bytes]) -> AsyncIterator[str]:
    """Listens like an OTLP collector and keeps what it is sent."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (size,) = (
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        heard.append(head + await reader.readexactly(size))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("path", ["", "/", "/v1/traces"])
async def test_that_spans_reach_the_collector_when_the_process_closes(path: str) -> None:
    heard: list[bytes] = []
    async with collector(heard) as address, AsyncExitStack() as stack:
        traces = open_traces(stack, address + path)
        with traces.span("message.receive"):
            pass
        await stack.aclose()
    (request,) = heard
    assert request.startswith(b"POST /v1/traces ")
    assert b"message.receive" in request
    assert b"hyperpersonal" in request


async def test_that_a_collector_that_is_away_costs_only_its_traces() -> None:
    async with AsyncExitStack() as stack:
        traces = open_traces(stack, "http://127.0.0.1:9")
        with traces.span("message.receive"):
            pass
        async with asyncio.timeout(30):
            await stack.aclose()


async def test_that_nobody_is_asked_without_an_endpoint() -> None:
    async with AsyncExitStack() as stack:
        traces = open_traces(stack, "")
        assert isinstance(traces, Traces)
        assert traces.tracer is None
