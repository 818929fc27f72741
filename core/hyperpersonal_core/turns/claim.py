"""A conversation's lease: who claims it owns its next epoch, and only that epoch may answer.

An interrupted turn is claimed again under the same id, over the same messages, with what was
recorded of it; otherwise a new turn opens over all messages nobody has answered.
"""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_sdk.contract.turns import ContactView, Speech

from hyperpersonal_core.installations.journal import LiveTurn, TurnJournals
from hyperpersonal_core.installations.sealed import Part
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.turns.turn import Leg, Turn, TurnSettings

Place = tuple[UUID, UUID]  # tenant, conversation
TOO_OFTEN = sys.maxsize

_UNREADABLE = Part()

_CLAIM = "select * from claim_turns($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_BEGUN = "select id, bundle_version from turns where tenant_id = any($1) and id = any($2)"
_RENEW = "select renew_turns($1, $2, $3, $4)"
_WAITING = "select tenant_id, id from waiting_conversations($1, $2, $3)"


class Claims:
    """Takes, keeps and gives back leases, many at a time."""

    def __init__(
        self, db: Database, journals: TurnJournals, clock: Clock, ids: Ids, settings: TurnSettings
    ) -> None:
        self._db = db
        self._journals = journals
        self._clock = clock
        self._ids = ids
        self._settings = settings

    async def claim(self, places: Sequence[Place]) -> list[Turn]:
        """The turns of those conversations that wait, are in agents' hands and free."""
        if not places:
            return []
        settings, now = self._settings, self._clock.now()
        lease, deadline = (
            timedelta(seconds=settings.lease_s),
            timedelta(seconds=settings.deadline_s),
        )
        tenants, conversations = zip(*places, strict=True)
        async with self._db.transaction(*set(tenants)) as connection:
            rows = await connection.fetch(
                _CLAIM, now, lease, deadline, settings.messages_max, settings.history_max,
                settings.line_chars_max, tenants, conversations, [self._ids.new() for _ in places],
            )  # fmt: skip
            begun = await _begun(connection, rows)
        return [
            _turn(row, await self._written(row), begun.get(row["turn_id"], row["bundle_version"]))
            for row in rows
        ]

    async def _written(self, row: Any) -> Part:
        """What an interrupted run made durable. Where that cannot be read, nobody goes on by
        guess: the turn counts as interrupted too often, which brings it to a person."""
        try:
            parts = row["journal"] or ()
            return await self._journals.unseal(row["tenant_id"], row["turn_id"], parts)
        except RefusedError as error:
            ids = {"turn_id": str(row["turn_id"])}
            log.get("turns").error("journal.unreadable", error=error.message, **ids)
            return _UNREADABLE

    async def renew(self, turns: Sequence[LiveTurn]) -> set[UUID]:
        """Hold these a full lease longer; returns the ids of the turns that are still ours."""
        return await self._hold(turns, self._settings.lease_s)

    async def give_back(self, turns: Sequence[LiveTurn]) -> None:
        """Let others resume these at once: this process stops."""
        await self._hold(turns, 0.0)

    async def waiting(self, limit: int) -> list[Place]:
        """Conversations that waited too long for a wake-up, or whose worker died."""
        now = self._clock.now()
        before = now - timedelta(seconds=self._settings.sweep_every_s)
        async with self._db.transaction() as connection:
            return [tuple(row) for row in await connection.fetch(_WAITING, before, now, limit)]

    async def _hold(self, turns: Sequence[LiveTurn], lease_s: float) -> set[UUID]:
        if not turns:
            return set()
        until = self._clock.now() + timedelta(seconds=lease_s)
        tenants = [turn.tenant_id for turn in turns]
        ids, epochs = [turn.turn_id for turn in turns], [turn.epoch for turn in turns]
        async with self._db.transaction(*set(tenants)) as connection:
            rows = await connection.fetch(_RENEW, until, tenants, ids, epochs)
        return {row[0] for row in rows}


async def _begun(connection: Connection, rows: Sequence[Any]) -> dict[UUID, int]:
    """The routing versions that turns which go on here began with (ADR 0025)."""
    again = [row for row in rows if row["attempts"] > 1]
    if not again:
        return {}
    tenants, turns = [row["tenant_id"] for row in again], [row["turn_id"] for row in again]
    return dict(await connection.fetch(_BEGUN, tenants, turns))


def _turn(row: Any, written: Part, bundle_version: int) -> Turn:
    live = LiveTurn(
        row["tenant_id"], row["conversation_id"], row["turn_id"], row["epoch"],
        written.input, bundle_version=bundle_version,
    )  # fmt: skip
    live.take(written.rows, written.calls)
    return Turn(
        live=live,
        tenant_name=row["tenant_name"],
        channel=row["channel"],
        contact=ContactView(str(row["contact_id"]), row["contact_name"], row["contact_email"]),
        active=row["active"],
        state=row["state"],
        offsets=(row["first_offset"], row["last_offset"]),
        attempts=TOO_OFTEN if written is _UNREADABLE else row["attempts"],
        messages=row["messages"] or [],
        history=msgspec.convert(row["history"] or [], list[Speech]),
        legs=msgspec.convert(written.input or [], list[Leg]),
    )
