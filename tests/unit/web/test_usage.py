"""`hp usage` on a real database: costs by what is asked, for this tenant, since then."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from click.testing import CliRunner, Result
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_web.cli import cli

ONE, TWO = UUID(int=1), UUID(int=2)
CONTACT, CHANNEL = UUID(int=3), UUID(int=4)
MODEL = {"asks": 2, "tokens_in": 1_000, "tokens_out": 100, "tokens_cached": 0,
         "micros": {"USD": 4_500}, "models": ["big"]}  # fmt: skip
CHEAP = {**MODEL, "tokens_in": 10, "tokens_out": 1, "micros": {"USD": 20, "EUR": 7}}
SETTING = (
    "insert into tenants (tenant_id, slug, name, created_at) values ($1, $2, 'x', now())",
    "insert into channels (tenant_id, id, kind, name, created_at)"
    " values ($1, $2, 'webchat', 'c', now())",
    "insert into contacts (tenant_id, id, created_at) values ($1, $2, now())",
)
CONVERSATION = """
insert into conversations (tenant_id, id, channel_id, contact_id, created_at, updated_at)
values ($1, $2, $3, $4, now(), now())"""
TURN = """
insert into turns (tenant_id, id, conversation_id, epoch, first_offset, last_offset, status,
                   deadline_at, started_at, finished_at, usage)
values ($1, $2, $3, 1, 1, 1, 'finished', now(), now(), now(), $4)"""


class Operator:
    """Types `hp usage …`."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env

    async def types(self, *words: str) -> Result:
        return await asyncio.to_thread(self._types, ("usage", *words))

    def _types(self, words: tuple[str, ...]) -> Result:
        return CliRunner().invoke(cli, list(words), env=self._env, standalone_mode=False)


async def _furnish(db: Database, tenant: UUID, slug: str, turns: list[list[object]]) -> None:
    ids = Uuid7Ids()
    async with db.transaction(tenant) as connection:
        for statement, value in zip(SETTING, (slug, CHANNEL, CONTACT), strict=True):
            await connection.execute(statement, tenant, value)
        for usage in turns:
            place = ids.new()
            await connection.execute(CONVERSATION, tenant, place, CHANNEL, CONTACT)
            await connection.execute(TURN, tenant, ids.new(), place, usage)


@pytest.fixture
async def operator(dsn: str, db: Database, nats_url: str, tmp_path: Path) -> Operator:
    plain = {"plugin": "acme/rules@1.0.0", "guest_cpu_ms": 3}
    asked = {"plugin": "acme/helper@1.0.0", "model": MODEL}
    await _furnish(db, ONE, "one", [[asked], [asked, plain], [{**plain, "model": CHEAP}]])
    await _furnish(db, TWO, "two", [[plain]])
    old = UUID(int=int((datetime.now(UTC) - timedelta(days=40)).timestamp() * 1000) << 80)
    async with db.transaction(ONE) as connection:
        place = await connection.fetchval("select id from conversations limit 1")
        await connection.execute(TURN, ONE, old, place, [asked])
    folder = str(tmp_path / "data")
    return Operator({"HP_DATABASE_URL": dsn, "HP_NATS_URL": nats_url, "HP_DATA_DIR": folder})


async def test_that_costs_add_up_by_what_is_asked(operator: Operator) -> None:
    told = msgspec.json.decode((await operator.types("one", "--json")).output)
    assert [(row["what"], row["turns"], row["asks"], row["tokens_in"], row["micros"])
            for row in told["spent"]] == [
        ("acme/helper", 2, 4, 2_000, {"USD": 9_000}),
        ("acme/rules", 1, 2, 10, {"USD": 20, "EUR": 7}),
    ]  # fmt: skip
    whole = msgspec.json.decode((await operator.types("one", "--by", "tenant", "--json")).output)
    assert [row["micros"] for row in whole["spent"]] == [{"USD": 9_020, "EUR": 7}]
    longer = await operator.types("one", "--by", "model", "--days", "60")
    assert "big" in longer.output
    assert "0.0135 USD" in longer.output
    by_talk = msgspec.json.decode(
        (await operator.types("one", "--by", "conversation", "--json")).output
    )
    assert len(by_talk["spent"]) == 3


async def test_that_a_tenant_without_models_is_told_so_and_an_unknown_one_too(
    operator: Operator,
) -> None:
    assert (await operator.types("two")).output == "no model was asked in 30 days\n"
    unknown = await operator.types("three")
    assert unknown.exception is not None
    assert "three" in str(unknown.exception)
