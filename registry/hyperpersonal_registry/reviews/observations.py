"""What anybody reports of a plugin, with a clock until somebody has looked."""

from typing import Any, Literal
from uuid import UUID

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError, TooManyError
from hyperpersonal_core.kit.ids import Ids
from msgspec import Struct

from hyperpersonal_registry import journal
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.reviews.alarm import DUE, Observation, Standing, alarm
from hyperpersonal_registry.reviews.quarantine import Quarantines
from hyperpersonal_registry.trust.repository import Repository

TEXT_CHARS_MAX = 4_000
OPEN_EACH_MAX = 3
LIST_MAX = 200
ALARM_BY = "observations"

Outcome = Literal["dismissed", "quarantined", "revoked", "fixed"]

_COLUMNS = """id, plugin_id, version, text, standing, reporter, at, due_at, handled_at, handled_by,
outcome"""
_ADD = """insert into registry.observations (id, plugin_id, version, text, standing, reporter, at,
due_at) values ($1, $2, $3, $4, $5, $6, $7, $8)"""
_OPEN = f"""select {_COLUMNS} from registry.observations where handled_at is null
order by due_at limit $1"""  # noqa: S608 - no input
_OF = f"""select {_COLUMNS} from registry.observations where plugin_id = $1
order by at desc limit $2"""  # noqa: S608
_LOCK = "select pg_advisory_xact_lock(hashtextextended('observations ' || $1, 0))"
_THAT_COUNT = f"""select {_COLUMNS} from registry.observations
where plugin_id = $1 and handled_at is null and standing <> 'other'
order by at desc limit $2"""  # noqa: S608
_OPEN_BY = """select count(*) from registry.observations
where plugin_id = $1 and handled_at is null and reporter = $2"""
_THERE = """select exists (select from registry.releases
where plugin_id = $1 and ($2 = '' or version = $2))"""
_HANDLE = """update registry.observations set handled_at = $2, handled_by = $3, outcome = $4
where id = $1 and handled_at is null returning plugin_id"""
_ANY = "select exists (select from registry.observations where id = $1)"


class Reporter(Struct, frozen=True):
    """Who reports, as far as it is known: `key:<id>`, `tenant:<id>` or nobody."""

    name: str = ""
    standing: Standing = "other"


class Reported(Struct, frozen=True):
    """`quarantined`: the versions that this report took away until somebody has looked."""

    observation: Observation
    quarantined: tuple[str, ...] = ()


class Observations:
    """Stateless; one a process."""

    def __init__(self, ground: Ground, ids: Ids) -> None:
        self._ground = ground
        self._ids = ids
        self._quarantines = Quarantines(ground)

    async def report(
        self, plugin_id: str, text: str, reporter: Reporter, version: str = ""
    ) -> Reported:
        """Take a report in; with enough of them the plugin is quarantined at once.

        Raises:
            NotFoundError: there is no such plugin or release.
            RefusedError: the text is empty or has more than 4,000 characters.
            TooManyError: this reporter has three open reports of the plugin.
        """
        if not 1 <= len(text.strip()) <= TEXT_CHARS_MAX:
            raise RefusedError(f"say what you saw, in at most {TEXT_CHARS_MAX} characters")
        made = self._observation(plugin_id, version, text, reporter)
        async with self._ground.db.transaction() as connection:
            if reporter.standing == "other" or not self._may_quarantine:
                await self._add(connection, made)
                return Reported(made)
            async with self._ground.signing(connection) as repository:
                await self._add(connection, made)
                versions = await self._alarmed(connection, repository, made)
        if versions:
            await self._ground.tell()
        return Reported(made, tuple(versions))

    async def open(self) -> list[Observation]:
        """What nobody has looked at yet, what is due first first; at most 200."""
        async with self._ground.db.transaction() as connection:
            return [Observation(**dict(r)) for r in await connection.fetch(_OPEN, LIST_MAX)]

    async def of(self, plugin_id: str) -> list[Observation]:
        """All that was ever reported of a plugin, newest first; at most 200."""
        async with self._ground.db.transaction() as connection:
            rows = await connection.fetch(_OF, plugin_id, LIST_MAX)
        return [Observation(**dict(row)) for row in rows]

    async def handle(self, observation_id: UUID, by: str, outcome: Outcome) -> None:
        """Somebody has looked. Raises NotFoundError, ConflictError when another one had."""
        async with self._ground.db.transaction() as connection:
            at = self._ground.now
            plugin_id = await connection.fetchval(_HANDLE, observation_id, at, by, outcome)
            if plugin_id is None and await connection.fetchval(_ANY, observation_id):
                raise ConflictError("this observation was handled already")
            if plugin_id is None:
                raise NotFoundError("there is no such observation")
            told = {"id": str(observation_id), "by": by, "outcome": outcome}
            await journal.append(connection, at, "observation.handled", plugin_id, **told)

    @property
    def _may_quarantine(self) -> bool:
        """A process without the registry's keys takes reports in and leaves the rest to people."""
        return self._ground.metadata is not None or not self._ground.is_signed

    def _observation(
        self, plugin_id: str, version: str, text: str, reporter: Reporter
    ) -> Observation:
        now = self._ground.now
        return Observation(
            self._ids.new(), plugin_id, version, text.strip(), reporter.standing, reporter.name,
            now, now + DUE[reporter.standing],
        )  # fmt: skip

    async def _add(self, connection: Connection, made: Observation) -> None:
        if not await connection.fetchval(_THERE, made.plugin_id, made.version):
            raise NotFoundError("there is no such plugin or release", plugin_id=made.plugin_id)
        await connection.execute(_LOCK, made.plugin_id)
        mine = await connection.fetchval(_OPEN_BY, made.plugin_id, made.reporter)
        if made.reporter and mine >= OPEN_EACH_MAX:
            raise TooManyError("we have your reports of this plugin and will look at them", 3600)
        await connection.execute(_ADD, *_row(made))
        told = {"id": str(made.id), "version": made.version, "standing": made.standing}
        await journal.append(connection, made.at, "plugin.reported", made.plugin_id, **told)

    async def _alarmed(
        self, connection: Connection, repository: Repository | None, made: Observation
    ) -> list[str]:
        """What the reports of the plugin take away; of all releases where they differ."""
        rows = await connection.fetch(_THAT_COUNT, made.plugin_id, LIST_MAX)
        found = [Observation(**dict(row)) for row in rows]
        why = alarm(found, made.at)
        if not why:
            return []
        counted = {one.version for one in found}
        release = (made.plugin_id, made.version if counted == {made.version} else "")
        return await self._quarantines.within(connection, repository, release, why, ALARM_BY)


def _row(made: Observation) -> tuple[Any, ...]:
    return (
        made.id, made.plugin_id, made.version, made.text, made.standing, made.reporter, made.at,
        made.due_at,
    )  # fmt: skip
