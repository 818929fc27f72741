"""The end of a turn, committed once: many turns in one transaction, each only under its epoch.

This is the single place where an agent's words become an event. `finish_turns` (SQL) compares the
epoch while it holds the conversation's row, so nothing leaves after a takeover.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from hyperpersonal_core.installations.journal import TurnJournals, storable
from hyperpersonal_core.kit import outbox
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.envelope import Wake, encode
from hyperpersonal_core.kit.errors import CallerBugError
from hyperpersonal_core.kit.group_commit import Batcher
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.receipts import due
from hyperpersonal_core.turns import texts
from hyperpersonal_core.turns.actions import actions
from hyperpersonal_core.turns.turn import Answer, Finished, Said, Turn

SETTLED = ("answered", "declined")

_FINISH = "select * from finish_turns($1, $2, $3, $4, $5, $6)"


class Ending(Struct, frozen=True):
    """A turn with its answer, and its journal as the database keeps it."""

    turn: Turn
    answer: Answer
    journal: bytes


class Finisher:
    """Commits endings. One a process; `close` flushes what was taken."""

    def __init__(
        self, db: Database, journals: TurnJournals, relay: Relay, clock: Clock, ids: Ids
    ) -> None:
        self._db = db
        self._journals = journals
        self._relay = relay
        self._clock = clock
        self._ids = ids
        self._batcher: Batcher[Ending, Finished] = Batcher(
            self._commit, size_max=64, owner=lambda ending: ending.turn.live.tenant_id
        )

    async def finish(self, turn: Turn, answer: Answer) -> Finished:
        """Commit the reply, actions, usage, outcome, state, journal and handoff of a turn.

        Raises:
            OutsideError: not known to be committed; the turn is resumed when its lease ends.
        """
        legs = [{"path": leg.path, "decision": leg.decision} for leg in turn.legs]
        routing = {"decision": answer.decision, "legs": legs, "outcome": answer.outcome}
        journal = await self._journals.end_of(turn.live, routing)
        return await self._batcher.put(Ending(turn, answer, journal))

    async def close(self) -> None:
        """Take no more and flush."""
        await self._batcher.close()

    async def _commit(self, batch: list[Ending]) -> Sequence[Finished | Exception]:
        """A value PostgreSQL refuses would fail everybody in the batch, so then each goes alone."""
        try:
            return await self._commit_once(batch)
        except asyncpg.DataError as error:
            if len(batch) == 1:
                return [CallerBugError(f"this turn cannot be stored: {error}")]
            return [(await self._commit([ending]))[0] for ending in batch]

    async def _commit_once(self, batch: list[Ending]) -> list[Finished | Exception]:
        now, row_id = self._clock.now(), self._ids.new()
        live = [ending.turn.live for ending in batch]
        async with self._db.transaction(*{turn.tenant_id for turn in live}) as connection:
            rows = await connection.fetch(
                _FINISH, now, [turn.tenant_id for turn in live], [turn.turn_id for turn in live],
                [turn.epoch for turn in live], [self._result(ending) for ending in batch],
                [ending.journal for ending in batch],
            )  # fmt: skip
            ended = [turn for turn, row in zip(live, rows, strict=True) if _ended(row)]
            await due.keep(connection, now, ended)
            payload = _envelope(batch, rows)
            if payload:
                await outbox.put(connection, (row_id, outbox.TIMELINE, payload), now)
        if payload:
            self._relay.hurry(row_id, outbox.TIMELINE, payload)
        return [Finished(row["sent"], row["more"]) for row in rows]

    def _result(self, ending: Ending) -> msgspec.Raw:
        turn, answer = ending.turn, ending.answer
        result = {
            "events": self._events(turn, answer),
            "state": answer.state,
            "active": answer.active,
            "handoff": self._handoff(answer),
            "outcome": answer.outcome,
            "routing": answer.decision,
            "installation_id": next((s.installation_id for s in answer.said), None),
            "confidence": answer.confidence,
            "evidence": [item for part in answer.said for item in part.evidence],
            "usage": [used for leg in turn.legs for used in (leg.usage, *leg.reviews)],
        }
        return storable(result)

    def _handoff(self, answer: Answer) -> dict[str, Any] | None:
        if answer.handoff is None:
            return None
        order = answer.handoff
        return {"id": self._ids.new(), "reason": order.reason, "packet": order.packet}

    def _events(self, turn: Turn, answer: Answer) -> list[dict[str, Any]]:
        """Actions first (they happened first), then one reply, then the notice of a handoff."""
        live = turn.live
        bodies = [("agent", "action", body) for body in actions(live.turn_id, live.rows.values())]
        if answer.said:
            bodies.append(("agent", "message", _reply(turn, answer)))
        if answer.handoff is not None:
            reason, told = answer.handoff.reason, answer.agent_told_why
            notice = {"text": texts.notice(reason, turn.manner, told=told), "reason": reason}
            bodies.append(("system", "handoff", notice))
        return [
            {"id": self._ids.new(), "source": source, "kind": kind, "body": body}
            for source, kind, body in bodies
        ]


def _reply(turn: Turn, answer: Answer) -> dict[str, Any]:
    """One message, whoever spoke; `agents` says who, `evidence` on what ground."""
    said = "\n\n".join(part.text for part in answer.said)
    first = all(line.source == "contact" for line in turn.history)
    settled = answer.outcome in SETTLED
    return {
        "text": texts.framed(said, turn.manner.voice, first=first, settled=settled),
        "agents": [_name(turn, part) for part in answer.said],
        "confidence": round(answer.confidence, 3),
        "outcome": answer.outcome,
        "evidence": [item for part in answer.said for item in part.evidence],
    }


def _name(turn: Turn, part: Said) -> str:
    names = {leg.installation_id: leg.usage.get("plugin", "") for leg in turn.legs}
    return names.get(part.installation_id, "") if part.installation_id else "engine"


def _ended(row: Any) -> bool:
    """Whether the turn ended here: it was ours, or what it did was told after a takeover."""
    return bool(row["sent"]) or row["newest"] is not None


def _envelope(batch: list[Ending], rows: Sequence[Any]) -> bytes:
    wakes = [
        Wake(ending.turn.live.tenant_id, ending.turn.live.conversation_id, row["newest"])
        for ending, row in zip(batch, rows, strict=True)
        if row["newest"] is not None
    ]
    return encode(wakes) if wakes else b""
