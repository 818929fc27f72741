"""Gives each due call its number, its place in the tenant's chain and the host's signature.

Rules:
1. One tenant's chain grows in one transaction at a time (an advisory lock), which also takes the
   due rows away: a process killed anywhere leaves either the due row or its receipts.
2. A receipt is never changed: the database refuses it.
3. What a release did for a tenant is added up in the same transaction (`uses`).
"""

import asyncio
from uuid import UUID

import msgspec
from hyperpersonal_sdk.receipts import FIRST, Receipt

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.receipts import uses
from hyperpersonal_core.receipts.due import DueCall
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_core.receipts.signing import sign_receipt

EVERY_S = 0.5
TENANTS_AT_ONCE = 200
TURNS_AT_ONCE = 250

_TENANTS = "select tenant_id from tenants_with_receipts_due($1)"
_LOCK = "select pg_try_advisory_xact_lock(hashtextextended('receipts ' || $1::text, 0))"
_HEAD = """select number, hash from receipts
 where tenant_id = $1 order by number desc limit 1"""
_DUE = """select turn_id, (extract(epoch from at) * 1000)::bigint as at, calls from receipts_due
 where tenant_id = $1 order by place limit $2"""
_ADD = """insert into receipts (tenant_id, number, turn_id, path, hash, line)
select $1, r.* from unnest($2::bigint[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[]) as r"""
_DONE = "delete from receipts_due where tenant_id = $1 and turn_id = any($2::uuid[])"

_calls = msgspec.msgpack.Decoder(list[DueCall])


class ReceiptSealer:
    """One or more a deployment, wherever jobs run."""

    def __init__(self, db: Database, keys: ReceiptKeys) -> None:
        self._db = db
        self._keys = keys
        self._log = log.get("receipts")

    async def run(self) -> None:
        """Seal for ever; a database that is away is waited for."""
        while True:
            try:
                await self.seal_all()
            except OutsideError as error:
                self._log.warning("receipts.waiting", error=str(error))
            await asyncio.sleep(EVERY_S)

    async def seal_all(self) -> int:
        """Seal everything that is due now; how many receipts that gave."""
        sealed = 0
        while True:
            async with self._db.transaction() as connection:
                rows = await connection.fetch(_TENANTS, TENANTS_AT_ONCE)
            done = sum([await self.seal(row["tenant_id"]) for row in rows])
            sealed += done
            if not done:
                return sealed

    async def seal(self, tenant_id: UUID) -> int:
        """Seal a batch of one tenant's; 0 where nothing is due or another process is at it."""
        async with self._db.transaction(tenant_id) as connection:
            if not await connection.fetchval(_LOCK, str(tenant_id)):
                return 0
            head = await connection.fetchrow(_HEAD, tenant_id)
            due = await connection.fetch(_DUE, tenant_id, TURNS_AT_ONCE)
            if not due:
                return 0
            chain = _Chain(tenant_id, self._keys, head["number"] if head else 0,
                           head["hash"].hex() if head else FIRST)  # fmt: skip
            for row in due:
                for call in _calls.decode(row["calls"]):
                    chain.add(row["turn_id"], row["at"], call)
            await chain.store(connection)
            await connection.execute(_DONE, tenant_id, [row["turn_id"] for row in due])
        return len(chain.lines)


class _Chain:
    """The receipts of one batch, on top of what the tenant has."""

    def __init__(self, tenant_id: UUID, keys: ReceiptKeys, number: int, head: str) -> None:
        self._tenant_id = tenant_id
        self._key_id, self._key = keys.newest
        self._number, self._head = number, head
        self._names: list[tuple[int, UUID, str, bytes]] = []
        self._receipts: list[Receipt] = []
        self.lines: list[bytes] = []

    def add(self, turn_id: UUID, at: int, due: DueCall) -> None:
        self._number += 1
        receipt = Receipt(
            str(self._tenant_id), self._number, self._head, at, due.plugin, due.release,
            str(turn_id), due.path, due.hook, due.outcome, due.call, due.units, self._key_id,
        )  # fmt: skip
        line, self._head = sign_receipt(receipt, self._key)
        self._receipts.append(receipt)
        self._names.append((self._number, turn_id, due.path, bytes.fromhex(self._head)))
        self.lines.append(line)

    async def store(self, connection: Connection) -> None:
        columns = [list(column) for column in zip(*self._names, strict=True)] or [[]] * 4
        await connection.execute(_ADD, self._tenant_id, *columns, self.lines)
        await uses.add(connection, self._tenant_id, self._receipts)
