"""`hp market`: find plugins, install them with consent, keep them up to date, take rights back."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from hyperpersonal_web.cli import market_ask as ask
from hyperpersonal_web.cli import market_show as show
from hyperpersonal_web.cli.lazy import ToldGroup
from hyperpersonal_web.cli.publisher_client import as_publisher
from hyperpersonal_web.cli.shop_client import (
    ShopClient,
    ShopProblemError,
    shop_client,
    shop_options,
)
from hyperpersonal_web.cli.telling import AS_JSON, console, tell

API = "/v1/market"
_ACCEPT = click.option(
    "--accept-unreviewed", is_flag=True, help="Run code that no reviewer stands for."
)
_SET = click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A field of its configuration."
)
_FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)


def _id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if any(not part for part in value.split("/")) or value.count("/") != 1:
        raise click.BadParameter("write it as publisher/name, as `hp market search` shows it")
    return value


_PLUGIN = click.argument("plugin", callback=_id)


@click.group(cls=ToldGroup)
def market() -> None:
    """Find plugins, install them with consent, and keep them as you like.

    Works against the demo that runs here, or any server: --url and --key.
    """


@market.command()
@click.argument("words", nargs=-1)
@click.option("--kind", multiple=True, help="agent, connector, channel, model or guard.")
@click.option("--category", multiple=True)
@click.option("--language", multiple=True, help="Such as en or de.")
@click.option("--stars", multiple=True, type=click.Choice(["3+", "4+"]), help="Rated so at least.")
@click.option("--sort", type=click.Choice(["best", "stars"]), default="best", show_default=True)
@click.option("--limit", type=click.IntRange(1, 50), default=20, show_default=True)
@shop_options
@AS_JSON
def search(words: tuple[str, ...], url: str, key: str, *, as_json: bool, **facets: Any) -> None:
    """Find plugins by what they do; without WORDS all of them."""
    query = {name: list(value) if isinstance(value, tuple) else value
             for name, value in facets.items()}  # fmt: skip
    found = shop_client(url, key).get(f"{API}/plugins", q=" ".join(words), **query)
    _tell(found, show.show_found, as_json=as_json)


@market.command("show")
@_PLUGIN
@shop_options
@AS_JSON
def show_one(plugin: str, url: str, key: str, *, as_json: bool) -> None:
    """One plugin: what it may do, what speaks for it, its price and versions."""
    page = shop_client(url, key).get(f"{API}/plugins/{plugin}")
    _tell(page, show.show_plugin, as_json=as_json)


@market.command()
@shop_options
@AS_JSON
def installed(url: str, key: str, *, as_json: bool) -> None:
    """What is installed, what is newer, and what waits for your consent."""
    page = shop_client(url, key).get(f"{API}/installed")
    _tell(page, show.show_installed, as_json=as_json)


@market.command()
@_PLUGIN
@click.argument("version", required=False)
@click.option("--yes", is_flag=True, help="Give what it needs without being asked.")
@click.option(
    "--grant", "given", multiple=True, help="Give this, an optional or a narrower permission."
)
@click.option("--without", multiple=True, help="Do not give this one.")
@click.option("--config", type=_FILE, help="A file with its configuration in JSON.")
@_SET
@click.option("--secrets", type=_FILE, help="A file: {address: {header: value}}; - is stdin.")
@_ACCEPT
@shop_options
@AS_JSON
def install(
    plugin: str, version: str | None, url: str, key: str, *, yes: bool, given: tuple[str, ...],
    without: tuple[str, ...], config: Path | None, pairs: tuple[str, ...], secrets: Path | None,
    accept_unreviewed: bool, as_json: bool,
) -> None:  # fmt: skip
    """Install PLUGIN, the newest release or VERSION, after showing what it asks.

    Consent is to the very release that was shown. Nothing is granted that you did not give.
    """
    shop = shop_client(url, key)
    offer = shop.get(f"{API}/plugins/{plugin}/offer", version=version)
    if not as_json:
        ask.show_consent(console(), offer)
    ask.check_accepted(offer, accepted=accept_unreviewed)
    grants = ask.chosen_grants(offer, given, without, yes=yes)
    body = {
        "plugin_id": plugin, "version": offer["version"], "grants": grants,
        "config": ask.read_config(config, pairs), "secrets": ask.read_secrets(offer, secrets),
        "accept_unreviewed": bool(offer["unreviewed"]),
    }  # fmt: skip
    done = shop.post(f"{API}/installed", body)
    words = f"{plugin} {offer['version']} is installed and serves"
    _tell(done, lambda out, _: out.print(words), as_json=as_json)


@market.command()
@_PLUGIN
@click.argument("version", required=False)
@_SET
@_ACCEPT
@shop_options
@AS_JSON
def update(
    plugin: str, version: str | None, url: str, key: str, *, pairs: tuple[str, ...],
    accept_unreviewed: bool, as_json: bool,
) -> None:  # fmt: skip
    """Go to the newest release, or VERSION, under no more permissions than now.

    --set is for a release that wants to be set up otherwise: what was set before stays.
    """
    shop = shop_client(url, key)
    body: dict[str, Any] = {"version": version, "accept_unreviewed": accept_unreviewed}
    if pairs:
        present = _installed(shop, plugin)["config"]
        body["config"] = {**present, **ask.read_config(None, pairs)}
    try:
        done = shop.post(f"{API}/installed/{plugin}/update", body)
    except ShopProblemError as error:
        if error.reason != "bad_config":
            raise
        raise click.ClickException(f"{error.message}; give it: --set KEY=VALUE") from error
    _tell(done, show.show_updated, as_json=as_json)


@market.command()
@_PLUGIN
@click.option("--config", type=_FILE, help="A file with all of it in JSON.")
@_SET
@shop_options
@AS_JSON
def configure(
    plugin: str, config: Path | None, pairs: tuple[str, ...], url: str, key: str, *, as_json: bool
) -> None:
    """How PLUGIN is set up; --set changes fields, --config all of it."""
    shop = shop_client(url, key)
    present = _installed(shop, plugin)["config"]
    if config or pairs:
        present = {**({} if config else present), **ask.read_config(config, pairs)}
        shop.put(f"{API}/installed/{plugin}/config", {"config": present})
    _tell(present, lambda out, set_up: out.print_json(data=set_up), as_json=as_json)


@market.command()
@_PLUGIN
@shop_options
@AS_JSON
def rollback(plugin: str, url: str, key: str, *, as_json: bool) -> None:
    """Go back to the release before; doing it twice is back again."""
    done = shop_client(url, key).post(f"{API}/installed/{plugin}/rollback")
    _tell(done, show.show_updated, as_json=as_json)


@market.command()
@_PLUGIN
@click.option("--yes", is_flag=True, help="Give all that waits.")
@shop_options
@AS_JSON
def consent(plugin: str, url: str, key: str, *, yes: bool, as_json: bool) -> None:
    """Decide about what the installed release asks and nobody granted yet."""
    shop = shop_client(url, key)
    one = _installed(shop, plugin)
    grants = [right["capability"] for right in one["grants"]]
    for asked in one["waiting"]:
        words = f"{asked['words']} ({asked['why']})"
        if yes or (sys.stdin.isatty() and click.confirm(f"{words}?")):
            grants.append(asked["capability"])
    done = shop.put(f"{API}/installed/{plugin}/grants", {"grants": grants})
    _tell(done, _print_grants, as_json=as_json)


@market.command()
@_PLUGIN
@click.option("--remove", multiple=True, help="Take this permission away.")
@click.option("--remove-unused", is_flag=True, help="Take away all that nothing used.")
@shop_options
@AS_JSON
def grants(
    plugin: str, url: str, key: str, *, remove: tuple[str, ...], remove_unused: bool, as_json: bool
) -> None:
    """What PLUGIN's permissions were really used for in the last 30 days; take some away."""
    shop = shop_client(url, key)
    used = shop.get(f"{API}/installed/{plugin}/grants")
    gone = {*remove, *(one["capability"] for one in used["unused"] if remove_unused)}
    if not gone:
        _tell(used, show.show_used, as_json=as_json)
        return
    known = [one["capability"] for one in used["grants"]]
    if unknown := gone - set(known):
        raise click.UsageError(f"it has no permission {sorted(unknown)[0]!r}")
    kept = {"grants": [text for text in known if text not in gone]}
    _tell(shop.put(f"{API}/installed/{plugin}/grants", kept), _print_grants, as_json=as_json)


