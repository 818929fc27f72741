"""What a merchant gets to see of its installations, as JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from hyperpersonal_core.api import Installation
from hyperpersonal_core.kit.ids import show
from hyperpersonal_marketplace.api import (
    GROUPS,
    GrantsUsed,
    GrantUse,
    Left,
    Offer,
    OwnData,
    Permission,
    Policy,
    Updated,
    in_words,
    permissions,
    waiting,
)
from hyperpersonal_registry.api import Release, version_key
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import Manifest, SecretAsk
from hyperpersonal_sdk.permission_change import PermissionChange, compare

UNREVIEWED = (
    "No reviewer stands for this release: nobody but its publisher has read what it does. "
    "Install it only if you trust its publisher as you trust your own people."
)


class Right(msgspec.Struct, frozen=True):
    """A capability with what it means."""

    capability: str
    words: str


class GroupItem(msgspec.Struct, frozen=True):
    """Permissions of one weight; groups come weightiest first."""

    group: str
    title: str
    permissions: list[Permission]


class ConsentItem(msgspec.Struct, frozen=True):
    """What a merchant decides about: a release, what it asks, what it must be told. Consent is
    to this very version; optional permissions can be left out one by one. `unreviewed`: what it
    must also accept where no reviewer stands for the release; empty where some do."""

    plugin_id: str
    version: str
    digest: str
    title: str
    description: str
    licence: str
    groups: list[GroupItem]
    secrets: list[SecretAsk]
    config_schema: dict[str, Any]
    unreviewed: str = ""


class PolicyItem(msgspec.Struct, frozen=True):
    """How it follows new releases. `failed`: the version that was tried last, and why it would not
    do."""

    follow: str
    cooldown_days: int
    by_degrees: bool
    failed: str = ""
    failed_why: str = ""


class NewerItem(msgspec.Struct, frozen=True):
    """The newest release, where it is not the installed one. `gains`: what it newly asks; it runs
    without until somebody consents."""

    version: str
    published_at: datetime
    change: str
    gains: list[Right]
    loses: list[Right]


class InstalledItem(msgspec.Struct, frozen=True):
    """One installation. `waiting`: what its release asks and nobody decided yet; `unreviewed`:
    no reviewer stands for its release, which the shop accepted; `before`: the version to go
    back to, where there is one."""

    plugin_id: str
    id: str
    title: str
    kind: str
    version: str
    digest: str
    status: str
    enabled: bool
    grants: list[Right]
    refused: list[Right]
    waiting: list[Permission]
    policy: PolicyItem
    config: dict[str, Any]
    config_schema: dict[str, Any]
    newer: NewerItem | None = None
    unreviewed: bool = False
    before: str | None = None


class UpdatedItem(msgspec.Struct, frozen=True):
    """After an update or rollback: what it runs under, and what waits for consent."""

    plugin_id: str
    version: str
    before: str
    change: str
    grants: list[Right]
    waiting: list[Right]


class UsedItem(msgspec.Struct, frozen=True):
    """What grants were used for. `unused`: those nothing used that it can do without."""

    plugin_id: str
    since: datetime
    turns: int
    grants: list[GrantUse]
    unused: list[Right]
    refused: dict[str, int]


class LeftItem(msgspec.Struct, frozen=True):
    """What an uninstall took away."""

    plugin_id: str
    grants: list[Right]
    kv_keys: int
    config_fields: tuple[str, ...]
    kept_until: datetime | None
    export: OwnData | None


def consent_item(offer: Offer, manifest: Manifest) -> ConsentItem:
    """The consent screen of a release."""
    groups = [
        GroupItem(name, title, [one for one in offer.permissions if one.group == name])
        for name, title in GROUPS.items()
    ]
    return ConsentItem(
        offer.plugin_id, offer.version, offer.digest, offer.title, offer.description,
        offer.licence, [group for group in groups if group.permissions], manifest.secrets,
        offer.config_schema, UNREVIEWED if offer.unreviewed else "",
    )  # fmt: skip


def installed_item(one: Installation, policy: Policy, releases: list[Release]) -> InstalledItem:
    """An installation beside the releases there are."""
    manifest = msgspec.convert(one.manifest, Manifest)
    due = set(waiting(one, policy))
    asked = manifest.asked.beyond(_set(one.grants))
    present = next((r for r in releases if r.digest == one.digest), None)
    return InstalledItem(
        one.plugin_id, show("installation", one.id), one.title, one.kind, one.version, one.digest,
        present.status if present else "unknown", one.enabled, rights(one.grants),
        rights(text for text in asked.texts if text not in due), _named(manifest, due),
        policy_item(policy), one.config, manifest.config, _newer(one, manifest, releases),
        one.unreviewed,
    )  # fmt: skip


def policy_item(policy: Policy) -> PolicyItem:
    """The policy as JSON."""
    return PolicyItem(
        policy.follow, policy.cooldown_days, policy.by_degrees, policy.tried, policy.tried_why
    )


def updated_item(before: Installation, updated: Updated, after: Installation) -> UpdatedItem:
    """What an update changed."""
    old, new = (msgspec.convert(one.manifest, Manifest) for one in (before, after))
    return UpdatedItem(
        before.plugin_id, updated.version, before.version, compare(old, new).words,
        rights(updated.grants), rights(updated.waiting),
    )  # fmt: skip


def used_item(plugin_id: str, used: GrantsUsed) -> UsedItem:
    """What grants were used for."""
    unused = rights(one.capability for one in used.grants if one.removable)
    return UsedItem(plugin_id, used.since, used.turns, used.grants, unused, used.refused)


def left_item(left: Left) -> LeftItem:
    """What was taken away."""
    return LeftItem(
        left.plugin_id, rights(left.grants), left.kv_keys, left.config_fields, left.kept_until,
        left.export,
    )  # fmt: skip


def rights(texts: Iterable[str]) -> list[Right]:
    """Capabilities with their words."""
    return [Right(text, in_words(text)) for text in texts]


def _newer(one: Installation, manifest: Manifest, releases: list[Release]) -> NewerItem | None:
    newer = [
        release for release in releases
        if release.status == "published" and "-" not in release.version
        and version_key(release.version) > version_key(one.version)
    ]  # fmt: skip
    if not newer:
        return None
    newest = max(newer, key=lambda release: version_key(release.version))
    change: PermissionChange = compare(manifest, newest.manifest)
    return NewerItem(
        newest.version, newest.published_at, change.words, rights(change.gained),
        rights(change.lost),
    )  # fmt: skip


def _named(manifest: Manifest, due: set[str]) -> list[Permission]:
    """The permissions of which something is due; a capability may have been narrowed in between."""
    wanted = _set(due)
    return [one for one in permissions(manifest) if _set([one.capability]).meet(wanted).texts]


def _set(texts: Iterable[str]) -> CapabilitySet:
    return CapabilitySet.parse(texts)
