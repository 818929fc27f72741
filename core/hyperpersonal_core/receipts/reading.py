"""A tenant's receipts in order, for whoever counts what was used."""

from uuid import UUID

import msgspec
from hyperpersonal_sdk.receipts import Line, Receipt

from hyperpersonal_core.kit.db import Connection

PAGE_MAX = 1_000

_AFTER = """select line from receipts
 where tenant_id = $1 and number > $2 order by number limit $3"""
_lines = msgspec.json.Decoder(Line)
_receipts = msgspec.json.Decoder(Receipt)


async def receipts_after(
    connection: Connection, tenant_id: UUID, number: int, limit: int = PAGE_MAX
) -> list[Receipt]:
    """At most `limit` (1,000) receipts after that number, in the caller's transaction. Signatures
    are not checked: the rows are this host's own."""
    rows = await connection.fetch(_AFTER, tenant_id, number, min(limit, PAGE_MAX))
    return [_receipts.decode(_lines.decode(row["line"]).receipt) for row in rows]
