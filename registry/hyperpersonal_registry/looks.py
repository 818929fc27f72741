"""Who looked at a published release, and whose name its publisher carries: for shop windows."""

from collections.abc import Sequence
from datetime import datetime

from hyperpersonal_core.kit.db import Database
from msgspec import Struct

from hyperpersonal_registry import submissions
from hyperpersonal_registry.verdicts import Verdict

_FIRST = "select min(published_at) from registry.releases where plugin_id = any($1)"
_DOMAIN = "select domain from registry.namespaces where name = $1"


class Looked(Struct, frozen=True):
    """`report`: the newest run of the checks; `reviewers`: how many different people approved the
    release with this very report, or one before it."""

    report: Sequence[Verdict] = ()
    reviewers: int = 0


class Looks:
    """Reads; stateless."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def at(self, digest: str) -> Looked:
        """What is on record of a release; nothing for one that came before there were records."""
        async with self._db.transaction() as connection:
            found = await submissions.get(connection, digest)
            if found is None:
                return Looked()
            report = await submissions.report_of(connection, digest, found.run)
            reviews = await submissions.reviews_of(connection, digest)
        return Looked(report, len({one.vote.key_id for one in reviews if one.vote.approves}))

    async def first_seen(self, plugin_ids: Sequence[str]) -> datetime | None:
        """When the first release of any of these plugins came out; None where none has."""
        async with self._db.transaction() as connection:
            since: datetime | None = await connection.fetchval(_FIRST, list(plugin_ids))
        return since

    async def domain_of(self, namespace: str) -> str:
        """The web address whose owner proved to be the publisher; empty where a person vouched."""
        async with self._db.transaction() as connection:
            return await connection.fetchval(_DOMAIN, namespace) or ""
