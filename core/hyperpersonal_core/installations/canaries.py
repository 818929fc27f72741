"""Which conversations a candidate release answers, as of a routing version (ADR 0042).

A conversation's arm is a pure function of the turn's routing version and the conversation's id: a
keyed hash gives it a place in 0..1, and the share that held when it began decides. So it keeps its
release for as long as the rollout runs, in every process, and one that began before keeps the old.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from hyperpersonal_sdk.capabilities import CapabilitySet
from msgspec import Struct, structs

from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit.db import Connection

_AS_OF = """
select r.id, r.seed, c.steps, r.installation_id, r.incumbent, r.version, r.digest, r.manifest,
       r.grants
  from (select distinct on (installation_id) * from canary_history
         where tenant_id = $1 and since <= $2 order by installation_id, since desc) c
  join rollouts r on r.tenant_id = c.tenant_id and r.id = c.rollout_id
 where jsonb_array_length(c.steps) > 0"""

_REMEMBER = """
insert into canary_history (tenant_id, installation_id, since, rollout_id, steps)
select $1, $2, v.version, $3, $4 from routing_versions v where v.tenant_id = $1
on conflict (tenant_id, installation_id, since) do update
   set rollout_id = excluded.rollout_id, steps = excluded.steps"""


class Step(Struct, frozen=True):
    """From `at_ms` (of the epoch) on, new conversations meet the candidate with this chance."""

    at_ms: int
    share: float


class Draw(Struct, frozen=True):
    """How a rollout draws its conversations. `seed` is its own secret: nobody can pick an arm."""

    rollout_id: UUID
    seed: bytes
    steps: tuple[Step, ...]

    def share(self, conversation_id: UUID) -> float:
        """The chance the conversation had when it began, which its id (UUIDv7) tells; 0: it began
        before the canary."""
        begun_ms = conversation_id.int >> 80
        return next((s.share for s in reversed(self.steps) if s.at_ms <= begun_ms), 0.0)

    def takes(self, tenant_id: UUID, conversation_id: UUID) -> bool:
        """Whether the candidate has it."""
        share = self.share(conversation_id)
        return share > 0 and self._place(tenant_id, conversation_id) < share

    def _place(self, tenant_id: UUID, conversation_id: UUID) -> float:
        named = tenant_id.bytes + conversation_id.bytes + self.rollout_id.bytes
        drawn = blake2b(named, key=self.seed, digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64


class Canary(Struct, frozen=True):
    """A candidate that answers some conversations in the place of the installed release."""

    draw: Draw
    candidate: Installation

    def takes(self, tenant_id: UUID, conversation_id: UUID) -> bool:
        """Whether it answers this conversation."""
        return self.draw.takes(tenant_id, conversation_id)


async def remember(
    connection: Connection, tenant_id: UUID, draw: Draw, installation_id: UUID
) -> None:
    """From this transaction's routing version on, draw so; without steps nobody any more."""
    steps = [structs.asdict(step) for step in draw.steps]
    await connection.execute(_REMEMBER, tenant_id, installation_id, draw.rollout_id, steps)


async def as_of(
    connection: Connection, tenant_id: UUID, version: int, installed: Sequence[Installation]
) -> tuple[Canary, ...]:
    """The canaries under a routing version. `installed`: the installations as of it; one that was
    given another release meanwhile has no canary any more."""
    rows = {r["installation_id"]: r for r in await connection.fetch(_AS_OF, tenant_id, version)}
    return tuple(
        _canary(rows[one.id], one)
        for one in installed
        if one.id in rows and rows[one.id]["incumbent"] == one.digest
    )


def candidate(
    installed: Installation, release: tuple[str, str, dict[str, Any]], grants: Sequence[str]
) -> Installation:
    """The installation with another release (version, digest, manifest): its configuration, and
    no grant that it has not."""
    version, digest, manifest = release
    given = CapabilitySet.parse(grants).meet(CapabilitySet.parse(installed.grants))
    return structs.replace(
        installed, version=version, digest=digest, manifest=manifest, grants=given.texts
    )


def began(at: datetime) -> int:
    """Milliseconds of the epoch, as a UUIDv7 holds them. Source: RFC 9562, section 5.7."""
    return int(at.timestamp() * 1000)


def _canary(row: Any, installed: Installation) -> Canary:
    steps = tuple(Step(**step) for step in row["steps"])
    release = (row["version"], row["digest"], row["manifest"])
    return Canary(Draw(row["id"], row["seed"], steps), candidate(installed, release, row["grants"]))
