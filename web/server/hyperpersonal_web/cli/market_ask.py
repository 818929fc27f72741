"""How a merchant consents in a terminal: what a release asks, by weight, and the answer."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.errors import CapabilityError
from rich.console import Console

from hyperpersonal_web.cli.market_show import escaped

JSON_BYTES_MAX = 64 * 1024


def show_consent(console: Console, told: dict[str, Any]) -> None:
    """The consent screen: groups come weightiest first."""
    offer = escaped(told)
    console.print(f"\n[bold]{offer['title']}[/bold] {offer['version']}  {offer['plugin_id']}")
    console.print(f"{offer['description']}  [dim]{offer['licence']}[/dim]", highlight=False)
    if not offer["groups"]:
        console.print("\nIt asks for nothing.")
    for group in offer["groups"]:
        console.print(f"\n[bold]{group['title']}[/bold]")
        for one in group["permissions"]:
            mark = "[dim](you choose)[/dim]" if one["optional"] else "[dim](needed)[/dim]"
            console.print(f"  • {one['words']} {mark}")
            console.print(f"    [dim]{one['why']}  {one['capability']}[/dim]")
    if offer["unreviewed"]:
        console.print(f"\n[bold yellow]{offer['unreviewed']}[/bold yellow]")
    for secret in offer["secrets"]:
        kind = "optional" if secret["optional"] else "needed"
        console.print(f"\nA credential ({kind}): {secret['header']}: {secret['why']}")
    console.print("")


def check_accepted(offer: dict[str, Any], *, accepted: bool) -> None:
    """That the merchant knows when no reviewer stands for a release; `--yes` does not say so.

    Raises:
        click.UsageError: nobody is there to say it.
        click.Abort: the merchant says no.
    """
    if not offer["unreviewed"] or accepted:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{offer['unreviewed']} If you do, say --accept-unreviewed")
    if not click.confirm("Install it all the same?"):
        raise click.Abort


def chosen_grants(
    offer: dict[str, Any], given: Sequence[str], without: Sequence[str], *, yes: bool
) -> list[str]:
    """What the merchant grants.

    `--yes` gives what the plugin cannot work without and nothing more, but for each `--grant`; on
    a terminal each optional permission is asked for.

    Raises:
        click.UsageError: nobody is there to answer.
        click.Abort: the merchant says no.
    """
    asked = [one for group in offer["groups"] for one in group["permissions"]]
    left = [one for one in asked if one["capability"] not in without and not meets(one, given)]
    grants = [*given, *(one["capability"] for one in left if not one["optional"])]
    if yes:
        return grants
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is here to consent: read `hp market show`, then say --yes")
    optional = [one for one in left if one["optional"]]
    grants += [one["capability"] for one in optional if click.confirm(f"{one['words']}?")]
    if not click.confirm(f"Install {offer['title']} with these permissions?"):
        raise click.Abort
    return grants


def meets(asked: dict[str, Any], given: Sequence[str]) -> bool:
    """Whether something narrower was given in the place of this."""
    try:
        rights = CapabilitySet.parse(given)
    except CapabilityError as error:
        raise click.UsageError(f"--grant: {error}") from error
    return bool(CapabilitySet.parse([asked["capability"]]).meet(rights).texts)


def read_config(path: Path | None, pairs: Sequence[str]) -> dict[str, Any]:
    """A JSON file, then `key=value` pairs over it; a value that is JSON is taken as such."""
    config: dict[str, Any] = read_json(path) if path else {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(f"--set {pair!r}: write key=value")
        config[key] = _value(value)
    return config


def read_json(path: Path) -> dict[str, Any]:
    """An object from a file; `-` is standard input."""
    data = sys.stdin.buffer.read(JSON_BYTES_MAX) if str(path) == "-" else path.read_bytes()
    try:
        return msgspec.json.decode(data[:JSON_BYTES_MAX], type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise click.UsageError(f"{path} holds no JSON object: {error}") from error


def read_secrets(offer: dict[str, Any], path: Path | None) -> dict[str, dict[str, str]]:
    """Address -> header -> value, from a file; on a terminal a needed one is asked for, unseen."""
    if path:
        return msgspec.convert(read_json(path), dict[str, dict[str, str]])
    needed = [one for one in offer["secrets"] if not one["optional"]]
    if not needed or not sys.stdin.isatty():
        return {}
    address = click.prompt("At which address is it used, such as https://api.shop.example")
    values = {one["header"]: click.prompt(one["header"], hide_input=True) for one in needed}
    return {address: values}


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text
