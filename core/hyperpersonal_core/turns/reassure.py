"""One line of the engine for a shopper who goes on writing while nobody has taken a handoff yet.

The first message after the handoff gets one, then at most one in ten minutes. It is committed under
the conversation's row lock and only while the handoff waits: none follows a takeover.
"""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.kit import outbox
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.envelope import Wake, encode
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.turns import texts
from hyperpersonal_core.turns.claim import Place

EVERY = timedelta(minutes=10)

_REASSURE = "select * from reassure($1, $2, $3, $4, $5, $6)"


class Reassurance:
    """Says that what the shopper writes is not lost."""

    def __init__(
        self, db: Database, relay: Relay, clock: Clock, ids: Ids, installations: Installations
    ) -> None:
        self._installations = installations
        self._db = db
        self._relay = relay
        self._clock = clock
        self._ids = ids

    async def reassure(self, places: Sequence[Place]) -> None:
        """Tell those of these conversations whose shopper waits for a person and has not heard it.

        Raises:
            OutsideError: the database is away; the next message tries again.
        """
        now = self._clock.now()
        by_text: dict[str, list[Place]] = {}
        for place in places:
            bundle = await self._installations.bundle(place[0])
            text = texts.still_waiting(texts.manner_of(bundle.composition, now))
            by_text.setdefault(text, []).append(place)
        for text, alike in by_text.items():
            await self._say(text, alike)

    async def _say(self, text: str, places: Sequence[Place]) -> None:
        now, row_id = self._clock.now(), self._ids.new()
        tenants, conversations = zip(*places, strict=True)
        body = msgspec.Raw(msgspec.json.encode({"text": text, "agents": ["engine"]}))
        async with self._db.transaction(*set(tenants)) as connection:
            rows = await connection.fetch(
                _REASSURE, now, EVERY, tenants, conversations,
                [self._ids.new() for _ in places], body,
            )  # fmt: skip
            payload = encode([Wake(*row) for row in rows]) if rows else b""
            if payload:
                await outbox.put(connection, (row_id, outbox.TIMELINE, payload), now)
        if payload:
            self._relay.hurry(row_id, outbox.TIMELINE, payload)
