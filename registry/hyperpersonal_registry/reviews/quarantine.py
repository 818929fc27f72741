"""Quarantine: nobody finds, installs or runs a release until somebody has looked. Reversible.

Rules:
1. What a release was before is kept, and is again when the quarantine is lifted.
2. An author cannot end a quarantine, and a revoked release cannot be brought back by one.
3. Table, trust metadata and log change in one transaction; hosts hear after it.
"""

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError

from hyperpersonal_registry import journal
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.namespaces import check_reason
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.withdrawal import forbid, sha256_in

_CHANGE = """
update registry.releases set status = 'quarantined', status_reason = $3,
       status_before = status, reason_before = status_reason
 where plugin_id = $1 and ($2 = '' or version = $2) and status in ('published', 'yanked')
returning version"""
_LIFT = """
update registry.releases set status = status_before, status_reason = reason_before,
       status_before = '', reason_before = ''
 where plugin_id = $1 and ($2 = '' or version = $2) and status = 'quarantined'
returning version"""
_THERE = "select exists (select from registry.releases where plugin_id = $1)"


class Quarantines:
    """Stateless; one a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def begin(self, plugin_id: str, version: str, reason: str, by: str) -> list[str]:
        """Hide a release and stop it everywhere.

        Args:
            plugin_id: `publisher/name`.
            version: of one release; empty: all of them.
            reason: why, for the log, its publisher and its merchants; at most 500 characters.
            by: the id of the key that asked for it.

        Returns:
            The versions that were taken away, none where all were already.

        Raises:
            NotFoundError: there is no such plugin.
        """
        check_reason(reason)
        async with self._ground.changing() as (connection, repository):
            if not await connection.fetchval(_THERE, plugin_id):
                raise NotFoundError(f"there is no plugin {plugin_id}", plugin_id=plugin_id)
            versions = await self.within(connection, repository, (plugin_id, version), reason, by)
        await self._ground.tell()
        return versions

    async def within(
        self,
        connection: Connection,
        repository: Repository | None,
        release: tuple[str, str],
        reason: str,
        by: str,
    ) -> list[str]:
        """The same in the caller's transaction; the caller tells the hosts after it."""
        plugin_id, version = release
        rows = await connection.fetch(_CHANGE, plugin_id, version, reason)
        versions = sorted(row["version"] for row in rows)
        for one in versions:
            if repository is not None:
                forbid(repository, (plugin_id, one), reason, self._ground)
            name, at = f"{plugin_id}@{one}", self._ground.now
            detail = {"reason": reason, "by": by}
            await journal.append(connection, at, "release.quarantined", name, **detail)
        return versions

    async def lift(self, plugin_id: str, version: str, reason: str, by: str) -> list[str]:
        """End a quarantine: every release is again what it was.

        Raises:
            ConflictError: none of them is in quarantine.
        """
        check_reason(reason)
        async with self._ground.changing() as (connection, repository):
            rows = await connection.fetch(_LIFT, plugin_id, version)
            versions = sorted(row["version"] for row in rows)
            if not versions:
                what = f"{plugin_id}@{version}" if version else plugin_id
                raise ConflictError(f"{what} is not in quarantine", plugin_id=plugin_id)
            for one in versions:
                sha256 = sha256_in(repository, plugin_id, one) if repository else None
                if repository is not None and sha256 is not None:
                    repository.reinstate(sha256, self._ground.now)
                name, at = f"{plugin_id}@{one}", self._ground.now
                detail = {"reason": reason, "by": by}
                await journal.append(connection, at, "release.reinstated", name, **detail)
        await self._ground.tell()
        return versions
