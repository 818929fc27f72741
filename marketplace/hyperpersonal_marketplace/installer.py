"""Installs, updates and removes plugins for a tenant, never beyond what it consented to.

Rules:
1. Only a release the registry loads (verifies) at that moment is installed; its digest is pinned.
2. Grants lie within what the manifest asks; a required capability must be given at least in part.
3. An update keeps what was granted, as far as the new release still asks it. What it asks beyond
   waits for `consent`; until then its calls are refused by the granter, one by one.
4. A release serves only after it was tried (`Lifecycle`): one that cannot run, or whose hook fails,
   never takes the place of another. Turns that have begun keep the release they began with.
5. What is decided and what is written are one change: see the core's `installations.changes`. A
   process that dies in between leaves what was there before.
6. What nobody reviewed runs only where the tenant accepted that, for this installation (`offers`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from hyperpersonal_core.api import (
    Also,
    Installation,
    Installations,
    Lifecycle,
    NewInstallation,
    check_no_rollout,
    nothing_more,
)
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, RefusedError
from hyperpersonal_registry.api import Registry, Visibilities
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct, convert, structs

from hyperpersonal_marketplace import consent
from hyperpersonal_marketplace.errors import InstallRefusedError
from hyperpersonal_marketplace.installing import (
    Offer,
    Updated,
    as_if,
    new_installation,
    together,
    waiting_after,
)
from hyperpersonal_marketplace.leaving import Data, Left, LeftBehind
from hyperpersonal_marketplace.offers import Offers, Taken
from hyperpersonal_marketplace.permissions import permissions
from hyperpersonal_marketplace.policies import Follow, Policies, check_unpinned


class Books(Struct, frozen=True):
    """What the marketplace writes down of tenants beside their installations."""

    policies: Policies
    left_behind: LeftBehind
    visibilities: Visibilities


class Installer:
    """The marketplace's door to a tenant's installations. Stateless; one a process.

    Args:
        registry: verifies what is installed.
        installations: where it is written.
        lifecycle: tries releases and calls their lifecycle hooks; None: nothing is tried.
        books: policies, what removed plugins left, who may see what; None: none are kept.
    """

    def __init__(
        self,
        registry: Registry,
        installations: Installations,
        lifecycle: Lifecycle | None = None,
        books: Books | None = None,
    ) -> None:
        self._offers = Offers(registry, books.visibilities if books else None)
        self._installations = installations
        self._lifecycle = lifecycle
        self._books = books

    async def offer(
        self, plugin_id: str, version: str | None = None, tenant_id: UUID | None = None
    ) -> Offer:
        """What a merchant is shown: the newest release, or the named one.

        Raises:
            NotFoundError: there is no such release, or not for this tenant.
        """
        release = await self._offers.find(plugin_id, version, tenant_id)
        said = release.manifest
        return Offer(
            said.id, said.version, release.digest, said.title, said.description, said.licence,
            permissions(said), said.config, await self._offers.is_unreviewed(release),
        )  # fmt: skip

    async def install(
        self,
        tenant_id: UUID,
        plugin_id: str,
        version: str | None = None,
        *,
        grants: Sequence[str],
        config: dict[str, Any] | None = None,
        secrets: Mapping[str, dict[str, str]] | None = None,
        in_service: bool = True,
        unreviewed: bool = False,
        also: Also = nothing_more,
    ) -> UUID:
        """Install a release under these grants; the grants are the tenant's consent.

        Args:
            tenant_id: whose installation it becomes.
            plugin_id: `publisher/name`.
            version: the newest one if left out.
            grants: capability texts, each within what the manifest asks.
            config: of the manifest's config schema.
            secrets: address prefix -> headers the host adds to granted requests.
            in_service: whether it serves at once; a bundle's plugins do at its switch.
            unreviewed: whether the tenant accepts code that nobody reviewed, where it is such.
            also: what is written in the transaction that makes it installed.

        Returns:
            The installation's id.

        Raises:
            InstallRefusedError: `reason` says what is wrong with grants, config or secrets, that
                the release cannot run (cannot_run), or that nobody reviewed it and the tenant has
                not accepted that (unreviewed); then nothing is installed.
            ConflictError: the plugin is installed already.
            NotFoundError: there is no such release.
            RefusedError: code `release_refused`, the release is not trusted.
        """
        taken = await self._offers.take(plugin_id, version, tenant_id, unreviewed=unreviewed)
        release = taken.release
        if release.manifest.kind == "bundle":
            message = f"{release.name} is a bundle; use `hp bundle install {plugin_id}`"
            raise InstallRefusedError("bundle", message)
        manifest, given_config, given_secrets = release.manifest, config or {}, dict(secrets or {})
        given = consent.checked_grants(manifest, grants)
        consent.check_config(manifest, given_config)
        consent.check_secrets(manifest, given, given_secrets)
        if await self._installations.of_plugin(tenant_id, plugin_id) is not None:
            raise ConflictError(f"{plugin_id} is installed already; update it", plugin_id=plugin_id)
        new = new_installation(taken, given, given_config, given_secrets)
        return await self._install(
            tenant_id, structs.replace(new, enabled=in_service), (manifest, also)
        )

    async def update(
        self,
        tenant_id: UUID,
        installation_id: UUID,
        version: str | None = None,
        *,
        config: dict[str, Any] | None = None,
        unreviewed: bool = False,
        follow: Follow | None = None,
    ) -> Updated:
        """Go to another release (an older one too) without widening anything. `config`: for a
        release that does not take the present one; None: it stays. `unreviewed`: as for `install`;
        what was accepted before is for releases to come as well. `follow`: it is taken by itself,
        under this policy; None: a member wants it.

        Raises:
            InstallRefusedError: the new release does not take the configuration, is of
                another kind, or cannot run, or the present one is pinned; it goes on.
            ConflictError: it was changed meanwhile, follows otherwise now, or is rolled out.
            NotFoundError: there is no such installation or release.
            RefusedError: code `release_refused`, the release is not trusted.
        """
        present = await self._unpinned(tenant_id, installation_id)
        taken = await self._following(present, version, unreviewed=unreviewed)
        wanted = present.config if config is None else config
        return await self._replace(present, taken, wanted, follow)

    async def rollback(self, tenant_id: UUID, installation_id: UUID) -> Updated:
        """Go back to the release before the present one, under no more grants than now; twice is
        back again. The configuration stays if that release takes it, else it is as it was then.

        Raises:
            InstallRefusedError: `nothing_before`, or as for `update`.
            NotFoundError: there is no such installation, or that release was withdrawn.
            RefusedError: code `release_refused`, that release is not trusted any more.
        """
        present = await self._unpinned(tenant_id, installation_id)
        past = await self._installations.before(tenant_id, installation_id)
        if past is None:
            raise InstallRefusedError("nothing_before", f"{present.title} had no other release yet")
        taken = await self._following(present, past.version)
        try:
            consent.check_config(taken.release.manifest, present.config)
        except InstallRefusedError:
            return await self._replace(present, taken, past.config)
        return await self._replace(present, taken, present.config)

    async def candidate(
        self, tenant_id: UUID, installation_id: UUID, version: str | None = None
    ) -> tuple[Installation, NewInstallation, Also]:
        """The installation, and what an update would make of it: checked and tried, not written.
        Last, what must be done, and may be refused, where it is begun to be used.

        Raises:
            InstallRefusedError, NotFoundError, RefusedError: as for `update`.
        """
        present = await self._unpinned(tenant_id, installation_id)
        taken = await self._following(present, version)
        return present, await self._tried(present, taken, present.config), self._known(present)

    def _known(self, present: Installation, follow: Follow | None = None) -> Also:
        async def replaced(connection: Connection) -> None:
            if follow is not None:
                await check_no_rollout(connection, present)
            if self._books:
                await self._books.policies.replaced(connection, present, follow)

        return replaced

    async def _replace(
        self, present: Installation, taken: Taken, config: dict[str, Any],
        follow: Follow | None = None,
    ) -> Updated:  # fmt: skip
        new = await self._tried(present, taken, config)
        await self._installations.update(present, new, self._known(present, follow))
        waiting = waiting_after(present, taken.release.manifest)
        return Updated(present.id, new.version, new.grants, waiting)

    async def _tried(
        self, present: Installation, taken: Taken, config: dict[str, Any]
    ) -> NewInstallation:
        release, manifest = taken.release, taken.release.manifest
        if manifest.kind != present.kind:
            what = f"{release.name} is of kind {manifest.kind}, installed is {present.kind}"
            raise InstallRefusedError("other_kind", f"{what}; install it anew")
        consent.check_config(manifest, config)
        kept = CapabilitySet.parse(present.grants).meet(manifest.asked)
        new = new_installation(taken, kept.texts, config, {})
        await self._try(as_if(present, new), "configure")
        return new

    async def consent(
        self, tenant_id: UUID, installation_id: UUID, grants: Sequence[str]
    ) -> tuple[str, ...]:
        """Replace the grants, wider or narrower; returns them in canonical form.

        Raises:
            InstallRefusedError: more than the installed release asks, or too little for it to work.
            NotFoundError: there is no such installation.
        """
        present = await self._installations.get(tenant_id, installation_id)
        return await self._consent(present, grants, nothing_more)

    async def widen(
        self, present: Installation, more: Sequence[str], also: Also = nothing_more
    ) -> tuple[str, ...]:
        """Add to the grants that `present` has; `also` in the same transaction. Raises as
        `consent`, and ConflictError: it was changed meanwhile, so nothing taken comes back."""
        wanted = CapabilitySet.parse([*present.grants, *more])
        return await self._consent(present, wanted.texts, also)

    async def _consent(
        self, present: Installation, grants: Sequence[str], also: Also
    ) -> tuple[str, ...]:
        manifest = convert(present.manifest, Manifest)
        given = consent.checked_grants(manifest, grants)
        key = present.tenant_id, present.id
        await self._installations.grant(present, given, together(self._seen(key, manifest), also))
        return given

    def _seen(self, key: tuple[UUID, UUID], manifest: Manifest) -> Also:
        async def consented(connection: Connection) -> None:
            if self._books:
                await self._books.policies.consented(connection, key, manifest)

        return consented

    async def configure(
        self, tenant_id: UUID, installation_id: UUID, config: dict[str, Any]
    ) -> None:
        """Replace the configuration, if the plugin's own hook takes it.

        Raises:
            InstallRefusedError: it is not of the manifest's schema, or the hook failed.
            NotFoundError: there is no such installation.
        """
        present = await self._installations.get(tenant_id, installation_id)
        consent.check_config(convert(present.manifest, Manifest), config)
        await self._try(structs.replace(present, config=config), "configure")
        await self._installations.configure(present, config)

    async def set_secrets(
        self, tenant_id: UUID, installation_id: UUID, secrets: Mapping[str, dict[str, str]]
    ) -> None:
        """Replace the credentials the host adds to granted requests.

        Raises:
            InstallRefusedError: bad_secret.
            NotFoundError: there is no such installation.
        """
        present = await self._installations.get(tenant_id, installation_id)
        consent.check_secrets(convert(present.manifest, Manifest), present.grants, secrets)
        await self._installations.set_secrets(tenant_id, installation_id, dict(secrets))

    async def uninstall(
        self, tenant_id: UUID, installation_id: UUID, data: Data = "delete"
    ) -> Left:
        """Tell the plugin, then remove it with its grants, secrets and own data.

        Args:
            tenant_id: whose installation it is.
            installation_id: which.
            data: what becomes of its own data: `keep` for 30 days, `delete`, or `export` (deleted
                here, and given back in the result).

        Raises:
            NotFoundError: there is no such installation.
        """
        present = await self._installations.get(tenant_id, installation_id)
        if self._lifecycle is not None:
            await self._lifecycle.leave(present)
        left, also = await self._leave(present, data) if self._books else (
            Left(present.plugin_id, present.grants, 0, tuple(present.config)), nothing_more
        )  # fmt: skip
        await self._installations.uninstall(tenant_id, installation_id, also)
        return left

    async def _leave(self, present: Installation, data: Data) -> tuple[Left, Also]:
        """What is left, and what becomes of it when it is removed."""
        assert self._books
        kept, tenant_id = self._books.left_behind, present.tenant_id
        own = await kept.of(present)
        left = Left(present.plugin_id, present.grants, len(own.kv), tuple(own.config))
        if data == "keep":
            until, keep = await kept.keeping(tenant_id, own)
            return structs.replace(left, kept_until=until), keep
        drop = partial(kept.drop, tenant_id=tenant_id, plugin_id=present.plugin_id)
        return structs.replace(left, export=own if data == "export" else None), drop

    async def compose_bundle(self, tenant_id: UUID, installation_ids: Sequence[UUID]) -> None:
        """Make these agents, in this order, the ones that answer the tenant's shoppers.

        Raises:
            NotFoundError: one of them is not an installed agent of the tenant.
            RefusedError: too many, or one of them twice.
        """
        await self._installations.compose(tenant_id, installation_ids)

    async def _install(
        self, tenant_id: UUID, new: NewInstallation, said: tuple[Manifest, Also]
    ) -> UUID:
        """None yet while it is tried; gone again when it cannot serve, or its process dies."""
        untried = structs.replace(new, tried=False)
        installed = await self._installations.install(tenant_id, untried)
        try:
            if self._books:
                await self._books.left_behind.give_back(tenant_id, new.plugin_id, installed)
            await self._try(await self._installations.get(tenant_id, installed), "install")
            also = together(self._arrived(tenant_id, installed, said[0]), said[1])
            await self._installations.tried(tenant_id, installed, enabled=new.enabled, also=also)
        except BaseException:
            await self._installations.give_up(tenant_id, installed)
            raise
        return installed

    def _arrived(self, tenant_id: UUID, installed: UUID, manifest: Manifest) -> Also:
        async def arrived(connection: Connection) -> None:
            if self._books:
                await self._books.policies.consented(connection, (tenant_id, installed), manifest)
                await self._books.left_behind.drop(connection, tenant_id, manifest.id)

        return arrived

    async def _try(self, candidate: Installation, hook: str) -> None:
        if self._lifecycle is None:
            return
        try:
            await self._lifecycle.prepare(candidate, hook)
        except RefusedError as error:
            raise InstallRefusedError("cannot_run", error.message) from error

    async def _following(
        self, present: Installation, version: str | None, *, unreviewed: bool = False
    ) -> Taken:
        """A release to take the place of an installed one."""
        asked, accepted = (present.plugin_id, version, present.tenant_id), present.unreviewed
        return await self._offers.take(*asked, unreviewed=unreviewed or accepted)

    async def _unpinned(self, tenant_id: UUID, installation_id: UUID) -> Installation:
        present = await self._installations.get(tenant_id, installation_id)
        if self._books:
            check_unpinned(present, (await self._books.policies.of(present)).follow)
        return present
