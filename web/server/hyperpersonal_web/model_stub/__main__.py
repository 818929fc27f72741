"""`python -m hyperpersonal_web.model_stub --port 8091`: a stand-in model service for development.

It says what it is and repeats what it was told; `--latency-ms` makes it as slow as a real one.
Base URLs: http://127.0.0.1:8091/v1 for OpenAI's protocol, http://127.0.0.1:8091 for Anthropic's.
"""

import asyncio
import contextlib
import signal

import click

from hyperpersonal_web.model_stub.script import Script, order_desk, parrot, slow
from hyperpersonal_web.model_stub.server import StubModel


@click.command()
@click.option("--port", default=8091, show_default=True, help="0: any; it is printed.")
@click.option("--latency-ms", default=0.0, show_default=True, help="Before each answer.")
@click.option("--script", type=click.Choice(["parrot", "order_desk"]), default="parrot")
def main(port: int, latency_ms: float, script: str) -> None:
    """Serve until interrupted."""
    said: Script = order_desk(latency_ms) if script == "order_desk" else slow(parrot, latency_ms)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(port, said))


async def _serve(port: int, script: Script) -> None:
    stub = StubModel(script)
    stub.record = False
    print(await stub.start(port), flush=True)  # noqa: T201 - whoever started it reads the port
    try:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await stub.close()


if __name__ == "__main__":
    main()
