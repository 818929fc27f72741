"""`hp bench`: how fast the product is on this machine."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
import msgspec
import uvloop
from hyperpersonal_core.kit import log
from hyperpersonal_runtime.bench import bench_guest
from rich.console import Console
from rich.table import Table

from hyperpersonal_web.bench.ingest import bench_ingest
from hyperpersonal_web.bench.sockets import bench_sockets
from hyperpersonal_web.bench.turns import bench_turns
from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.demo.stage import Props, data_folder
from hyperpersonal_web.paths import ROOT
from hyperpersonal_web.wiring import GUEST_CACHE

Measure = Callable[[Props], Coroutine[Any, Any, dict[str, float]]]


async def _ingest(props: Props) -> dict[str, float]:
    return await bench_ingest(props.addresses.database_url, props.addresses.nats_url)


async def _guest(props: Props) -> dict[str, float]:
    await props.guest()
    return await bench_guest(props.settings.data_dir / GUEST_CACHE)


MEASURES: dict[str, Measure] = {
    "turns": bench_turns,
    "ingest": _ingest,
    "sockets": bench_sockets,
    "guest": _guest,
}


@click.command()
@click.argument("what", type=click.Choice([*MEASURES, "all"]), default="all")
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here."
)
def bench(what: str, out: Path | None) -> None:
    r"""Measure turns, ingest, sockets or the guest, on empty servers of its own.

    \b
    turns    messages/s and ms from POST and WebSocket to the pushed answer: an echo in the host,
             a trivial Python agent in a fresh sandbox each, the order agent with its shop
    ingest   messages/s onto the timeline with and without group commit
    sockets  10,000 idle WebSockets in one process: KiB each, and a broadcast to all
    guest    the sandbox alone: instantiate, load, call
    """
    console = Console(highlight=False)
    log.configure("error")
    settings = data_folder(settings_of(os.environ, 0), ROOT)
    props = Props(settings, lambda *_: None, throwaway="bench")
    try:
        props.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            names = list(MEASURES) if what == "all" else [what]
            figures: dict[str, float] = {}
            for name in names:
                figures |= runner.run(MEASURES[name](props))
    finally:
        props.stop()
    table = Table("figure", "value", box=None, pad_edge=False)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}")
    console.print(table)
    if out:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
