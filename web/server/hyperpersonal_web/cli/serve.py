"""`hp serve`: the product without the demo, on embedded or named services."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, cast

import asyncpg
import click
import uvloop
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.settings import Settings, describe, load

from hyperpersonal_web.embedded.services import Addresses, Services


def _settings_help() -> str:
    width = max(len(name) for name, _, _ in describe())
    lines = [f"{name:{width}}  {meaning} [{default}]" for name, default, meaning in describe()]
    return "\b\nSettings (environment variables):\n" + "\n".join(lines)


@click.command(epilog=_settings_help())
@click.option(
    "--role",
    type=click.Choice(["all", "gateway", "worker", "runtime", "jobs"]),
    default="all",
    show_default=True,
    help="gateway: HTTP and WebSocket. worker: turns, whose plugins run in runtime processes. "
    "runtime: sandboxes, and all that plugins reach from there. jobs: background jobs. all: "
    "everything in one process.",
)
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of HP_PORT.")
def serve(role: str, port: int | None) -> None:
    """Run the product until interrupted.

    Without HP_DATABASE_URL and HP_NATS_URL it starts an embedded PostgreSQL and NATS in the data
    folder; a second process there (another role) uses the first one's.
    """
    settings = settings_of(os.environ, port)
    from hyperpersonal_web.run import run  # the whole product: only when it runs

    on_services(settings, lambda found: run(settings, found, cast("Any", role), click.echo))


def on_services(settings: Settings, work: Callable[[Addresses], Coroutine[Any, Any, None]]) -> None:
    """Do this on PostgreSQL with our schema and on NATS, both named or embedded.

    Raises:
        click.ClickException: what is missing, and who may know more.
    """
    from hyperpersonal_web.schema import bring_up_schema

    log.configure(settings.log_level)
    services = Services(
        settings.data_dir, database_url=settings.database_url, nats_url=settings.nats_url
    )
    try:
        found = services.start()
        bring_up_schema(found.database_url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(found))
    except (OutsideError, RefusedError, OSError, RuntimeError, asyncpg.PostgresError) as error:
        raise click.ClickException(f"{error}. `./hp doctor` may know more.") from error
    finally:
        services.stop()


def settings_of(environ: "os._Environ[str] | dict[str, str]", port: int | None) -> Settings:
    """The settings, with a port given on the command line before the one in the environment.

    Raises:
        click.UsageError: an unknown or bad variable.
    """
    given = dict(environ) if port is None else {**environ, "HP_PORT": str(port)}
    try:
        return load(given)
    except RefusedError as error:
        raise click.UsageError(error.message) from error
