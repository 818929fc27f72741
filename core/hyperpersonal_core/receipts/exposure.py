"""Whom a release reached: the first question when it turns out to be harmful.

Answered from what was added up as receipts were sealed, so that it takes the same short time after
a thousand calls and after a billion.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hyperpersonal_sdk.receipts import Receipt
from msgspec import Struct

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.receipts.reading import PAGE_MAX, receipts_after

DIGESTS_MAX = 1_000
CALLS_MAX = 500

_OF = "select * from exposed_to($1)"
_SERVED = """select digest, plugin_id, version, calls, first_at, last_at from release_uses
 where tenant_id = $1 and last_at >= $2 order by last_at desc"""
_ENDS = """select first_number, last_number from release_uses
 where tenant_id = $1 and digest = $2"""


class Exposed(Struct, frozen=True):
    """One tenant and one release. Without calls it was installed only (`first_at` None).

    `installed`: it is the tenant's present release. `grants`: all that it was given; None where
    the installation is gone, and with it what it was given.
    """

    tenant_id: UUID
    slug: str
    name: str
    digest: str
    calls: int
    host_calls: int
    requests: int
    bytes_out: int
    first_at: datetime | None
    last_at: datetime | None
    installation_id: UUID | None
    installed: bool
    grants: list[str] | None


class Served(Struct, frozen=True):
    """A release that served a tenant."""

    digest: str
    plugin_id: str
    version: str
    calls: int
    first_at: datetime
    last_at: datetime


class Exposures(Struct, frozen=True):
    """Reads what was added up. One a process."""

    db: Database

    async def of(self, digests: Sequence[str]) -> list[Exposed]:
        """Everybody whom one of these releases (at most 1,000) reached, the most calls first."""
        async with self.db.transaction() as connection:
            rows = await connection.fetch(_OF, list(digests)[:DIGESTS_MAX])
        return [Exposed(**dict(row)) for row in rows]

    async def served(self, tenant_id: UUID, since: datetime) -> list[Served]:
        """The releases that served a tenant since then, the latest first."""
        async with self.db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_SERVED, tenant_id, since)
        return [Served(**dict(row)) for row in rows]

    async def calls(
        self, tenant_id: UUID, digest: str, after: int = 0, limit: int = CALLS_MAX
    ) -> list[Receipt]:
        """The receipts of a release's calls for a tenant after that number, at most 500."""
        found: list[Receipt] = []
        async with self.db.transaction(tenant_id) as connection:
            ends = await connection.fetchrow(_ENDS, tenant_id, digest)
            number = max(after, ends["first_number"] - 1) if ends else 0
            while ends and number < ends["last_number"] and len(found) < min(limit, CALLS_MAX):
                page = await receipts_after(connection, tenant_id, number, PAGE_MAX)
                number = page[-1].number
                found += [one for one in page if one.release == digest]
        return found[: min(limit, CALLS_MAX)]
