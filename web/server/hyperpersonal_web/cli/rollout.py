"""`hp rollout`: a new release by degrees, undone by itself when it is worse."""

from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hyperpersonal_web.cli.lazy import ToldGroup
from hyperpersonal_web.cli.shop_client import ShopClient, shop_client, shop_options
from hyperpersonal_web.cli.telling import AS_JSON, tell

API = "/v1/market/rollouts"
STATES = {"shadow": "in the shadow", "canary": "canary", "promoted": "promoted",
          "rolled_back": "undone", "stopped": "stopped"}  # fmt: skip


@click.group(cls=ToldGroup)
def rollout() -> None:
    """Roll a new release out by degrees: unseen, then for a few, then for everybody.

    A ROLLOUT is named by its id (rol_...) or by its plugin (acme/returns: the newest one).
    """


@rollout.command()
@click.argument("plugin")
@click.argument("version", required=False)
@click.option("--shadow", "only_shadow", is_flag=True, help="In the shadow only: nobody meets it.")
@click.option("--canary", "only_canary", is_flag=True, help="At once for a few, without a shadow.")
@click.option("--turns", type=click.IntRange(1, 10_000), help="Turns of the shadow. [50]")
@click.option(
    "--sample", type=click.FloatRange(0, 1, min_open=True),
    help="Part of the agent's turns that the shadow answers too. [0.2]",
)  # fmt: skip
@click.option(
    "--stage", "stages", multiple=True, metavar="SHARE:MARGIN",
    help="A share of new conversations, and how much worse (0..1) a metric may be to go on; "
    "again for the next. [0.01:0.25 0.05:0.06 0.25:0.03]",
)  # fmt: skip
@click.option(
    "--settle", type=click.FloatRange(0, 86_400),
    help="Seconds after which a conversation is judged. [60]",
)  # fmt: skip
@shop_options
@AS_JSON
def start(
    plugin: str, version: str | None, url: str, key: str, *, only_shadow: bool, only_canary: bool,
    turns: int | None, sample: float | None, stages: tuple[str, ...], settle: float | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Begin to roll out the newest release of PLUGIN, or VERSION."""
    if only_shadow and (only_canary or stages):
        raise click.UsageError("a shadow alone has no stages; leave --shadow out")
    given: dict[str, Any] = {"shadow_turns": 0 if only_canary else turns, "shadow_share": sample,
                             "settle_s": settle}  # fmt: skip
    plan = {name: value for name, value in given.items() if value is not None}
    if stages or only_shadow:
        plan["stages"] = [_stage(text) for text in stages]
    body = {"plugin_id": plugin, "version": version, "plan": plan}
    one = shop_client(url, key).post(API, body)
    _tell(one, lambda out: out.print(f"{_line(one)}\n`hp rollout status {plugin}` shows how it "
                                     "goes."), as_json=as_json)  # fmt: skip


@rollout.command()
@click.argument("which", metavar="[ROLLOUT]", default="")
@shop_options
@AS_JSON
def status(which: str, url: str, key: str, *, as_json: bool) -> None:
    """How a rollout goes, with the evidence; without ROLLOUT all of them."""
    shop = shop_client(url, key)
    if which:
        found = shop.get(f"{API}/{_id(shop, which)}")
        _tell(found, lambda out: _show(out, found), as_json=as_json)
        return
    items = shop.get(API)["items"]
    lines = [_line(one) for one in items] or ["there is none; `hp rollout start PLUGIN`"]
    _tell(items, lambda out: out.print("\n".join(lines)), as_json=as_json)


@rollout.command()
@click.argument("which", metavar="ROLLOUT")
@click.option("--next", "one_stage", is_flag=True, help="Only to the next stage.")
@shop_options
@AS_JSON
def promote(which: str, url: str, key: str, *, one_stage: bool, as_json: bool) -> None:
    """Give the new release to everybody now, on your word; with --next to the next share."""
    _act(shop_client(url, key), which, "advance" if one_stage else "promote", as_json=as_json)


@rollout.command()
@click.argument("which", metavar="ROLLOUT")
@shop_options
@AS_JSON
def pause(which: str, url: str, key: str, *, as_json: bool) -> None:
    """Let nobody new meet the new release for now; who met it keeps it."""
    _act(shop_client(url, key), which, "pause", as_json=as_json)


@rollout.command()
@click.argument("which", metavar="ROLLOUT")
@shop_options
@AS_JSON
def resume(which: str, url: str, key: str, *, as_json: bool) -> None:
    """Go on after a pause, with the share it had."""
    _act(shop_client(url, key), which, "resume", as_json=as_json)


@rollout.command()
@click.argument("which", metavar="ROLLOUT")
@shop_options
@AS_JSON
def stop(which: str, url: str, key: str, *, as_json: bool) -> None:
    """Stay with the installed release: nobody meets the new one any more."""
    _act(shop_client(url, key), which, "stop", as_json=as_json)


def _act(shop: ShopClient, which: str, what: str, *, as_json: bool) -> None:
    one = shop.post(f"{API}/{_id(shop, which)}/{what}")
    _tell(one, lambda out: out.print(_line(one)), as_json=as_json)


def _id(shop: ShopClient, which: str) -> str:
    if "/" not in which:
        return which
    for one in shop.get(API)["items"]:
        if one["plugin_id"] == which:
            return str(one["id"])
    raise click.ClickException(f"{which} has no rollout; `hp rollout start {which}` begins one")


def _stage(text: str) -> dict[str, float]:
    share, _, margin = text.partition(":")
    try:
        return {"share": float(share), "margin": float(margin)}
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no SHARE:MARGIN, such as 0.05:0.06") from error


def _line(one: dict[str, Any]) -> str:
    met = f", {one['share']:.0%} of new conversations" if one["share"] else ""
    met = ", paused" if one["paused"] else met
    why = f": {one['reason']}" if one["reason"] else ""
    release = f"{one['plugin_id']} {one['installed_version']} -> {one['version']}"
    return f"{one['id']}  {release}  {STATES[one['state']]}{met}{why}"


def _show(out: Console, found: dict[str, Any]) -> None:
    out.print(_line(found["rollout"]))
    if found["shadow"]["turns"]:
        out.print(_shadow(found["shadow"]))
    if found["candidate"]["conversations"] or found["installed"]["conversations"]:
        out.print(_arms(found))
    for told in found["history"]:
        out.print(f"{told['at'][:19]}  {told['kind'].replace('_', ' ')}: {told['words']}")


def _arms(found: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("release", "conversations", "errors", "handoffs", "refunds", "cost"):
        table.add_column(title, justify="left" if title == "release" else "right")
    for name, version in (("installed", "installed_version"), ("candidate", "version")):
        arm = found[name]
        means = [
            f"{arm['means'].get(metric, 0):.1%}" for metric in ("errors", "handoffs", "refunds")
        ]
        cost = f"{arm['means'].get('cost', 0):.2f}"
        table.add_row(found["rollout"][version], str(arm["conversations"]), *means, cost)
    return table


def _shadow(seen: dict[str, Any]) -> str:
    kinds = ", ".join(f"{kind} {n}" for kind, n in seen["kinds"].items()) or "none"
    before, after = seen["cpu_ms"]
    return (
        f"shadow: {seen['turns']} turns, {seen['followed']} followed to their end; the same reply "
        f"{seen['same_reply']}, the same actions {seen['same_actions']}, failed {seen['failed']}\n"
        f"differences: {kinds}\n"
        f"CPU {before:.0f} -> {after:.0f} ms, tokens {seen['tokens'][0]} -> {seen['tokens'][1]}, "
        f"host calls {seen['host_calls'][0]} -> {seen['host_calls'][1]}"
    )


def _tell(found: Any, show: Callable[[Console], None], *, as_json: bool) -> None:
    tell(found, lambda out, _: show(out), as_json=as_json, markup=False)
