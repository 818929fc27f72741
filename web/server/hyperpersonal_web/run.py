"""Runs the product in this process: any one role, or all of them, until told to stop."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Literal

from hyperpersonal_core.kit.settings import Settings

from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.heap import settle_heap
from hyperpersonal_web.server import listen, serve, stop_on_signals
from hyperpersonal_web.wiring import (
    open_engine,
    open_gateway,
    open_ground,
    open_jobs,
    open_market,
    open_runtime,
    open_understanding,
    open_worker,
)

Role = Literal["all", "gateway", "worker", "runtime", "jobs"]
Told = Callable[[str], None]


async def run(settings: Settings, found: Addresses, role: Role, told: Told) -> None:
    """Serve `role` until SIGINT or SIGTERM; `told` hears one line when it is ready."""
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, found)
        mind = open_understanding(ground)
        market = open_market(ground) if role == "all" else None
        if market is not None:
            await open_engine(stack, ground, mind, market)
        if role == "worker":
            open_worker(stack, ground, mind, open_market(ground))
        if role == "runtime":
            await open_runtime(stack, ground, mind, open_market(ground))
        if role in ("all", "jobs"):
            await open_jobs(stack, ground, mind, found, market)
        if role not in ("all", "gateway"):
            settle_heap()
            told(f"{role} is ready")
            await stop.wait()
            return
        app = create_app(await open_gateway(stack, ground, mind, market))
        listener = listen(settings.host, settings.port)
        host, port = listener.getsockname()[:2]
        settle_heap()
        told(f"http://{host}:{port}")
        await serve(app, listener, stop)
