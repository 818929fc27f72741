from uuid import UUID

from hyperpersonal_core.kit.db import Database


async def test_that_a_transaction_sees_only_its_tenants(db: Database) -> None:
    one, two = UUID(int=1), UUID(int=2)
    for tenant, slug in ((one, "one"), (two, "two")):
        async with db.transaction(tenant) as connection:
            await connection.execute(
                "insert into tenants (tenant_id, slug, name, created_at)"
                " values ($1, $2, $2, now())",
                tenant,
                slug,
            )
    async with db.transaction(one) as connection:
        assert [row["slug"] for row in await connection.fetch("select slug from tenants")] == [
            "one"
        ]
    async with db.transaction() as connection:
        assert await connection.fetch("select slug from tenants") == []
