"""Tenants that really use plugins: receipts made and sealed as a finished turn's are."""

from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from hyperpersonal_core.api import ReceiptKeys, ReceiptSealer
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.receipts.due import DueCall

_DUE = "insert into receipts_due (tenant_id, turn_id, at, calls) values ($1, $2, $3, $4)"
_TENANT = "insert into tenants (tenant_id, slug, name, created_at) values ($1, $2, $2, $3)"


async def tenant(db: Database, slug: str, since: datetime) -> UUID:
    """A merchant that has been here since then."""
    made = uuid4()
    async with db.transaction(made) as connection:
        await connection.execute(_TENANT, made, slug, since)
    return made


async def use(
    db: Database, keys: ReceiptKeys, who: UUID, plugin_id: str, at: datetime, calls: int = 1,
    outcome: str = "ok",
) -> None:  # fmt: skip
    """One turn of a tenant with so many calls of a plugin, sealed."""
    facts = [
        DueCall(f"{plugin_id}@1.0.0", "sha256:x", str(n), "reply", outcome, "aa", {"calls": 1})
        for n in range(calls)
    ]
    async with db.transaction(who) as connection:
        await connection.execute(_DUE, who, uuid4(), at, msgspec.msgpack.encode(facts))
    await ReceiptSealer(db, keys).seal(who)
