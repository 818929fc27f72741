"""Puts an author's folder to work in the demo's tenant, and takes it away again.

Rules:
1. It serves one tenant, the demo's; a production process has no such door at all.
2. What it serves was signed as under development, which nothing else takes for a release.
3. All that the manifest asks is granted: the demo's shop holds nobody's data.
4. A release that cannot run never takes the place of one that does.
5. What was there before is kept in the data folder and comes back, at the latest when the demo
   starts again.
"""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_core.api import Installation, Installations, Lifecycle, NewInstallation
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_runtime.api import SealedRelease
from hyperpersonal_sdk import checks, development, hpx
from hyperpersonal_sdk.errors import ArchiveError, CheckFailedError, UntrustedError
from msgspec import Struct, structs

from hyperpersonal_web.development.releases import DevelopmentReleases
from hyperpersonal_web.market import Market

STATE_FILE = "development.json"
MARK = "-development"


class Served(Struct, frozen=True):
    """What serves now. `hooks` are told so that an author sees what can be tried."""

    plugin_id: str
    version: str
    digest: str
    kind: str
    installation_id: UUID


class Kept(Struct, frozen=True):
    """How it was before: the installation (None: there was none) and the order of the agents."""

    installation_id: UUID
    before: Installation | None
    agents: list[UUID]


class DevelopmentDoor:
    """One a demo.

    Args:
        tenant_id: the demo's merchant.
        releases: where hosts of this process load from.
        market: the tenant's installations, and what tries a release.
        folder: keeps what to bring back.
    """

    def __init__(
        self,
        tenant_id: UUID,
        releases: DevelopmentReleases,
        market: tuple[Installations, Lifecycle],
        folder: Path,
    ) -> None:
        self.tenant_id = tenant_id
        self._releases = releases
        self._installations, self._lifecycle = market
        self._file = folder / STATE_FILE
        self._one_at_a_time = asyncio.Lock()

    async def serve(
        self, artifact: bytes, envelope: bytes, public: bytes, settings: dict[str, Any]
    ) -> Served:
        """Let these bytes serve the tenant from its next turn on.

        Args:
            artifact: the `.hpx`.
            envelope: of `hyperpersonal_sdk.development.sign`.
            public: the author's key for development, 32 bytes.
            settings: `config` and `secrets` of the installation, both may be left out.

        Raises:
            RefusedError: not signed so, breaks a rule, or cannot run; what served goes on.
        """
        archive = _verified(artifact, envelope, public)
        release = _sealed(archive)
        new = _new(archive, settings)
        async with self._one_at_a_time:
            self._releases.put(release)
            present = await self._installations.of_plugin(self.tenant_id, new.plugin_id)
            if present is None:
                installed = await self._install(new)
            else:
                installed = await self._replace(present, new)
        return Served(new.plugin_id, release.version, release.digest, new.kind, installed)

    async def withdraw(self, plugin_id: str) -> None:
        """As it was before. Raises NotFoundError: nothing of that name is under development."""
        async with self._one_at_a_time:
            kept = self._read()
            if plugin_id not in kept:
                raise NotFoundError(f"{plugin_id} is not under development here")
            await self._restore(kept.pop(plugin_id))
            self._write(kept)

    async def clean(self) -> None:
        """Bring back what an earlier run of the demo left under development."""
        for plugin_id in self._read():
            await self.withdraw(plugin_id)

    async def _install(self, new: NewInstallation) -> UUID:
        """Installed but not in service while it is tried; gone again when it cannot serve."""
        agents = await self._agents()
        off = structs.replace(new, enabled=False)
        installed = await self._installations.install(self.tenant_id, off)
        try:
            candidate = await self._installations.get(self.tenant_id, installed)
            await self._lifecycle.prepare(candidate, "install")
        except BaseException:
            await self._installations.uninstall(self.tenant_id, installed)
            raise
        self._keep(new.plugin_id, Kept(installed, None, agents))
        await self._installations.switch(self.tenant_id, installed, enabled=True)
        if new.kind == "agent":
            await self._installations.compose(self.tenant_id, [installed, *agents])
        return installed

    async def _replace(self, present: Installation, new: NewInstallation) -> UUID:
        candidate = structs.replace(
            present, version=new.version, digest=new.digest, manifest=new.manifest,
            grants=new.grants, config=new.config or present.config,
        )  # fmt: skip
        await self._lifecycle.prepare(candidate, "configure")
        self._keep(new.plugin_id, Kept(present.id, present, await self._agents()))
        new = structs.replace(new, config=candidate.config)
        await self._installations.update(present, new)
        if new.secrets:
            await self._installations.set_secrets(self.tenant_id, present.id, new.secrets)
        return present.id

    async def _restore(self, kept: Kept) -> None:
        try:
            if kept.before is None:
                await self._installations.uninstall(self.tenant_id, kept.installation_id)
            else:
                there = await self._installations.get(self.tenant_id, kept.installation_id)
                await self._installations.update(there, _as_new(kept.before))
        except NotFoundError:  # a member removed it meanwhile
            return
        left = set(await self._agents())
        if order := [one for one in kept.agents if one in left]:
            await self._installations.compose(self.tenant_id, order)

    async def _agents(self) -> list[UUID]:
        """Those of the bundle, in their order."""
        there = await self._installations.list(self.tenant_id)
        placed = [(one.position, one.id) for one in there if one.position is not None]
        return [found for _, found in sorted(placed)]

    def _keep(self, plugin_id: str, kept: Kept) -> None:
        """The first time only: what served between two saves is nothing to come back to."""
        there = self._read()
        if plugin_id not in there:
            self._write({**there, plugin_id: kept})

    def _read(self) -> dict[str, Kept]:
        if not self._file.exists():
            return {}
        return msgspec.json.decode(self._file.read_bytes(), type=dict[str, Kept])

    def _write(self, kept: dict[str, Kept]) -> None:
        coming = self._file.with_suffix(".new")
        coming.write_bytes(msgspec.json.encode(kept))
        coming.replace(self._file)


async def open_door(market: Market, tenant_id: UUID, folder: Path) -> DevelopmentDoor:
    """The door of a demo whose market was opened over `DevelopmentReleases`, with what an earlier
    run left brought back."""
    assert isinstance(market.store, DevelopmentReleases)
    parts = (market.installations, market.lifecycle)
    door = DevelopmentDoor(tenant_id, market.store, parts, folder)
    await door.clean()
    return door


def _verified(artifact: bytes, envelope: bytes, public: bytes) -> hpx.Archive:
    try:
        archive = development.verify(envelope, artifact, public)
        checks.check(archive)
    except (UntrustedError, ArchiveError, CheckFailedError) as error:
        raise RefusedError(str(error), reason=error.code) from error
    return archive


def _sealed(archive: hpx.Archive) -> SealedRelease:
    said = archive.manifest
    return SealedRelease(
        said.id, said.version, archive.digest, said.entry, archive.files, said.runtime.kind
    )


def _new(archive: hpx.Archive, settings: dict[str, Any]) -> NewInstallation:
    said = archive.manifest
    if said.kind == "bundle":
        raise RefusedError("a bundle is composed of releases; `hp bundle` tries it")
    return NewInstallation(
        plugin_id=said.id,
        version=said.version + MARK,
        digest=archive.digest,
        kind=said.kind,
        manifest=msgspec.to_builtins(said),
        grants=said.asked.texts,
        config=settings.get("config") or {},
        secrets=settings.get("secrets") or {},
    )


def _as_new(one: Installation) -> NewInstallation:
    return NewInstallation(
        one.plugin_id, one.version, one.digest, one.kind, one.manifest, one.grants, one.config
    )
