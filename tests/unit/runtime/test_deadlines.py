"""Whose time ran out: the hook's own, or the one its plugin gave to a request."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from fakes.plugins import agent
from fakes.web_server import web_server
from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, World, WorldFetcher, default_cache
from hyperpersonal_sdk.contract.outcomes import Outcome

WAITED = "the deadline has passed; open: call 1 (http.fetch)"


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    world = World()
    made = Host(default_cache(), workers=1, fetcher=WorldFetcher(world))
    await made.start(FakePorts(world).ports())
    yield made
    await made.close()


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    async def says_little(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n")
        await asyncio.sleep(600)

    async with web_server(says_little) as server:
        yield server.url


def asking(url: str, deadline_ms: int, call: str) -> HookCall:
    made = agent(f"return str(host.call({call}))".replace("URL", url), f"http:GET {url}/*")
    limits = msgspec.structs.replace(made.limits, deadline_ms=deadline_ms, inline_wait_ms=20)
    return msgspec.structs.replace(made, limits=limits)


async def test_that_a_wait_as_long_as_the_hook_ends_with_the_hook(host: Host, silent: str) -> None:
    call = asking(silent, 4_000, "'http.fetch', method='GET', url='URL/x'")
    assert await host.prepare(call.release) == ""
    results = await asyncio.gather(*(host.call(call) for _ in range(40)))
    assert {result.outcome for result in results} == {Outcome.TIMED_OUT}
    assert {result.detail for result in results} == {WAITED}


async def test_that_a_shorter_wait_is_told_to_the_plugin(host: Host, silent: str) -> None:
    call = asking(silent, 100_000, "'http.fetch', method='GET', url='URL/x', timeout_ms=50")
    result = await host.call(call)
    assert result.outcome is Outcome.TRAPPED, result
    assert "no answer within 50 ms" in result.detail
