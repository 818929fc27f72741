"""What the measurements through the whole product share: a gateway, a turn worker, shoppers."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar
from uuid import UUID

import msgspec
from hyperpersonal_core.api import (
    Installations,
    NewInstallation,
    Services,
    TurnJournals,
    TurnWorker,
)
from hyperpersonal_runtime.api import PluginHost, SealedRelease
from msgspec import Struct

from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.bench.echo import FirstAgent, NoRecall, OneRelease
from hyperpersonal_web.bench.load import Figures, Load
from hyperpersonal_web.heap import settle_heap
from hyperpersonal_web.http.rates import unlimited
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import (
    Gateway,
    Ground,
    background,
    open_gateway,
    open_understanding,
)

LOAD_SECONDS_OVER = 90.0

Told = TypeVar("Told", bound=Struct)

PLUGIN = "bench/echo"
TRIVIAL = b"""
from hyperpersonal_sdk import Agent
plugin = Agent()

@plugin.reply
def reply(turn, host):
    return "I heard you."
"""
DIGEST = f"sha256:{hashlib.sha256(TRIVIAL).hexdigest()}"
RELEASE = SealedRelease(PLUGIN, "1.0.0", DIGEST, "echo", {"echo/__init__.py": TRIVIAL})


async def open_served(stack: AsyncExitStack, ground: Ground) -> tuple[Gateway, int]:
    """A gateway without rate limits in this process, and the port it is served on."""
    driven = msgspec.structs.replace(ground, settings=unlimited(ground.settings))
    gateway = await open_gateway(stack, driven, open_understanding(driven))
    return gateway, await stack.enter_async_context(_served(gateway))


async def install_trivial(ground: Ground, tenant_id: UUID) -> Installations:
    """The trivial agent as the tenant's only one."""
    installations = Installations(ground.db, ground.clock, ground.ids)
    manifest = {"id": PLUGIN, "title": "Echo", "agent": {"labels": ["order"], "intents": []}}
    new = NewInstallation(PLUGIN, "1.0.0", DIGEST, "agent", manifest)
    await installations.install(tenant_id, new)
    return installations


async def open_worker(
    stack: AsyncExitStack, ground: Ground, host: PluginHost, installations: Installations,
    journals: TurnJournals,
) -> None:  # fmt: skip
    """A turn worker that asks the trivial agent on `host`, without memory and routing."""
    worker = TurnWorker(
        Services(
            db=ground.db,
            bus=ground.bus,
            relay=ground.relay,
            clock=ground.clock,
            ids=ground.ids,
            host=host,
            installations=installations,
            releases=OneRelease(RELEASE),
            journals=journals,
            recall=NoRecall(),
            router=FirstAgent(),
        )
    )
    background(stack, worker.run())
    stack.push_async_callback(worker.close)


async def run_load(load: Load) -> Figures:
    """Run the closed loop in a process of its own, against a process settled as in service."""
    return await run_generator("hyperpersonal_web.bench.load", load, Figures, load.seconds)


async def run_generator(module: str, load: Struct, told: type[Told], seconds: float) -> Told:
    """What a load generator tells that reads its load and takes this long, beside getting ready.

    Raises:
        RuntimeError: it failed.
        TimeoutError: it took 90 s more.
    """
    settle_heap()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds + LOAD_SECONDS_OVER):
            out, _ = await process.communicate(msgspec.json.encode(load))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the load generator ended with {process.returncode}")
    return msgspec.json.decode(out, type=told)


@asynccontextmanager
async def _served(gateway: Gateway) -> AsyncIterator[int]:
    listener, stop = listen("127.0.0.1", 0), asyncio.Event()
    serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
    try:
        yield int(listener.getsockname()[1])
    finally:
        stop.set()
        await serving
