"""Packs, signs, publishes and installs the first-party plugins, by every publisher's doors."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.api import Installation
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError
from hyperpersonal_registry.api import Registry, Release, house
from hyperpersonal_sdk import hpx, key_files, manifest
from hyperpersonal_sdk.manifest import MANIFEST_FILE

from hyperpersonal_web.paths import PLUGINS
from hyperpersonal_web.wiring import Market

log = structlog.get_logger("demo")

NAMESPACE = "hyperpersonal"
CONNECTOR = "hyperpersonal/demo_store"
ASSISTANT = "hyperpersonal/assistant_agent"
LEFT_OUT = ("guard", "model")


def publisher_key(path: Path) -> Ed25519PrivateKey:
    """The publisher's key of this data folder; made once."""
    if path.exists():
        return key_files.load_key(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return key_files.make_key(path)


async def publish_all(
    registry: Registry, key: Ed25519PrivateKey, reviewers: Sequence[Ed25519PrivateKey] = ()
) -> list[Release]:
    """Every folder under `plugins/` as a signed release; a known one is not published again.

    Args:
        registry: where to.
        key: of the first-party namespace.
        reviewers: two people who stand for them, where the registry asks for people.
    """
    public = key.public_key().public_bytes_raw()
    try:
        await registry.create_namespace(NAMESPACE, public)
    except ConflictError:
        await _trust(registry, public)
    publisher = Publisher(registry, key, reviewers)
    found = [await publisher.publish(folder) for folder in plugin_folders()]
    await publisher.adopt_old()
    return found


def plugin_folders() -> list[Path]:
    """Where the first-party plugins are; those that must be built, once they are."""
    folders = sorted(path.parent for path in PLUGINS.glob(f"*/{MANIFEST_FILE}"))
    return [folder for folder in folders if _is_whole(folder)]


def _is_whole(folder: Path) -> bool:
    """A plugin in TypeScript is a component only once it was built, which takes npm."""
    said = manifest.read((folder / MANIFEST_FILE).read_text())
    if said.runtime.kind != "component" or (folder / said.entry).exists():
        return True
    log.info(
        "plugin.not_built", folder=folder.name, build=f"./hp plugin build plugins/{folder.name}"
    )
    return False


async def install_all(
    market: Market, tenant_id: UUID, releases: Sequence[Release], shop: tuple[str, str]
) -> None:
    """Install each release for the tenant, which consents to everything it asks.

    Guards are left to the merchant's choice: each costs every reply a sandbox call. So are models,
    and the agent that cannot work without one (`demo.model`).

    Args:
        market: registry and installations.
        tenant_id: the merchant's.
        releases: what `publish_all` gave.
        shop: address and token of the demo shop, for the connector.
    """
    there = {one.plugin_id: one for one in await market.installations.list(tenant_id)}
    for release in releases:
        if release.manifest.kind in LEFT_OUT or release.plugin_id == ASSISTANT:
            continue
        await _install(market, tenant_id, (release, there.get(release.plugin_id)), shop)
    agents = [one for one in await market.installations.list(tenant_id) if one.kind == "agent"]
    if [one.id for one in agents if one.position is None]:
        await market.installer.compose_bundle(tenant_id, [one.id for one in agents])


async def _install(
    market: Market,
    tenant_id: UUID,
    pair: tuple[Release, Installation | None],
    shop: tuple[str, str],
) -> None:
    release, present = pair
    url, token = shop
    is_connector = release.plugin_id == CONNECTOR
    config = {"base_url": url} if is_connector else {}
    secrets = {url: {"Authorization": f"Bearer {token}"}} if is_connector else {}
    grants = release.manifest.asked.texts
    if present is None:
        await market.installer.install(
            tenant_id, release.plugin_id, release.version,
            grants=grants, config=config, secrets=secrets,
        )  # fmt: skip
        return
    if present.digest != release.digest:
        await market.installer.update(tenant_id, present.id, release.version)
        await market.installer.consent(tenant_id, present.id, grants)
    if config and present.config != config:
        await market.installer.configure(tenant_id, present.id, config)
        await market.installations.set_secrets(tenant_id, present.id, secrets)


class Publisher:
    """Hands the first-party plugins in, and speaks for everybody who must stand for them."""

    def __init__(
        self, registry: Registry, key: Ed25519PrivateKey, reviewers: Sequence[Ed25519PrivateKey]
    ) -> None:
        self._registry = registry
        self._key = key
        self._reviewers = reviewers

    async def publish(self, folder: Path) -> Release:
        """A folder's release."""
        files = hpx.collect(folder)
        release = await _published(self._registry, files)
        if release is not None:
            return release
        try:
            return await self._hand_in(files)
        except ConflictError:  # this version was published before, of other source: author at work
            return await self._publish_edited(files)

    async def adopt_old(self) -> None:
        """Sign for what was published here before there was trust metadata."""
        if self._registry.ground.metadata is None or not self._reviewers:
            return
        releases = await self._registry.of_namespace(NAMESPACE)
        await house.adopt(self._registry, releases, self._key, self._reviewers)

    async def _publish_edited(self, files: dict[str, bytes]) -> Release:
        """The same source under a pre-release version named by its content."""
        mark = hashlib.sha256(msgspec.msgpack.encode(sorted(files.items()))).hexdigest()[:12]
        declared = files[MANIFEST_FILE].decode()
        named = re.sub(
            r'(?m)^version = "([^"]+)"', rf'version = "\1-edited.h{mark}"', declared, count=1
        )
        edited = {**files, MANIFEST_FILE: named.encode()}
        return await _published(self._registry, edited) or await self._hand_in(edited)

    async def _hand_in(self, files: dict[str, bytes]) -> Release:
        artifact = hpx.pack(files)
        found = await house.publish(self._registry, artifact, self._key, self._reviewers)
        return await self._registry.find(found.plugin_id, found.version)


async def _published(registry: Registry, files: dict[str, bytes]) -> Release | None:
    digest = hpx.digest_of(files)
    plugin_id = re.search(r'(?m)^id = "([^"]+)"', files[MANIFEST_FILE].decode())
    if plugin_id is None:
        return None
    found = [one for one in await registry.releases(plugin_id[1]) if one.digest == digest]
    return found[0] if found else None


async def _trust(registry: Registry, public: bytes) -> None:
    """A new data folder on a database that knows the namespace: its key joins the old one."""
    try:
        await registry.add_key(NAMESPACE, public)
    except (ConflictError, NotFoundError):
        return
