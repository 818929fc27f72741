"""`hp bundle`: compose agents with order, rules, hours and a voice; check, apply, share."""

import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from hyperpersonal_sdk import bundle as bundles
from hyperpersonal_sdk import key_files
from hyperpersonal_sdk.bundle import BUNDLE_FILE, LOCK_FILE, Bundle
from hyperpersonal_sdk.bundle_pack import files_of
from hyperpersonal_sdk.cli.account import REGISTRY
from hyperpersonal_sdk.cli.common import KEY
from hyperpersonal_sdk.errors import BadInputError

from hyperpersonal_web.cli import bundle_ask as ask
from hyperpersonal_web.cli import bundle_show as show
from hyperpersonal_web.cli.lazy import ToldGroup
from hyperpersonal_web.cli.shop_client import ShopClient, shop_client, shop_options
from hyperpersonal_web.cli.telling import AS_JSON, console, tell

API = "/v1/market/bundles"
Command = TypeVar("Command", bound=Callable[..., Any])
_IN = click.Path(exists=True, dir_okay=False, path_type=Path)
_FILE = click.argument("file", type=_IN, default=BUNDLE_FILE)


@click.group(cls=ToldGroup)
def bundle() -> None:
    """Compose agents with order, rules, hours, languages and a voice; check, apply, share.

    A bundle is a text, `bundle.toml`. `check` needs no server; the rest works against the demo
    that runs here, or any server: --url and --key.
    """


@bundle.command()
@_FILE
@AS_JSON
def check(file: Path, *, as_json: bool) -> None:
    """Whether FILE is a bundle; every fault with its line and what to write."""
    found = _read(file)
    told = {"bundle": f"{found.id}@{found.version}", "agents": [a.plugin for a in found.agents]}
    tell(told, lambda out, _: out.print(f"{file} holds: {told['bundle']}"), as_json=as_json)


@bundle.command()
@_FILE
@click.option("--lock", "locked", type=_IN, help="Keep to the releases of a bundle.lock.")
@shop_options
@AS_JSON
def solve(file: Path, locked: Path | None, url: str, key: str, *, as_json: bool) -> None:
    """What FILE would install, update, ask and cost; or why not, and what would work.

    Changes nothing. Exit codes: 0 it fits, 1 it does not, 2 wrong usage.
    """
    plan = _plan(shop_client(url, key), _text(file, locked))
    tell(plan, show.show_plan, as_json=as_json)
    if not plan["fits"]:
        sys.exit(1)


@bundle.command()
@_FILE
@shop_options
def diff(file: Path, url: str, key: str) -> None:
    """How FILE differs from what serves: the text's lines, and what would be done."""
    shop = shop_client(url, key)
    present = shop.get(API)["present"]
    before = present["source"] if present else ""
    show.show_difference(console(), before, file.read_text(encoding="utf-8"))
    show.show_plan(console(), _plan(shop, _text(file)))


@bundle.command()
@click.argument("text")
@click.option("--file", type=_IN, help="Try this bundle.toml; else what serves.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M"]), metavar="TIME",
              help="2026-12-24T20:00, by the bundle's clock; else now.")  # fmt: skip
@shop_options
@AS_JSON
def who(
    text: str, file: Path | None, at: datetime | None, url: str, key: str, *, as_json: bool
) -> None:
    """Who would answer TEXT as a new shopper's first message, and why.

    Made by the very choice that serves shoppers; nobody is asked, nothing is kept.
    """
    source = file.read_text(encoding="utf-8") if file else ""
    body = {"text": text, "at": at and at.isoformat(), "source": source}
    tell(shop_client(url, key).post(f"{API}/who", body), show.show_who, as_json=as_json)


@bundle.command("lock")
@_FILE
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Else beside FILE.")
@shop_options
def lock_(file: Path, out: Path | None, url: str, key: str) -> None:
    """Write `bundle.lock`: the very releases that fit now, signed with your shop's key."""
    done = shop_client(url, key).post(f"{API}/lock", _text(file))
    out = out or file.with_name(LOCK_FILE)
    out.write_text(done["lock"], encoding="utf-8")
    click.echo(f"{out} is written; `hp bundle apply {file} --lock {out}` keeps to it")


def _consenting(command: Command) -> Command:
    """The options of a command that applies a plan."""
    for option in (
        click.option("--yes", is_flag=True, help="Give what is needed and nothing more."),
        click.option("--grant", "given", multiple=True, metavar="PLUGIN=CAPABILITY",
                     help="Give this too."),
        click.option("--config", type=_IN, help="JSON: plugin -> its configuration."),
        click.option("--secrets", type=_IN, help="JSON: plugin -> address -> header -> value."),
        shop_options,
        AS_JSON,
    ):  # fmt: skip
        command = option(command)
    return command


