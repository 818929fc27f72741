"""The job that lets installations follow new releases, each as its policy says.

A release that widens what is asked runs under the old grants (`Installer.update`); one that cannot
run, or does not take the present configuration, is left alone, and its tenant sees why.
"""

from uuid import UUID

from hyperpersonal_core.api import Installation, Installations
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, OutsideError, RefusedError
from hyperpersonal_core.kit.jobs import Job, RescheduleError, enqueue
from hyperpersonal_registry.api import Registry

from hyperpersonal_marketplace.installer import Installer
from hyperpersonal_marketplace.leaving import LeftBehind
from hyperpersonal_marketplace.policies import Policies, Policy, next_release
from hyperpersonal_marketplace.rollout import Rollouts

UPDATE_JOB = "market.update"
EVERY_S = 300.0


class Updater:
    """Takes releases for tenants; idempotent, so two at once do no harm."""

    def __init__(
        self,
        stores: tuple[Database, Clock, Registry, Installations],
        installer: Installer,
        policies: Policies,
        left_behind: LeftBehind,
        rollouts: Rollouts | None = None,
    ) -> None:
        self._db, self._clock, self._registry, self._installations = stores
        self._installer = installer
        self._policies = policies
        self._left_behind = left_behind
        self._rollouts = rollouts
        self._log = log.get("market")

    async def plan(self) -> None:
        """Let the job run soon; nothing where it waits already."""
        async with self._db.transaction() as connection:
            await enqueue(connection, UPDATE_JOB, b"", key=UPDATE_JOB, delay_s=EVERY_S)

    async def run(self, _job: Job) -> None:
        """The handler: updates, forgets what was kept long enough, and asks to be called again."""
        try:
            updated = await self.update_all()
            forgotten = await self._left_behind.forget()
            self._log.info("market.updated", installations=updated, forgotten=forgotten)
        except Exception:
            self._log.exception("market.not_updated")
        raise RescheduleError(EVERY_S)

    async def update_all(self) -> int:
        """Update what follows; how many installations went to another release. What is wrong with
        one tenant keeps no other from its fixes."""
        updated = 0
        for tenant in await self._policies.following():
            try:
                updated += await self.update(tenant)
            except Exception:
                self._log.exception("market.tenant_not_updated", tenant_id=str(tenant))
        return updated

    async def update(self, tenant_id: UUID) -> int:
        """The same of one tenant."""
        policies = await self._policies.all(tenant_id)
        present = await self._installations.list(tenant_id)
        pairs = [(one, policies[one.id]) for one in present if one.id in policies]
        return sum([await self._follow(one, policy) for one, policy in pairs])

    async def _follow(self, present: Installation, policy: Policy) -> bool:
        if policy.follow not in ("fixes", "latest"):
            return False
        releases = await self._registry.releases(present.plugin_id)
        release = next_release(policy, present.version, releases, self._clock.now())
        if release is None:
            return False
        try:
            return await self._take(present, release.version, policy)
        except ConflictError:  # a member changed something at the same moment: the next time
            return False
        except RefusedError as error:
            await self._policies.failed(present, release.version, error.message)
            return False
        except OutsideError as error:  # no sandbox to try it in now: the next time
            self._log.warning("market.update_waits", error=str(error))
            return False

    async def _take(self, present: Installation, version: str, policy: Policy) -> bool:
        """Whether it was taken. What a rollout has undone is not taken after all, and none is
        overtaken while it runs. Raises RefusedError."""
        key = (present.tenant_id, present.id)
        if self._rollouts is not None:
            if await self._rollouts.running(*key):
                return False
            await self._rollouts.check(*key, version)
            if policy.by_degrees and self._rollouts.are_for(present):
                await self._rollouts.start(*key, version)
                return True
        await self._installer.update(*key, version, follow=policy.follow)
        return True
