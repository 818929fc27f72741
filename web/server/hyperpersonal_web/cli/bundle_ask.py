"""How a merchant consents to a bundle's plan: plugin by plugin, what is needed and what is not."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hyperpersonal_web.cli.market_ask import meets, read_json


def consent(plan: dict[str, Any], given: Sequence[str], *, yes: bool) -> dict[str, list[str]]:
    """Plugin id -> what is granted.

    An install gets what it cannot work without; what it may do without, and what an update newly
    asks, only by `--grant` or an answer at the terminal.

    Args:
        plan: as the server told it.
        given: `publisher/name=capability`, each.
        yes: nobody is asked.

    Raises:
        click.UsageError: nobody is there to answer, or a grant is not of that form.
        click.Abort: the merchant says no.
    """
    grants = _given(given)
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody is here to consent: read `hp bundle solve`, then say --yes")
    for step in plan["steps"]:
        mine = grants.setdefault(step["plugin_id"], [])
        for asked in step["permissions"]:
            needed = step["kind"] == "install" and not asked["optional"]
            if not meets(asked, mine) and (needed or (not yes and _wants(step, asked))):
                mine.append(asked["capability"])
    if not yes and not click.confirm(f"Apply {plan['bundle']}?"):
        raise click.Abort
    return {plugin_id: rights for plugin_id, rights in grants.items() if rights}


def _wants(step: dict[str, Any], asked: dict[str, Any]) -> bool:
    return click.confirm(f"{step['title']}: {asked['words']} ({asked['why']})?")


def by_plugin(path: Path | None) -> dict[str, Any]:
    """A JSON file: plugin id -> what is filled in for it."""
    return {} if path is None else dict(read_json(path))


def _given(given: Sequence[str]) -> dict[str, list[str]]:
    grants: dict[str, list[str]] = {}
    for text in given:
        plugin_id, equals, capability = text.partition("=")
        if not equals or "/" not in plugin_id:
            raise click.UsageError(f"--grant {text!r}: write publisher/name=capability")
        grants.setdefault(plugin_id, []).append(capability)
    return grants
