"""How commands tell what they found: to people on a terminal, to machines as one line of JSON."""

import sys
from collections.abc import Callable
from typing import Any

import click
import msgspec
from rich.console import Console

WIDTH_PIPED = 200

AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


def tell(
    found: Any, shown: Callable[[Console, Any], None], *, as_json: bool, markup: bool = True
) -> None:
    """Print what was found. `shown` prints it for people; with markup it escapes what publishers
    wrote (`rich.markup.escape`)."""
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        shown(console(markup=markup), found)


def console(*, markup: bool = True) -> Console:
    """Wraps lines on a terminal only: what reads a pipe gets them whole."""
    piped = not sys.stdout.isatty()
    width = WIDTH_PIPED if piped else None
    return Console(highlight=False, markup=markup, soft_wrap=piped, width=width)
