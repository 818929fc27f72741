"""`hp demo`: everything on this machine by one command."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable

import asyncpg
import click
import uvloop
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.demo.check import check as hold
from hyperpersonal_web.demo.model import VENDORS, DemoModel
from hyperpersonal_web.demo.script import SCENES
from hyperpersonal_web.demo.stage import Props, Stage, open_stage
from hyperpersonal_web.demo.transcript import WIDTH_MAX, show
from hyperpersonal_web.paths import beside_checkout
from hyperpersonal_web.server import stop_on_signals

STEPS = (
    "PostgreSQL and NATS",
    "schema",
    "Python sandbox",
    "plugins: pack, sign, publish, install",
    "policy articles",
    "agents",
)
Told = Callable[[str, float], None]


@click.command()
@click.option("--check", is_flag=True, help="Hold the scripted conversations, then stop.")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of 8000 (with --check: any).")
@click.option("--model", type=click.Choice(VENDORS), help="Whose protocol a language model speaks.")
@click.option("--model-name", default="", help="The vendor's name of the model.")
@click.option("--model-base-url", default="", help="Another service of that protocol.")
def demo(
    *, check: bool, port: int | None, model: str | None, model_name: str, model_base_url: str
) -> None:
    """Set up a demo shop with its agents and open a chat with it.

    With --model and --model-name a language model answers open questions; its API key is read from
    the variable MODEL_API_KEY.

    The first run prepares everything in the folder .hp (about a minute); later ones start in
    seconds with everything as it was left. Remove .hp to begin anew.
    """
    if bool(model) != bool(model_name):
        raise click.UsageError("--model and --model-name go together")
    key = os.environ.get("MODEL_API_KEY", "")
    chosen = DemoModel(model, model_name, model_base_url, key) if model else None
    started = time.monotonic()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_MAX)
    # The check kills workers itself: that they are lost is no news to who reads its talks.
    log.configure(os.environ.get("HP_LOG_LEVEL", "error" if check else "warning"))
    settings = beside_checkout(settings_of(os.environ, 0 if check and port is None else port))
    failed = 0
    with _bars(console) as told:
        props = Props(settings, told[1], model=chosen)
        try:
            props.start()
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until it listens
                failed = runner.run(_run(props, told, (console, started), check=check))
        except (OutsideError, RefusedError, OSError, RuntimeError, asyncpg.PostgresError) as error:
            raise click.ClickException(f"{error}. `./hp doctor` may know more.") from error
        finally:
            props.stop()
    raise click.exceptions.Exit(1 if failed else 0)


async def _run(
    props: Props, told: "tuple[Progress, Told]", out: tuple[Console, float], *, check: bool
) -> int:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    console, started = out
    async with open_stage(props, told[1]) as stage:
        told[0].stop()
        console.print(f"ready in {time.monotonic() - started:.1f} s")
        if check:
            return await _check(console, stage)
        stop = stop_on_signals()  # until here a Ctrl-C cancels the work where it stands
        _welcome(console, stage)
        await stop.wait()
        console.print("stopping …")
    return 0


async def _check(console: Console, stage: Stage) -> int:
    verdicts = await hold(stage, lambda verdict: show(console, verdict))
    failed = [verdict.scene.title for verdict in verdicts if verdict.failed]
    held = len(verdicts) - len(failed)
    console.print(f"\n{held} of {len(SCENES)} conversations ended as expected")
    return len(failed)


def _welcome(console: Console, stage: Stage) -> None:
    console.print(f"\n  [bold]Chat[/bold]   {stage.url}")
    console.print(f"  [bold]Staff[/bold]  {stage.url}/staff")
    console.print(f"  [bold]Market[/bold] {stage.url}/market")
    console.print(f"  [bold]Review[/bold] {stage.url}/review")
    console.print(f"  [bold]API[/bold]    {stage.url}/schema\n")
    console.print("  Ctrl-C stops everything; what happened stays in .hp", style="dim")


class _bars:  # noqa: N801 - a context manager used like a function
    """A line a step: a bar on a terminal, one plain line when done elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (SpinnerColumn(), TextColumn("{task.description:40}"), BarColumn(30))
        self._progress = Progress(
            *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
        )
        self._tasks = {
            step: self._progress.add_task(step, total=1.0, start=False) for step in STEPS
        }
        self._done: set[str] = set()

    def __enter__(self) -> "tuple[Progress, Told]":
        self._progress.start()
        return self._progress, self._told

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _told(self, step: str, fraction: float) -> None:
        if step in self._done:
            return
        task = self._tasks[step]
        self._progress.start_task(task)
        self._progress.update(task, completed=fraction)
        if fraction >= 1.0:
            self._done.add(step)
            if not self._console.is_terminal:
                self._console.print(f"{step} …")
