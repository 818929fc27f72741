"""What a merchant has installed: consent, install, update, roll back, configure, remove."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from hyperpersonal_core.api import Installation, Installations, Member
from hyperpersonal_core.kit.ids import show
from hyperpersonal_marketplace.api import Data, Follow, GrantUses, Installer, Policies, Policy
from hyperpersonal_registry.api import PUBLIC, Registry, Visibilities
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter

from hyperpersonal_web.http.installed_views import (
    ConsentItem,
    InstalledItem,
    LeftItem,
    PolicyItem,
    Right,
    UpdatedItem,
    UsedItem,
    consent_item,
    installed_item,
    left_item,
    policy_item,
    rights,
    updated_item,
    used_item,
)
from hyperpersonal_web.http.present import managed_of, present_of

PATH = "/installed/{publisher:str}/{name:str}"
Version = Annotated[str | None, QueryParameter(max_length=40, description="else the newest")]
Manager = NamedDependency[Member]
Managed = NamedDependency[Installation]
"""The installation in the path, asked for by somebody who may change it."""


class NewInstall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`version` and `grants` are what the consent screen showed and what was given of it; `secrets`
    is address -> header -> value; `accept_unreviewed`: the shop knows that no reviewer stands for
    it."""

    plugin_id: str
    version: str
    grants: list[str]
    config: dict[str, Any] = {}
    secrets: Mapping[str, dict[str, str]] = {}
    accept_unreviewed: bool = False

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"NewInstall({self.plugin_id!r}, {self.version!r})"


class InstalledPage(msgspec.Struct, frozen=True):
    """Every installation, oldest first. `shop`: this shop's id, for publishers of private
    plugins."""

    shop: str
    items: list[InstalledItem]


class NewVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`version`: None is the newest. `config`: for a release that does not take the present one;
    None: it stays. `accept_unreviewed`: as for an install."""

    version: str | None = None
    config: dict[str, Any] | None = None
    accept_unreviewed: bool = False


class Grants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is granted from now on."""

    grants: list[str]


class GrantsItem(msgspec.Struct, frozen=True):
    """In canonical form, with words."""

    grants: list[Right]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration."""

    config: dict[str, Any]


class NewSecrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Address -> header -> value."""

    secrets: dict[str, dict[str, str]]

    def __repr__(self) -> str:
        """Without the secrets."""
        return "NewSecrets(…)"


class NewPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cooldown_days`: how long a release must have been out before it is taken by itself;
    `by_degrees`: it is rolled out then, instead of taken at once."""

    follow: Follow
    cooldown_days: int = 0
    by_degrees: bool = False


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Off: it keeps everything and serves nothing."""

    enabled: bool


@get("/plugins/{publisher:str}/{name:str}/offer", operation_id="ReadOffer")
async def read_offer(
    *,
    publisher: FromPath[str],
    name: FromPath[str],
    member: NamedDependency[Member],
    installer: NamedDependency[Installer],
    registry: NamedDependency[Registry],
    version: Version = None,
) -> ConsentItem:
    """The consent screen: what a release asks, by weight, in words, each with its reason."""
    offer = await installer.offer(f"{publisher}/{name}", version, member.tenant_id)
    release = await registry.find(offer.plugin_id, offer.version)
    return consent_item(offer, release.manifest)


@get("/installed", operation_id="ListInstalled")
async def list_installed(
    *,
    member: NamedDependency[Member],
    installations: NamedDependency[Installations],
    policies: NamedDependency[Policies],
    registry: NamedDependency[Registry],
    visibilities: NamedDependency[Visibilities],
) -> InstalledPage:
    """What is installed, what it may do, what waits for consent, and what is newer."""
    known, hidden = await policies.all(member.tenant_id), await visibilities.hidden()
    befores = await installations.befores(member.tenant_id)
    items = []
    for one in await installations.list(member.tenant_id):
        releases = await registry.releases(one.plugin_id)
        if not hidden.get(one.plugin_id, PUBLIC).may(member.tenant_id):
            releases = [release for release in releases if release.digest == one.digest]
        item = installed_item(one, known.get(one.id, Policy()), releases)
        items.append(msgspec.structs.replace(item, before=befores.get(one.id)))
    return InstalledPage(show("tenant", member.tenant_id), items)


@post("/installed", operation_id="InstallPlugin")
async def install_plugin(
    *,
    data: JSONBody[NewInstall],
    manager: Manager,
    installer: NamedDependency[Installer],
    installations: NamedDependency[Installations],
    policies: NamedDependency[Policies],
    registry: NamedDependency[Registry],
) -> InstalledItem:
    """Install a release under these grants: they are the merchant's consent."""
    installed = await installer.install(
        manager.tenant_id, data.plugin_id, data.version,
        grants=data.grants, config=data.config, secrets=data.secrets,
        unreviewed=data.accept_unreviewed,
    )  # fmt: skip
    one = await installations.get(manager.tenant_id, installed)
    return installed_item(one, await policies.of(one), await registry.releases(one.plugin_id))


@post(f"{PATH}/update", operation_id="UpdatePlugin")
async def update_plugin(
    data: JSONBody[NewVersion],
    managed: Managed,
    installer: NamedDependency[Installer],
    installations: NamedDependency[Installations],
) -> UpdatedItem:
    """Go to the newest or the named release, under no more than what was granted."""
    accepted = data.accept_unreviewed
    place = (managed.tenant_id, managed.id)
    updated = await installer.update(*place, data.version, config=data.config, unreviewed=accepted)
    after = await installations.get(managed.tenant_id, managed.id)
    return updated_item(managed, updated, after)


@post(f"{PATH}/rollback", operation_id="RollBackPlugin")
async def roll_back_plugin(
    managed: Managed,
    installer: NamedDependency[Installer],
    installations: NamedDependency[Installations],
) -> UpdatedItem:
    """Go back to the release before, under no more than what is granted now."""
    updated = await installer.rollback(managed.tenant_id, managed.id)
    after = await installations.get(managed.tenant_id, managed.id)
    return updated_item(managed, updated, after)


@get(f"{PATH}/grants", operation_id="ReadGrantsUsed")
async def read_grants(
    present: NamedDependency[Installation], grant_uses: NamedDependency[GrantUses]
) -> UsedItem:
    """What each grant was really used for in the last 30 days; never what was said."""
    return used_item(present.plugin_id, await grant_uses.of(present))


@put(f"{PATH}/grants", operation_id="ReplaceGrants")
async def replace_grants(
    data: JSONBody[Grants], managed: Managed, installer: NamedDependency[Installer]
) -> GrantsItem:
    """Consent to these, and to nothing else; it holds from the next call on."""
    return GrantsItem(rights(await installer.consent(managed.tenant_id, managed.id, data.grants)))


@put(f"{PATH}/config", operation_id="ConfigurePlugin")
async def configure_plugin(
    data: JSONBody[Config], managed: Managed, installer: NamedDependency[Installer]
) -> None:
    """Replace the configuration, if the plugin's schema and its own hook take it."""
    await installer.configure(managed.tenant_id, managed.id, data.config)


@put(f"{PATH}/secrets", operation_id="ReplaceSecrets")
async def replace_secrets(
    data: JSONBody[NewSecrets], managed: Managed, installer: NamedDependency[Installer]
) -> None:
    """Replace its credentials. They are sealed; nobody reads them back, the plugin never does."""
    await installer.set_secrets(managed.tenant_id, managed.id, data.secrets)


@put(f"{PATH}/policy", operation_id="ReplacePolicy")
async def replace_policy(
    data: JSONBody[NewPolicy], managed: Managed, policies: NamedDependency[Policies]
) -> PolicyItem:
    """How it follows new releases: pin, off, fixes or latest."""
    await policies.set(managed, data.follow, data.cooldown_days, by_degrees=data.by_degrees)
    return policy_item(await policies.of(managed))


@put(f"{PATH}/enabled", operation_id="SwitchPlugin")
async def switch_plugin(
    data: JSONBody[Switch], managed: Managed, installations: NamedDependency[Installations]
) -> None:
    """Switch it off or on without losing anything."""
    await installations.switch(managed.tenant_id, managed.id, enabled=data.enabled)


@delete(PATH, operation_id="UninstallPlugin", status_code=200)
async def uninstall_plugin(
    managed: Managed,
    installer: NamedDependency[Installer],
    data_: Annotated[Data, QueryParameter(name="data", description="what becomes of its own data")],
) -> LeftItem:
    """Remove it; its own data are kept for 30 days, deleted, or given back and deleted."""
    return left_item(await installer.uninstall(managed.tenant_id, managed.id, data_))


router = Router(
    "/v1/market",
    route_handlers=[
        read_offer, list_installed, install_plugin, update_plugin, roll_back_plugin, read_grants,
        replace_grants, configure_plugin, replace_secrets, replace_policy, switch_plugin,
        uninstall_plugin,
    ],
    dependencies={"present": Provide(present_of), "managed": Provide(managed_of)},
    tags=["market"],
)  # fmt: skip