@market.command()
@_PLUGIN
@click.argument("follow", type=click.Choice(["pin", "off", "fixes", "latest"]))
@click.option("--cooldown", type=click.IntRange(0, 365), default=0, help="Days to wait first.")
@click.option("--by-degrees", is_flag=True, help="Roll it out (`hp rollout`), not to all at once.")
@shop_options
@AS_JSON
def policy(
    plugin: str, follow: str, url: str, key: str, *, cooldown: int, by_degrees: bool, as_json: bool
) -> None:
    r"""How PLUGIN follows new releases.

    \b
    pin     stays at this very release
    off     changes only by `hp market update`
    fixes   takes patches of its minor version by itself
    latest  takes every new release by itself
    """
    body = {"follow": follow, "cooldown_days": cooldown, "by_degrees": by_degrees}
    done = shop_client(url, key).put(f"{API}/installed/{plugin}/policy", body)
    words = f"{plugin} follows: {follow}" + (f", after {cooldown} days" if cooldown else "")
    _tell(done, lambda out, _: out.print(words), as_json=as_json)


@market.command()
@_PLUGIN
@click.option("--keep-data", "data", flag_value="keep", help="Keep its data for 30 days.")
@click.option("--delete-data", "data", flag_value="delete", help="Delete its data now.")
@click.option("--export-data", type=_FILE, help="Write its data into this file, then delete it.")
@shop_options
@AS_JSON
def uninstall(
    plugin: str, url: str, key: str, *, data: str | None, export_data: Path | None, as_json: bool
) -> None:
    """Remove PLUGIN; say what becomes of its own data."""
    choice = "export" if export_data else data
    if choice is None:
        raise click.UsageError("say --keep-data, --delete-data or --export-data FILE")
    left = shop_client(url, key).delete(f"{API}/installed/{plugin}", data=choice)
    if export_data:
        export_data.write_bytes(msgspec.json.format(msgspec.json.encode(left["export"])))
    _tell(left, show.show_left, as_json=as_json)


