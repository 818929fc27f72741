"""`hp registry serve`: the registry in a process of its own."""

import os

import click
from hyperpersonal_registry.api import KeyFolder

from hyperpersonal_web.cli.registry_commands import registry
from hyperpersonal_web.cli.serve import on_services, settings_of
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
    from hyperpersonal_web.registry_alone import run_registry  # only when it runs

    on_services(settings, lambda found: run_registry(settings, found, click.echo))
