"""`hp journal` and `hp replay`: what recorded turns did, and the same turns run again."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import asyncpg
import click
import msgspec
import uvloop
from hyperpersonal_core.api import RecordedTurn
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_runtime.api import Replayer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.embedded.services import Services
from hyperpersonal_web.paths import beside_checkout
from hyperpersonal_web.replaying import deeds
from hyperpersonal_web.replaying.archive import Archive, Choice, open_archive
from hyperpersonal_web.replaying.show import report, tell
from hyperpersonal_web.replaying.work import ReplayedTurn, Replays
from hyperpersonal_web.walls import open_jail
from hyperpersonal_web.wiring import GUEST_CACHE

LIMIT_MAX = 10_000
DIFFERENT = 1
NO_TABLES = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidParameterValueError,  # the application's role
)

Made = TypeVar("Made")


@click.command()
@click.argument("turns", metavar="TURN...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def journal(turns: tuple[str, ...], *, as_json: bool) -> None:
    """Show what turns did: every host call of every plugin, its answer, time and cost.

    A turn is named as the staff page does (trn_...).
    """

    async def read(archive: Archive, _settings: Settings) -> list[RecordedTurn]:
        return [await archive.read(place) for place in await archive.choose(Choice(turns))]

    found = _with_archive(read)
    if as_json:
        click.echo(_json([deeds.deeds(turn) for turn in found]))
        return
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for turn in found:
        for indent, words in deeds.lines(turn):
            console.print("  " * indent + words, style="bold" if not indent else None)


@click.command()
@click.argument("turns", metavar="[TURN]...", nargs=-1)
@click.option(
    "--release",
    metavar="RELEASE",
    help="Run them on this release instead: sha256:..., publisher/name@version, or a plugin's "
    "folder.",
)
@click.option("--conversation", metavar="ID", default="", help="All turns of a conversation.")
@click.option("--since", metavar="TIME", default="", help="Turns since 2h, 3d or 2026-11-22T18:00.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), help="The newest N turns. [100]")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def replay(
    turns: tuple[str, ...], release: str | None, *, as_json: bool,
    limit: int | None, **choice: str,
) -> int:  # fmt: skip
    """Run recorded turns again, with no effect: nothing is sent, written or fetched.

    On their own releases every byte must be the same. On another release (--release) host calls
    are answered from the record while they agree; what differs is told: words, tools, arguments,
    money, who is reached, cost.

    Exit codes: 0 the same, 1 different, 2 wrong usage or nothing to replay.
    """
    if not (turns or limit or any(choice.values())):
        raise click.UsageError("name turns, or choose by --conversation, --since or --limit")
    chosen = Choice(turns, limit=limit or Choice().limit, **choice)

    async def run(archive: Archive, settings: Settings) -> list[ReplayedTurn]:
        return await _replayed(archive, settings, chosen, release)

    found = _with_archive(run)
    if as_json:
        click.echo(_json(report(found)))
    else:
        tell(Console(highlight=False, markup=False), found)
    if not any(call.after is not None for turn in found for call in turn.calls):
        raise click.UsageError("nothing was replayed")
    return DIFFERENT if any(turn.different for turn in found) else 0


async def _replayed(
    archive: Archive, settings: Settings, choice: Choice, release: str | None
) -> list[ReplayedTurn]:
    places = await archive.choose(choice)
    new = await archive.release(release) if release else None
    async with AsyncExitStack() as stack:
        bars = stack.enter_context(_bars())
        bar = bars.add_task("replay", total=len(places))
        replayer = Replayer(settings.data_dir / GUEST_CACHE, jail=await open_jail(settings))
        await replayer.start()
        stack.push_async_callback(replayer.close)
        return await Replays(archive, replayer, new).run(places, lambda: bars.advance(bar))


def _with_archive(work: Callable[[Archive, Settings], Coroutine[Any, Any, Made]]) -> Made:
    """Do it on this machine's data folder, or on the services the settings name."""
    log.configure(os.environ.get("HP_LOG_LEVEL", "error"))
    settings = beside_checkout(settings_of(os.environ, None))
    services = Services(
        settings.data_dir, database_url=settings.database_url, nats_url=settings.nats_url
    )

    async def run() -> Made:
        async with open_archive(settings, found) as archive:
            return await work(archive, settings)

    try:
        found = services.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run())
    except RefusedError as error:
        raise click.UsageError(error.message) from error
    except NO_TABLES as error:
        words = "there are no turns of this version here; `./hp serve` or `./hp demo` makes some"
        raise click.UsageError(words) from error
    except (OutsideError, OSError, RuntimeError, asyncpg.PostgresError) as error:
        raise click.ClickException(f"{error}. `./hp doctor` may know more.") from error
    finally:
        services.stop()


def _bars() -> Progress:
    """On standard error, and only for people."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:8}"), BarColumn(40), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True,
                    disable=not console.is_terminal)  # fmt: skip


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)