@market.command()
@_PLUGIN
@click.argument("stars", type=click.IntRange(1, 5))
@click.argument("text", default="")
@shop_options
@AS_JSON
def rate(plugin: str, stars: int, text: str, url: str, key: str, *, as_json: bool) -> None:
    """Rate PLUGIN, 1 to 5, once your shop has really used it; again to change it."""
    body = {"stars": stars, "text": text}
    done = shop_client(url, key).put(f"{API}/plugins/{plugin}/ratings/own", body)
    _tell(done, lambda out, _: out.print(f"{plugin}: {stars} of 5"), as_json=as_json)


@market.command()
@_PLUGIN
@shop_options
@AS_JSON
def unrate(plugin: str, url: str, key: str, *, as_json: bool) -> None:
    """Take your shop's rating of PLUGIN back."""
    shop_client(url, key).delete(f"{API}/plugins/{plugin}/ratings/own")
    _tell({}, lambda out, _: out.print(f"{plugin}: your rating is gone"), as_json=as_json)


@market.command()
@_PLUGIN
@click.option("--offset", type=click.IntRange(0, 10_000), default=0, help="Skip so many.")
@shop_options
@AS_JSON
def ratings(plugin: str, offset: int, url: str, key: str, *, as_json: bool) -> None:
    """What shops that use PLUGIN say, newest first, with the ids that answers name."""
    page = shop_client(url, key).get(f"{API}/plugins/{plugin}/ratings", offset=offset)
    _tell(page, show.show_ratings, as_json=as_json)


@market.command()
@click.argument("rating", metavar="RATING_ID")
@click.argument("text")
@click.option("--key", "file", envvar="HP_PUBLISHER_KEY", type=_FILE,
              help="The publisher's key, else the one `hp plugin keys` made.")  # fmt: skip
@click.option("--registry", envvar="HP_REGISTRY_URL", default="", help="Else the running demo.")
def answer(rating: str, text: str, file: Path | None, registry: str) -> None:
    """Answer a rating of your own plugin, as its publisher; once. `hp market ratings` has ids."""
    with as_publisher(registry, file) as market_of_it:
        market_of_it.post(f"{API}/ratings/{rating}/answer", {"text": text})
    click.echo("Every shop that looks at the plugin reads your answer below the rating.")


@market.command("own-names")
@click.argument("names", nargs=-1)
@click.option("--none", is_flag=True, help="It publishes nothing itself.")
@shop_options
@AS_JSON
def own_names(names: tuple[str, ...], url: str, key: str, *, none: bool, as_json: bool) -> None:
    """Under which NAMES your shop publishes plugins itself; without NAMES what you said.

    Your shop does not rate those, and its use of them lifts none of them in searches.
    """
    if names and none:
        raise click.UsageError("give NAMES or --none")
    shop = shop_client(url, key)
    place = f"{API}/own-namespaces"
    found = shop.put(place, {"namespaces": names}) if names or none else shop.get(place)
    words = ", ".join(found["namespaces"]) or "none; `hp market own-names NAME …` says which"
    _tell(found, lambda out, _: out.print(words, markup=False), as_json=as_json)


def _installed(shop: ShopClient, plugin: str) -> dict[str, Any]:
    for one in shop.get(f"{API}/installed")["items"]:
        if one["plugin_id"] == plugin:
            found: dict[str, Any] = one
            return found
    raise click.ClickException(f"{plugin} is not installed; `hp market installed` lists what is")


def _print_grants(out: Console, done: dict[str, Any]) -> None:
    out.print("it may now:")
    for one in done["grants"]:
        out.print(f"  • {one['words']}")


def _tell(told: Any, printed: Callable[[Console, Any], None], *, as_json: bool) -> None:
    tell(told, lambda out, found: printed(out, show.escaped(found)), as_json=as_json)
