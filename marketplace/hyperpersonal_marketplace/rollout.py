"""A new release by degrees: beside the old one unseen, then for a few, then for everybody.

The release is verified and tried first, as for an update; it gets no grant that the old one has
not. From there on the core watches, and undoes what is shown to be worse.
"""

from collections.abc import Sequence
from uuid import UUID

from hyperpersonal_core.api import (
    ROLLOUT_KINDS,
    Candidate,
    Evidence,
    Installation,
    Rollout,
    RolloutPlan,
    RolloutRecords,
    ShadowTurn,
    Standing,
)
from hyperpersonal_core.kit.errors import RefusedError

from hyperpersonal_marketplace.installer import Installer


class Rollouts:
    """What a member may do about rollouts of its tenant. Stateless; one a process."""

    def __init__(self, installer: Installer, records: RolloutRecords) -> None:
        self._installer = installer
        self._records = records

    async def start(
        self, tenant_id: UUID, installation_id: UUID, version: str | None = None,
        plan: RolloutPlan | None = None, member_id: UUID | None = None,
    ) -> Rollout:  # fmt: skip
        """Begin to roll a release out.

        Args:
            tenant_id: whose installation it is.
            installation_id: of an agent, a connector or a guard.
            version: the newest one if left out.
            plan: shadow, stages, level; the usual one if left out.
            member_id: who wants it; None: a policy of the tenant.

        Raises:
            InstallRefusedError: it is pinned, the release does not take its configuration, or it
                cannot run.
            ConflictError: a rollout of it runs already, or it was changed meanwhile.
            NotFoundError: there is no such installation or release.
            RefusedError: the plan is faulty, or the release is not trusted.
        """
        present, new, also = await self._installer.candidate(tenant_id, installation_id, version)
        release = Candidate(new.version, new.digest, new.manifest, new.grants)
        return await self._records.begin(present, release, plan or RolloutPlan(), member_id, also)

    def are_for(self, present: Installation) -> bool:
        """Whether plugins of its kind can be rolled out."""
        return present.kind in ROLLOUT_KINDS

    async def running(self, tenant_id: UUID, installation_id: UUID) -> bool:
        """Whether the installation has a rollout that has not ended."""
        found = await self._records.list(tenant_id, installation_id)
        return any(one.state in ("shadow", "canary") for one in found)

    async def check(self, tenant_id: UUID, installation_id: UUID, version: str) -> None:
        """Raises RefusedError where a rollout of this version was undone or stopped."""
        for one in await self._records.list(tenant_id, installation_id):
            if one.candidate.version == version and one.state in ("rolled_back", "stopped"):
                raise RefusedError(f"its rollout was {one.state.replace('_', ' ')}: {one.reason}")

    async def list(self, tenant_id: UUID) -> list[Rollout]:
        """The tenant's newest hundred, newest first."""
        return await self._records.list(tenant_id)

    async def read(self, tenant_id: UUID, rollout_id: UUID) -> Standing:
        """One with all that was seen of it. Raises NotFoundError."""
        return await self._records.read(tenant_id, rollout_id)

    async def evidence(self, tenant_id: UUID, rollout_id: UUID) -> Evidence:
        """How near it is to being undone, and to going on. Raises NotFoundError."""
        return await self._records.evidence(tenant_id, rollout_id)

    async def shadow_turns(self, tenant_id: UUID, rollout_id: UUID) -> Sequence[ShadowTurn]:
        """Turns the shadow answered too, those that differ first, at most fifty. Raises
        NotFoundError."""
        return await self._records.shadow_turns(tenant_id, rollout_id)

    async def pause(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID) -> Rollout:
        """Nobody new meets it for now. Raises NotFoundError, ConflictError (no running canary)."""
        return await self._records.pause(tenant_id, rollout_id, member_id)

    async def resume(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID) -> Rollout:
        """On with its share. Raises NotFoundError, ConflictError (it is not paused)."""
        return await self._records.resume(tenant_id, rollout_id, member_id)

    async def advance(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID) -> Rollout:
        """On to the next stage without waiting for evidence. Raises NotFoundError, ConflictError
        (it has ended)."""
        return await self._records.advance(tenant_id, rollout_id, member_id)

    async def promote(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID) -> Rollout:
        """Everybody gets it now. Raises NotFoundError, ConflictError (it has ended)."""
        return await self._records.promote(tenant_id, rollout_id, member_id)

    async def stop(self, tenant_id: UUID, rollout_id: UUID, member_id: UUID) -> Rollout:
        """Everybody stays with the installed release. Raises NotFoundError, ConflictError (it has
        ended)."""
        return await self._records.stop(tenant_id, rollout_id, member_id)
