"""How each installation follows new releases, and what its tenant was asked when it consented.

    pin      stays at this very release: nobody replaces it before it is unpinned
    off      changes only when a member says so (what holds without a policy)
    fixes    takes new patches of its minor version by itself
    latest   takes every new release by itself

`cooldown_days`: a release is taken by itself only when it has been out for so long, so that others
find its faults first. `by_degrees`: it is rolled out (shadow, canary) instead of at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from hyperpersonal_core.api import Installation, check_no_rollout, hold_unchanged
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_registry.api import Release, version_key
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct, convert

from hyperpersonal_marketplace.errors import InstallRefusedError, MarketRefusedError

Follow = Literal["pin", "off", "fixes", "latest"]
COOLDOWN_DAYS_MAX = 365
WHY_CHARS_MAX = 500

_ALL = """select installation_id, follow, cooldown_days, by_degrees, asked, tried, tried_why
  from market.policies where tenant_id = $1"""
_SET = """
insert into market.policies (tenant_id, installation_id, follow, cooldown_days, by_degrees, asked)
values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, installation_id) do update
   set follow = excluded.follow, cooldown_days = excluded.cooldown_days,
       by_degrees = excluded.by_degrees, tried = '', tried_why = ''
"""
_ASKED = """
insert into market.policies (tenant_id, installation_id, asked) values ($1, $2, $3)
on conflict (tenant_id, installation_id) do update set asked = excluded.asked"""
_KNOWN = """
insert into market.policies (tenant_id, installation_id, asked) values ($1, $2, $3)
on conflict do nothing"""
_TRIED = """update market.policies set tried = $3, tried_why = $4
 where tenant_id = $1 and installation_id = $2"""
_FOLLOW = "select follow from market.policies where tenant_id = $1 and installation_id = $2"
_FOLLOWING = "select tenant_id from market.tenants_that_follow()"


class Policy(Struct, frozen=True):
    """Of one installation. `tried`: the version that was taken by itself last and would not do,
    and why."""

    follow: Follow = "off"
    cooldown_days: int = 0
    by_degrees: bool = False
    asked: tuple[str, ...] | None = None
    tried: str = ""
    tried_why: str = ""


class Policies:
    """Stateless; one a process."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self, tenant_id: UUID) -> dict[UUID, Policy]:
        """By installation; one without a policy is not in it."""
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_ALL, tenant_id)
        return {row["installation_id"]: _policy(dict(row)) for row in rows}

    async def of(self, present: Installation) -> Policy:
        """The policy of one installation."""
        return (await self.all(present.tenant_id)).get(present.id, Policy())

    async def set(
        self, present: Installation, follow: Follow, cooldown_days: int = 0, *,
        by_degrees: bool = False,
    ) -> None:  # fmt: skip
        """Replace the policy of an installation.

        Raises:
            MarketRefusedError: bad_policy.
            ConflictError: it was changed meanwhile; or it is to be pinned while another release of
                it is rolled out.
            NotFoundError: it is gone.
        """
        if not 0 <= cooldown_days <= COOLDOWN_DAYS_MAX:
            message = f"wait 0 to {COOLDOWN_DAYS_MAX} days after publication"
            raise MarketRefusedError("bad_policy", message)
        key = (present.tenant_id, present.id)
        async with self._db.transaction(present.tenant_id) as connection:
            await hold_unchanged(connection, present)
            if follow == "pin":
                await check_no_rollout(connection, present)
            asked = list(_asked(present))
            await connection.execute(_SET, *key, follow, cooldown_days, by_degrees, asked)

    async def consented(
        self, connection: Connection, key: tuple[UUID, UUID], manifest: Manifest
    ) -> None:
        """The tenant has seen all that this release asks, and chose."""
        await connection.execute(_ASKED, *key, list(manifest.asked.texts))

    async def replaced(
        self, connection: Connection, present: Installation, follow: Follow | None = None
    ) -> None:
        """The release is replaced in this transaction without anybody being asked: what was asked
        before stays what the tenant has seen.

        Args:
            connection: of a change of the tenant, which holds all others off.
            present: what is replaced.
            follow: by itself, under this policy; None: a member wants it.

        Raises:
            InstallRefusedError: `pinned`, perhaps since a moment.
            ConflictError: it follows otherwise now.
        """
        key = present.tenant_id, present.id
        now: Follow = await connection.fetchval(_FOLLOW, *key) or "off"
        check_unpinned(present, now)
        if follow not in (None, now):
            raise ConflictError(f"{present.title} does not follow new releases so any more")
        await connection.execute(_KNOWN, *key, list(_asked(present)))

    async def failed(self, present: Installation, version: str, why: str) -> None:
        """A release that was taken by itself would not do; it is not tried again."""
        async with self._db.transaction(present.tenant_id) as connection:
            row = (present.tenant_id, present.id, version, why[:WHY_CHARS_MAX])
            await connection.execute(_TRIED, *row)

    async def following(self) -> list[UUID]:
        """The tenants that have an installation which takes releases by itself."""
        async with self._db.transaction() as connection:
            return [row["tenant_id"] for row in await connection.fetch(_FOLLOWING)]


def check_unpinned(present: Installation, follow: Follow) -> None:
    """Raises InstallRefusedError (pinned)."""
    if follow == "pin":
        message = f"{present.title} is pinned at {present.version}; unpin it first"
        raise InstallRefusedError("pinned", message)


def waiting(present: Installation, policy: Policy) -> tuple[str, ...]:
    """What the installed release asks and nobody was asked about yet. What was refused before is
    not asked again."""
    asked = convert(present.manifest, Manifest).asked
    known = asked.texts if policy.asked is None else policy.asked
    return asked.beyond(CapabilitySet.parse(known).join(CapabilitySet.parse(present.grants))).texts


def next_release(
    policy: Policy, present: str, releases: Iterable[Release], now: datetime
) -> Release | None:
    """The release an installation takes by itself now: the newest its policy allows; None: none.

    Never an older one, a withdrawn one, one with a pre-release label, one that is too young, or
    the one that would not do.
    """
    ripe = now - timedelta(days=policy.cooldown_days)
    fit = [
        one
        for one in releases
        if one.status == "published" and "-" not in one.version and one.published_at <= ripe
        and _follows(policy.follow, present, one.version) and one.version != policy.tried
    ]  # fmt: skip
    return max(fit, key=lambda one: version_key(one.version), default=None)


def _follows(follow: Follow, present: str, other: str) -> bool:
    if follow not in ("fixes", "latest") or version_key(other) <= version_key(present):
        return False
    return follow == "latest" or _minor(present) == _minor(other)


def _minor(version: str) -> Sequence[object]:
    return version_key(version)[:2]


def _asked(present: Installation) -> tuple[str, ...]:
    return convert(present.manifest, Manifest).asked.texts


def _policy(row: dict[str, object]) -> Policy:
    row.pop("installation_id")
    return convert(row, Policy)
