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
from rich.console import Console
from rich.table import Table

from hyperpersonal_web.bench.fairness import bench_fairness
from hyperpersonal_web.bench.guest import bench_sandbox
from hyperpersonal_web.bench.ingest import bench_ingest
from hyperpersonal_web.bench.model_turns import bench_model_turns
from hyperpersonal_web.bench.registry import AIMS, bench_registry
from hyperpersonal_web.bench.sockets import bench_sockets
from hyperpersonal_web.bench.terms import COUNT_MAX, SECONDS_MAX, SECONDS_MIN, Terms
from hyperpersonal_web.bench.turns import bench_turns
from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.paths import beside_checkout

Measure = Callable[[Props, Terms], Coroutine[Any, Any, dict[str, Any]]]


MEASURES: dict[str, Measure] = {
    "turns": bench_turns,
    "model_turns": bench_model_turns,
    "ingest": bench_ingest,
    "sockets": bench_sockets,
    "guest": bench_sandbox,
    "fairness": bench_fairness,
    "registry": bench_registry,
}


@click.command()
@click.argument("what", type=click.Choice([*MEASURES, "all"]), default="all")
@click.option(
    "--seconds",
    type=click.FloatRange(SECONDS_MIN, SECONDS_MAX),
    default=5.0,
    show_default=True,
    help="Length of each measured loop.",
)
@click.option(
    "--count",
    type=click.IntRange(1, COUNT_MAX),
    help="Shoppers, sockets or samples, instead of the measurement's own number.",
)
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here."
)
def bench(what: str, seconds: float, count: int | None, out: Path | None) -> None:
    """Measure turns, models, ingest, sockets, the guest, fairness or the registry, on empty
    servers of its own.

    \b
    turns    turns/s, ms and CPU from a message to its pushed answer: a trivial Python agent in a
             fresh sandbox each, and the order agent with its shop
    model_turns
             message, model, order tool, model, reply: the vendor's own client in its jail before a
             stub that answers at once, and before one that takes a second
    ingest   messages/s by POST and WebSocket until stored, and until an in-host echo is pushed;
             group commit on and off
    sockets  10,000 idle WebSockets in one process: KiB each, and a broadcast to all
    guest    the sandbox alone, one agent in every kind: python, python_promoted (frozen with its
             modules loaded), component_js (TypeScript; needs npm once), process (native). cold: a
             fresh instance, or a new process; warm: a kept one; turn_cpu_ms: fresh, all processes.
             Then 1,000 turns that wait for a model in one worker
    fairness a neighbour at its share, with and without a tenant at ten times its own
    registry verifying a release offline (verify: in a running host; verify_fresh: in a new
             process), installing it, stopping it on 51 hosts, search over 10,000 listings, a
             bundle over 1,000 plugins; with their aims

    Exit codes: 0 measured, 1 a server did not start or a measurement failed, 2 wrong usage.
    """  # noqa: D301 - click reads the control character that the escape stands for
    console = Console(highlight=False)
    log.configure("error")
    settings = beside_checkout(settings_of(os.environ, 0))
    names = list(MEASURES) if what == "all" else [what]
    with console.status("starting the servers") as status:
        terms = Terms(seconds, count or 0, lambda step: status.update(f"{step} …"))
        props = Props(settings, lambda *_: None, throwaway=f"bench-{os.getpid()}")
        try:
            figures = _measure(props, names, terms)
        except (OSError, RuntimeError) as problem:
            raise click.ClickException(str(problem)) from problem
        finally:
            props.stop()
    console.print(_table(figures))
    if out:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")


def _measure(props: Props, names: list[str], terms: Terms) -> dict[str, Any]:
    props.start()
    load_before = os.getloadavg()[0]
    figures: dict[str, Any] = {}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for name in names:
            figures |= runner.run(MEASURES[name](props, terms))
    machine = {"load_average_before": load_before, "load_average_after": os.getloadavg()[0]}
    return figures | {name: round(value, 2) for name, value in machine.items()}


def _table(figures: dict[str, Any]) -> Table:
    table = Table("figure", "value", "aim", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for name, value in figures.items():
        parts = value if isinstance(value, dict) else {"": value}
        for part, figure in parts.items():
            shown = figure if isinstance(figure, str) else f"{figure:,.2f}"
            aim = f"at most {AIMS[name]:,}" if name in AIMS else ""
            table.add_row(f"{name} {part}".strip(), shown, aim)
    return table
