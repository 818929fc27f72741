"""What an install shows, writes and answers. Pure values."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hyperpersonal_core.api import Also, Installation, NewInstallation
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct, convert, structs, to_builtins

from hyperpersonal_marketplace.errors import InstallRefusedError
from hyperpersonal_marketplace.offers import Taken
from hyperpersonal_marketplace.permissions import Permission


class Offer(Struct, frozen=True):
    """A release as a merchant sees it before consenting. `unreviewed`: no reviewer stands for it,
    so that installing it takes the merchant's word that this is known."""

    plugin_id: str
    version: str
    digest: str
    title: str
    description: str
    licence: str
    permissions: list[Permission]
    config_schema: dict[str, Any]
    unreviewed: bool = False


class Updated(Struct, frozen=True):
    """After an update. `waiting`: capabilities the new release asks and nobody granted yet."""

    installation_id: UUID
    version: str
    grants: tuple[str, ...]
    waiting: tuple[str, ...]


def as_if(present: Installation, new: NewInstallation) -> Installation:
    """The installation as the new release would have it."""
    return structs.replace(
        present, version=new.version, digest=new.digest, manifest=new.manifest, grants=new.grants,
        config=new.config, unreviewed=bool(new.unreviewed),
    )  # fmt: skip


def waiting_after(present: Installation, manifest: Manifest) -> tuple[str, ...]:
    """What the new release asks beyond the old one and beyond what was granted: what was asked
    before and not given stays refused and is not asked again."""
    known = convert(present.manifest, Manifest).asked.join(CapabilitySet.parse(present.grants))
    return manifest.asked.beyond(known).texts


def new_installation(
    taken: Taken,
    grants: Sequence[str],
    config: dict[str, Any],
    secrets: dict[str, dict[str, str]],
) -> NewInstallation:
    """What is written of a release. Raises InstallRefusedError (is_bundle)."""
    release, manifest = taken.release, taken.release.manifest
    if manifest.kind == "bundle":
        message = f"{release.name} is a bundle: `hp bundle` installs what it is made of"
        raise InstallRefusedError("is_bundle", message)
    return NewInstallation(
        plugin_id=release.plugin_id,
        version=release.version,
        digest=release.digest,
        kind=manifest.kind,
        manifest=to_builtins(manifest),
        grants=tuple(grants),
        config=config,
        secrets=secrets,
        unreviewed=taken.unreviewed,
    )


def together(*deeds: Also) -> Also:
    """One after the other, in the same transaction."""

    async def do_all(connection: Connection) -> None:
        for deed in deeds:
            await deed(connection)

    return do_all
