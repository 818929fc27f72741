"""`hp usage`: what language models cost a tenant, and how fast they are."""

from collections.abc import Sequence
from datetime import timedelta
from typing import get_args

import click
import msgspec
from hyperpersonal_core.api import By, Speed, Speeds, Spent, spent
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.settings import Settings
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from hyperpersonal_web.cli.database import tenant_named, with_database

MICROS = 1_000_000


class ModelSpeed(Struct, frozen=True):
    """A model in the last hour or two. Times in milliseconds, of answers that came."""

    model: str
    calls: int
    failures: int
    ms_p50: float
    ms_p95: float
    drift: str


class Told(Struct, frozen=True):
    """All that is told: costs since `days` ago, and the models' speed now."""

    days: int
    spent: list[Spent]
    speed: list[ModelSpeed]


@click.command()
@click.argument("tenant")
@click.option("--by", type=click.Choice(get_args(By)), default="agent", show_default=True)
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def usage(tenant: str, by: By, days: int, *, as_json: bool) -> None:
    """What language models cost TENANT (a slug or an id), and how fast they are.

    Costs are those of finished turns, at the prices that the model's installation names.
    """

    async def work(db: Database, settings: Settings) -> Told:
        clock = SystemClock()
        tenant_id = await tenant_named(db, tenant)
        costs = await spent(db, tenant_id, clock.now() - timedelta(days=days), by)
        speeds = await Speeds(db, clock).speeds(tenant_id)
        return Told(days, costs, [_speed(one) for one in speeds])

    told = with_database(work)
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    console = Console(highlight=False)
    console.print(_costs(told.spent, by) if told.spent else f"no model was asked in {days} days")
    for one in told.speed:
        console.print(_line(one))


def _speed(one: Speed) -> ModelSpeed:
    seen = one.recent
    return ModelSpeed(one.model, seen.calls, seen.failures, seen.ms(0.5), seen.ms(0.95), one.drift)


def _line(one: ModelSpeed) -> str:
    if not one.calls:
        return f"{one.model}: not asked in the last hour"
    words = f"{one.model}: half of the answers within {one.ms_p50:,.0f} ms, {one.failures} of "
    return f"{words}{one.calls} calls failed" + (f" ({one.drift})" if one.drift else "")


def _costs(rows: Sequence[Spent], by: str) -> Table:
    table = Table(by, "turns", "asks", "tokens in", "tokens out", "cost", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        counts = (row.turns, row.asks, row.tokens_in, row.tokens_out)
        table.add_row(row.what or "all", *(f"{count:,}" for count in counts), _money(row.micros))
    return table


def _money(micros: dict[str, int]) -> str:
    named = [f"{amount / MICROS:,.4f} {currency}" for currency, amount in sorted(micros.items())]
    return " + ".join(named) or "no price named"