@bundle.command()
@_FILE
@click.option("--lock", "locked", type=_IN, help="Keep to the releases of a bundle.lock.")
@click.option("--resume", is_flag=True, help="Go on with what was broken off.")
@_consenting
def apply(file: Path, locked: Path | None, url: str, key: str, **options: Any) -> None:
    """Show what FILE would do, ask for consent, do it. It serves from the next turn on."""
    shop = shop_client(url, key)
    if options["resume"]:
        _told_run(shop.post(f"{API}/resume"), as_json=options["as_json"])
        return
    _read(file)
    _apply(shop, _text(file, locked), options)


@bundle.command()
@click.argument("plugin")
@click.argument("version", required=False)
@click.option("--locked", is_flag=True, help="The very releases its publisher locked.")
@_consenting
def install(
    plugin: str, version: str | None, url: str, key: str, *, locked: bool, **options: Any
) -> None:
    """Apply a published bundle, PUBLISHER/NAME: nothing it names comes without your consent."""
    wanted = {"plugin_id": plugin, "version": version, "locked": locked}
    _apply(shop_client(url, key), wanted, options)


@bundle.command("show")
@shop_options
@AS_JSON
def show_(url: str, key: str, *, as_json: bool) -> None:
    """The bundle that serves, and what was applied before."""
    tell(shop_client(url, key).get(API), show.show_runs, as_json=as_json)


@bundle.command()
@shop_options
@AS_JSON
def rollback(url: str, key: str, *, as_json: bool) -> None:
    """Go back to what served before: releases, order, rules, hours and voice. Grants nothing."""
    _told_run(shop_client(url, key).post(f"{API}/rollback"), as_json=as_json)


@bundle.command()
@_FILE
@KEY
@REGISTRY
@click.option("--lock", "locked", type=_IN, help="Ship a bundle.lock with it.")
@click.option("--private-to", multiple=True, metavar="TENANT", help="Only these merchants see it.")
@click.option("--unlisted", is_flag=True, help="Who knows its id may install it.")
@click.option("--wait", is_flag=True, help="Wait until it is published or rejected.")
@AS_JSON
@click.pass_context
def publish(
    context: click.Context, /, file: Path, key: Path, registry: str, locked: Path | None,
    **options: Any,
) -> None:  # fmt: skip
    """Publish FILE for other merchants: signed, checked, reviewed and logged as plugins are.

    The texts and pictures beside it (README.md, CHANGELOG.md, *.png, *.webp) come with it. A lock
    is signed anew with your publisher's key.
    """
    _read(file)
    try:
        relocked = _relocked(file, locked, key)
        files = files_of(file, relocked)
    except BadInputError as error:
        raise click.ClickException(str(error)) from error
    with tempfile.TemporaryDirectory() as folder:
        for path, data in files.items():
            (Path(folder) / path).write_bytes(data)
        from hyperpersonal_sdk.cli.publishing import publish as publish_plugin

        context.invoke(publish_plugin, folder=Path(folder), key=key, registry=registry, **options)


def _relocked(file: Path, locked: Path | None, key: Path) -> bytes | None:
    if locked is None:
        return None
    from hyperpersonal_marketplace.api import sign_again

    source = file.read_text(encoding="utf-8")
    return sign_again(locked.read_bytes(), source, key_files.load_key(key.expanduser()))


def _apply(shop: ShopClient, wanted: dict[str, Any], options: dict[str, Any]) -> None:
    plan = _plan(shop, wanted)
    as_json = options["as_json"]
    if not plan["fits"]:
        tell(plan, show.show_plan, as_json=as_json)
        sys.exit(1)
    if not as_json:
        show.show_plan(console(), plan)
    body = {
        "source": plan["source"],
        "plan": plan["plan"],
        "grants": ask.consent(plan, options["given"], yes=options["yes"]),
        "config": ask.by_plugin(options["config"]),
        "secrets": ask.by_plugin(options["secrets"]),
        "lock": plan["lock"],
    }
    _told_run(shop.post(API, body), as_json=as_json)


def _plan(shop: ShopClient, wanted: dict[str, Any]) -> dict[str, Any]:
    return dict(shop.post(f"{API}/plan", wanted))


def _text(file: Path, locked: Path | None = None) -> dict[str, Any]:
    text = {"source": file.read_text(encoding="utf-8")}
    return {**text, "lock": locked.read_text(encoding="utf-8")} if locked else text


def _read(file: Path) -> Bundle:
    try:
        return bundles.parse(file.read_text(encoding="utf-8"))
    except (BadInputError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error


def _told_run(run: dict[str, Any], *, as_json: bool) -> None:
    words = {"done": "serves from the next turn on", "rolled_back": "is taken back"}
    told = f"{run['name']} {words.get(run['state'], run['state'])}"
    why = f" ({run['why']})" if run["why"] else ""
    tell(run, lambda out, _: out.print(told + why, markup=False), as_json=as_json)
