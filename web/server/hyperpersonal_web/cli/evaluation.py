"""`hp eval`: how good the product is on a folder of labelled data."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
import uvloop
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.evaluate.data import Data, read_data
from hyperpersonal_web.evaluate.platform import Props, open_product
from hyperpersonal_web.evaluate.report import show
from hyperpersonal_web.evaluate.routing import Progress
from hyperpersonal_web.evaluate.runner import Outcome
from hyperpersonal_web.evaluate.runner import evaluate as run
from hyperpersonal_web.paths import beside_checkout

FOLDER = click.Path(path_type=Path)
FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
DASH = Path("-")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--history", type=FOLDER, help="Labelled history for the router to learn from.")
@click.option(
    "--split",
    type=click.FloatRange(0.01, 0.5),
    default=None,
    help="Test only this share of DIR, held out by a hash; learn from the rest, or from --history "
    "without it.",
)
@click.option("--limit", type=click.IntRange(1), help="Only about N rows of each file: a look.")
@click.option("--json", "figures", type=FILE, help="Write the figures here; - is standard output.")
@click.option("--transcripts", type=FILE, help="Write every task's talk here, as JSON Lines.")
def evaluate(
    folder: Path, history: Path | None, split: float | None, limit: int | None, **files: Path | None
) -> None:
    """Measure routing, slots, retrieval, escalation and whole tasks on the data in DIR.

    DIR has any of utterances.jsonl, out_of_scope.jsonl, conversations.jsonl, knowledge.jsonl,
    policy.md, tasks.jsonl and store/; figures whose file it lacks are left out, by name. Tasks run
    through the whole product on services of their own. Without --history and --split the router
    knows the manifests and articles only, as a new merchant's does.

    Exit codes: 0 measured, 1 it could not be, 2 the input is bad.
    """
    log.configure(os.environ.get("HP_LOG_LEVEL", "error"))
    try:
        data = read_data(folder, history, split=split or 0.0, limit=limit or 0)
    except RefusedError as error:
        raise click.UsageError(error.message) from error
    outcome = _measured(data)
    _write(files["transcripts"], [one.line() for one in outcome.kept])
    if files["figures"] == DASH:
        click.echo(_json(outcome.report))
        return
    if files["figures"]:
        files["figures"].write_bytes(_json(outcome.report))
    show(Console(highlight=False), outcome.report)


def _measured(data: Data) -> Outcome:
    settings = beside_checkout(settings_of(os.environ, None))
    props = Props(settings)
    try:
        props.start(shop=bool(data.tasks) and data.store is not None)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(props, data))
    except (OutsideError, OSError, RuntimeError) as error:
        raise click.ClickException(f"{error}. `./hp doctor` may know more.") from error
    finally:
        props.stop()


async def _run(props: Props, data: Data) -> Outcome:
    with _bars() as bars:
        async with open_product(props) as product:
            return await run(product, data, _telling(bars))


def _bars() -> Bars:
    """On standard error, and only for people."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:12}"), BarColumn(40), MofNCompleteColumn())
    return Bars(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal)


def _telling(bars: Bars) -> Progress:
    """A bar a stage; a stage that begins again begins its bar again."""
    known: dict[str, Any] = {}

    def told(stage: str, done: int, of: int) -> None:
        if stage not in known:
            known[stage] = bars.add_task(stage, total=of)
        bars.update(known[stage], completed=done, total=of)

    return told


def _write(path: Path | None, rows: Sequence[dict[str, Any]]) -> None:
    lines = msgspec.json.Encoder(enc_hook=str).encode_lines(rows)
    if path == DASH:
        click.echo(lines, nl=False)
    elif path:
        path.write_bytes(lines)


def _json(report: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(report), indent=2)
