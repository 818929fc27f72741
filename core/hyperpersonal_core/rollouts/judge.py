"""Decides on a canary: shows every settled conversation to the bettors, once, and does what the
evidence says, in the same transaction: undo it, go on, or wait."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from hyperpersonal_core.installations import repository as installed
from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.rollouts import observations, repository
from hyperpersonal_core.rollouts.bets import Bets
from hyperpersonal_core.rollouts.levels import bets_of, told_fine, told_worse
from hyperpersonal_core.rollouts.observations import Seen
from hyperpersonal_core.rollouts.records import RolloutRecords
from hyperpersonal_core.rollouts.values import RUNNING, Rollout
from hyperpersonal_core.turns.claim import Place

TAKEN_AWAY = ("quarantined", "revoked", "withdrawn")  # not: its bytes cannot be had here
CHANGED = "the installation was changed meanwhile"


class Judge:
    """Looks at rollouts. Two processes may: the rollout's row lets one of them in.

    Args:
        releases: asked whether a candidate was taken away from everybody; None: nobody asks.
    """

    def __init__(
        self, db: Database, records: RolloutRecords, clock: Clock,
        releases: ReleaseStore | None = None,
    ) -> None:  # fmt: skip
        self._db = db
        self._releases = releases
        self._records = records
        self._clock = clock
        self._log = log.get("rollouts")

    async def look(self, place: Place) -> Rollout | None:
        """The rollout as it stands after this look; None while another process looks at it."""
        async with self._db.transaction(place[0]) as connection:
            one = await repository.read(connection, place, "for update skip locked")
            if one is None or one.state not in RUNNING:
                return one
            if why := await self._moot(connection, one):
                return await self._records.end(connection, one, "stopped", why)
            if one.state != "canary":
                return one
            before = one
            one = await self._watched(connection, one)
        if (one.state, one.stage) != (before.state, before.stage):
            ids = {"rollout_id": str(one.id), "tenant_id": str(one.tenant_id)}
            self._log.info("rollout.decided", state=one.state, share=one.share, **ids)
        return one

    async def _watched(self, connection: Connection, one: Rollout) -> Rollout:
        """Conversation by conversation: the first that decides ends the look."""
        now = self._clock.now()
        seen = await observations.due(connection, one, now)
        bets = bets_of(one.plan).restore(one.bets)
        worse: Sequence[str] = ()
        for place, conversation in enumerate(seen, 1):
            if not conversation.share:  # begun in a pause: nobody drew it, so it shows nothing
                continue
            bets.observe(conversation.candidate, conversation.share, conversation.marks)
            worse = told_worse(bets, one.plan)
            if worse or goes_on(bets, one):
                seen = seen[:place]
                break
        await observations.keep(connection, one, seen)
        one = structs.replace(one, bets=bets.kept(), observed_to=_seen_to(one, seen))
        await repository.learn(connection, one)
        if worse:
            reason = f"worse than {one.incumbent_version} in {', '.join(worse)}"
            return await self._records.end(connection, one, "rolled_back", reason)
        if goes_on(bets, one):
            return await self._records.go_on(connection, one)
        return one

    async def _moot(self, connection: Connection, one: Rollout) -> str:
        """Why there is nothing left to roll out; '' while there is."""
        present = await installed.fetch(connection, one.tenant_id, one.installation_id)
        if present is None or present.digest != one.incumbent:
            return CHANGED
        if self._releases is None:
            return ""
        try:
            await self._releases.load(one.candidate.digest, unreviewed=present.unreviewed)
        except RefusedError as error:
            return error.message if error.detail.get("reason") in TAKEN_AWAY else ""
        return ""


def goes_on(bets: Bets, one: Rollout) -> bool:
    """Whether the evidence is enough for the next stage; in a pause it waits."""
    return not one.paused and told_fine(bets, one.plan, one.stage)


def _seen_to(one: Rollout, seen: Sequence[Seen]) -> datetime:
    return max((conversation.at for conversation in seen), default=one.observed_to)
