"""Every table of a tenant's data is locked to the transaction's tenants, whatever the SQL says."""

from uuid import UUID

import asyncpg
import pytest
from hyperpersonal_core.kit.db import APP_ROLE, Database

ONE, TWO = UUID(int=1), UUID(int=2)

TABLES = """
select c.oid::regclass::text as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
       pg_get_userbyid(c.relowner) as owner,
       (select count(*) from pg_policy p where p.polrelid = c.oid) as policies
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
 where c.relkind in ('r', 'p') and c.relnamespace::regnamespace::text in ('public', 'market')
 order by c.relname"""

COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod) as kind,
       d.adbin is not null or a.attidentity <> '' as has_default
  from pg_attribute a
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull"""

VALUES = {
    "uuid": "gen_random_uuid()",
    "text": "gen_random_uuid()::text",
    "jsonb": "'{}'",
    "timestamp with time zone": "now()",
    "bytea": "uuid_send(gen_random_uuid())",
    "integer": "1",
    "bigint": "1",
    "smallint": "1",
    "date": "current_date",
    "boolean": "true",
    "double precision": "1",
    "real": "1",
    "halfvec(384)": "array_fill(0, array[384])::halfvec(384)",
}


def value_of(kind: str) -> str:
    return "'{}'" if kind.endswith("[]") else VALUES[kind]


async def owner_of(dsn: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")  # heeds no foreign keys
    return connection


async def plant(owner: asyncpg.Connection, table: str, tenant: UUID) -> None:
    """One row of `tenant`, whatever the table's columns; its checks are of no interest here."""
    for constraint in await owner.fetch(
        "select conname from pg_constraint where conrelid = $1::regclass and contype = 'c'", table
    ):
        await owner.execute(f'alter table {table} drop constraint "{constraint["conname"]}"')
    columns = [row for row in await owner.fetch(COLUMNS, table) if not row["has_default"]]
    names = ", ".join(f'"{row["attname"]}"' for row in columns)
    values = ", ".join(
        f"'{tenant}'" if row["attname"] == "tenant_id" else value_of(row["kind"]) for row in columns
    )
    await owner.execute(f"insert into {table} ({names}) values ({values})")


async def test_that_every_tenant_table_is_walled(dsn: str, db: Database) -> None:
    owner = await asyncpg.connect(dsn)
    tables = await owner.fetch(TABLES)
    await owner.close()
    assert len(tables) > 15
    for table in tables:
        assert table["secured"], table
        assert table["forced"], table
        assert table["policies"] >= 1, table
        assert table["owner"] != APP_ROLE, table
    async with db.transaction() as connection:
        role = await connection.fetchrow(
            "select rolsuper, rolbypassrls from pg_roles where rolname = current_user"
        )
        assert await connection.fetchval("select current_user") == APP_ROLE
    assert (role["rolsuper"], role["rolbypassrls"]) == (False, False)


async def test_that_tables_without_a_tenant_hold_no_tenants_data(dsn: str) -> None:
    """A new table without `tenant_id` must be argued for here."""
    owner = await asyncpg.connect(dsn)
    names = {
        row["relname"]
        for row in await owner.fetch(
            "select relname from pg_class c where relkind in ('r', 'p')"
            " and relnamespace::regnamespace::text in ('public', 'market')"
            " and not exists (select from pg_attribute a"
            " where a.attrelid = c.oid and a.attname = 'tenant_id')"
        )
    }
    await owner.close()
    assert {name for name in names if not name.startswith("alembic_version")} == {
        "outbox",  # ids only, read by the relay of every tenant
        "pgqueuer",  # jobs: ids only
        "pgqueuer_log",
        "pgqueuer_schedules",
        "pgqueuer_statistics",
    }


async def test_that_no_row_crosses_between_tenants(dsn: str, db: Database) -> None:
    owner = await owner_of(dsn)
    tables = [row["name"] for row in await owner.fetch(TABLES) if "passages_" not in row["name"]]
    for table in tables:
        for tenant in (ONE, TWO):
            await plant(owner, table, tenant)
    for table in tables:
        await assert_walled(db, table)
    await owner.close()


async def assert_walled(db: Database, table: str) -> None:
    query = f"select distinct tenant_id from {table}"
    async with db.transaction(ONE) as connection:
        assert [row["tenant_id"] for row in await connection.fetch(query)] == [ONE], table
        for change in ("delete from", "update"):
            setting = " set tenant_id = tenant_id" if change == "update" else ""
            done = f"{change} {table}{setting} where tenant_id = $1"
            assert (await connection.execute(done, TWO)).endswith(" 0"), table
    async with db.transaction() as connection:
        assert await connection.fetch(query) == [], table
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(ONE) as connection:
            await connection.execute(f"update {table} set tenant_id = $1", TWO)


async def test_that_a_foreign_row_cannot_be_inserted(db: Database) -> None:
    insert = "insert into tenants (tenant_id, slug, name, created_at) values ($1, 'x', 'x', now())"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(ONE) as connection:
            await connection.execute(insert, TWO)


async def test_that_a_presented_key_opens_one_row_and_no_write(dsn: str, db: Database) -> None:
    owner = await owner_of(dsn)
    for tenant, key in ((ONE, "\\x01"), (TWO, "\\x02")):
        await owner.execute(
            "insert into access_keys values ($1::text::bytea, $2, 'member', $2, now())", key, tenant
        )
    await owner.close()
    async with db.transaction() as connection:
        await connection.execute("select set_config('app.key_hash', '02', true)")
        seen = await connection.fetch("select tenant_id from access_keys")
        assert [row["tenant_id"] for row in seen] == [TWO]
        assert await connection.execute("delete from access_keys") == "DELETE 0"
    async with db.transaction() as connection:  # the next transaction presents nothing
        assert await connection.fetch("select * from access_keys") == []
