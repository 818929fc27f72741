"""A tenant's receipts as a file that anybody can verify with the host's public keys."""

from collections.abc import AsyncIterator
from uuid import UUID

from hyperpersonal_sdk.receipts import FIRST, End

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_core.receipts.signing import sign_end

PAGE = 1_000

_PAGE = """select number, hash, line from receipts
 where tenant_id = $1 and number >= $2 order by number limit $3"""


async def export(
    db: Database, keys: ReceiptKeys, clock: Clock, tenant_id: UUID, first: int = 1
) -> AsyncIterator[bytes]:
    """The receipts from number `first` on, one line each, then the signed line of their end."""
    now, last, head = clock.now(), first - 1, FIRST
    while True:
        async with db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_PAGE, tenant_id, last + 1, PAGE)
        for row in rows:
            last, head = row["number"], row["hash"].hex()
            yield row["line"] + b"\n"
        if len(rows) < PAGE:
            break
    key_id, key = keys.newest
    at = int(now.timestamp() * 1000)
    yield sign_end(End(str(tenant_id), first, last, head, at, key_id), key) + b"\n"
