"""What was withdrawn of a list of releases: for those who run them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from hyperpersonal_core.kit.db import Database
from msgspec import Struct

DIGESTS_MAX = 2_000

_OF = """
select r.digest, r.plugin_id, r.version, r.manifest->>'title' as title, r.status,
       r.status_reason as reason,
       (select max(j.at) from registry.journal j where j.kind = 'release.' || r.status
           and j.subject = r.plugin_id || '@' || r.version) as at
  from registry.releases r
 where r.digest = any($1) and r.status <> 'published' order by r.plugin_id, r.version"""
_DIGESTS = """select digest from registry.releases
where plugin_id = $1 and ($2 = '' or version = $2)"""


class Withdrawn(Struct, frozen=True):
    """One release that is offered to nobody any more. `at`: since when."""

    digest: str
    plugin_id: str
    version: str
    title: str
    status: Literal["yanked", "quarantined", "revoked"]
    reason: str
    at: datetime | None


async def withdrawn(db: Database, digests: Sequence[str]) -> list[Withdrawn]:
    """Those of these releases (at most 2,000) that were withdrawn."""
    async with db.transaction() as connection:
        rows = await connection.fetch(_OF, list(digests)[:DIGESTS_MAX])
    return [Withdrawn(**dict(row)) for row in rows]


async def digests_of(db: Database, plugin_id: str, version: str = "") -> list[str]:
    """The digests of a plugin's releases, or of one of them."""
    async with db.transaction() as connection:
        rows = await connection.fetch(_DIGESTS, plugin_id, version)
    return [row["digest"] for row in rows]
