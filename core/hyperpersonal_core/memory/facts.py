"""What is known about a contact: each fact with the turn it was learnt in and when it held.

Rules: remembering the same key again closes the old fact, never overwrites it; the same call of
a turn remembers once, however often the turn runs; forgetting deletes.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_sdk.contract.turns import Fact
from msgspec import Struct

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import TooLargeError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.memory.recalled import RecallAsk

KEY_CHARS_MAX = 200
VALUE_BYTES_MAX = 16 * 1024
FACTS_A_RECALL_MAX = 50


class NewFact(Struct, frozen=True):
    """A fact to remember. With `conversation_id` it is known in that conversation only.

    `call_key` (`turn:call`) makes it happen once."""

    tenant_id: UUID
    contact_id: UUID
    key: str
    value: Any
    source_turn_id: UUID | None = None
    call_key: str | None = None
    conversation_id: UUID | None = None


class Facts:
    """Remembers, recalls and forgets."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def remember(self, fact: NewFact) -> None:
        """Keep a fact from now on; an earlier one of the same key and scope ends now.

        Raises:
            TooLargeError: key over 200 characters or value over 16 KiB of JSON.
        """
        if len(fact.key) > KEY_CHARS_MAX or len(msgspec.json.encode(fact.value)) > VALUE_BYTES_MAX:
            raise TooLargeError("a fact has a key of at most 200 characters and 16 KiB of JSON")
        now = self._clock.now()
        async with self._db.transaction(fact.tenant_id) as connection:
            # One writer a contact at a time, so two new values cannot both stay valid.
            await connection.execute(
                "select 1 from contacts where tenant_id = $1 and id = $2 for update",
                fact.tenant_id,
                fact.contact_id,
            )
            if await _already(connection, fact):
                return
            await connection.execute(
                "update facts set valid_to = $5 where tenant_id = $1 and contact_id = $2"
                " and key = $3 and conversation_id is not distinct from $4 and valid_to is null",
                *(fact.tenant_id, fact.contact_id, fact.key, fact.conversation_id, now),
            )
            await connection.execute(
                "insert into facts (tenant_id, id, contact_id, conversation_id, key, value,"
                " source_turn_id, call_key, valid_from) values ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                *(fact.tenant_id, self._ids.new(), fact.contact_id, fact.conversation_id),
                *(fact.key, fact.value, fact.source_turn_id, fact.call_key, now),
            )

    async def valid_for(self, asks: Sequence[RecallAsk]) -> list[tuple[Fact, ...]]:
        """The facts valid now for each ask, newest first, at most 50: one query for all."""
        tenants = list(dict.fromkeys(ask.tenant_id for ask in asks))
        async with self._db.transaction(*tenants) as connection:
            rows = await connection.fetch(
                "select n, key, value, source_turn_id from"
                " unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality as a(t, c, v, n),"
                " lateral (select key, value, source_turn_id, valid_from from facts f"
                "   where f.tenant_id = a.t and f.contact_id = a.c and f.valid_to is null"
                "   and (f.conversation_id is null or f.conversation_id = a.v)"
                "   order by valid_from desc, key limit $4) f order by n, valid_from desc, key",
                [ask.tenant_id for ask in asks],
                [ask.contact_id for ask in asks],
                [ask.conversation_id for ask in asks],
                FACTS_A_RECALL_MAX,
            )
        found: list[list[Fact]] = [[] for _ in asks]
        for row in rows:
            turn = str(row["source_turn_id"] or "")
            found[row["n"] - 1].append(Fact(row["key"], row["value"], turn))
        return [tuple(facts) for facts in found]

    async def forget(self, tenant_id: UUID, contact_id: UUID) -> int:
        """Delete everything known about a contact; returns how many facts there were."""
        async with self._db.transaction(tenant_id) as connection:
            done = await connection.execute(
                "delete from facts where tenant_id = $1 and contact_id = $2", tenant_id, contact_id
            )
        return int(done.split()[-1])


async def _already(connection: Connection, fact: NewFact) -> bool:
    return fact.call_key is not None and bool(
        await connection.fetchval(
            "select exists (select from facts where tenant_id = $1 and call_key = $2)",
            fact.tenant_id,
            fact.call_key,
        )
    )
