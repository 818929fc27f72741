"""`hp registry serve`: the registry in a process of its own."""

import asyncio
import os

import asyncpg
import click
import uvloop
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_registry.api import KeyFolder

from hyperpersonal_web.cli.registry import registry
from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.embedded.services import Services
from hyperpersonal_web.trusting import folder_of


@registry.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of HP_PORT.")
def serve(port: int | None) -> None:
    """Run the registry alone: its HTTP, the checks, and the renewal of its metadata.

    It needs `hp registry init` first, and its keys on this machine.
    """
    settings = settings_of(os.environ, port)
    if not KeyFolder(folder_of(settings)).is_there:
        raise click.UsageError(
            f"there are no keys in {folder_of(settings)}; hold the ceremony: hp registry init"
        )
    from hyperpersonal_web.registry_alone import run_registry
    from hyperpersonal_web.run import bring_up_schema

    log.configure(settings.log_level)
    services = Services(
        settings.data_dir, database_url=settings.database_url, nats_url=settings.nats_url
    )
    try:
        found = services.start()
        bring_up_schema(found.database_url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_registry(settings, found, click.echo))
    except (OutsideError, RefusedError, OSError, RuntimeError, asyncpg.PostgresError) as error:
        raise click.ClickException(f"{error}. `./hp doctor` may know more.") from error
    finally:
        services.stop()
