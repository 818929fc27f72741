"""What applying a bundle would do, in a merchant's words, before anything is done. Pure.

Rules:
1. Nothing is installed or updated that the plan does not show, with all it asks.
2. The plan's hash names the text, every release and what is there now: consent is given to that,
   and to nothing that came later.
3. What a plugin may do without, and the bundle's ceiling does not allow, is not even asked for.
4. An agent that the bundle does not name stays installed and is asked no more; a connector in
   whose place another one serves is switched off. Nothing is ever removed.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from hyperpersonal_core.api import Installation
from hyperpersonal_sdk.bundle import Bundle
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct, convert, structs

from hyperpersonal_marketplace.bundles.lock import text_hash
from hyperpersonal_marketplace.bundles.shelf import Offered, Present, month_at_most, serves_of
from hyperpersonal_marketplace.bundles.solver import UNBOUNDED, money
from hyperpersonal_marketplace.permissions import Permission, permissions

Kind = Literal["install", "update", "keep"]


class Step(Struct, frozen=True):
    """One plugin of the bundle. `permissions`: of an install all it asks; of an update only what
    it asks beyond its grants. `secrets`: header names the merchant fills in."""

    kind: Kind
    plugin_id: str
    version: str
    digest: str
    title: str
    was: str = ""
    named: bool = True
    permissions: tuple[Permission, ...] = ()
    config_schema: dict[str, Any] = {}
    secrets: tuple[str, ...] = ()
    month_at_most: str = ""


class Plan(Struct, frozen=True):
    """What would be done. `left_out`: agents that are asked no more; `off`: connectors in whose
    place another serves; `asks`: all permissions to consent to, together."""

    bundle: str
    hash: str
    steps: tuple[Step, ...]
    left_out: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    asks: tuple[Permission, ...] = ()
    month_at_most: str = ""

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.kind != "keep")


def plan_of(
    source: str, bundle: Bundle, chosen: Sequence[Offered], present: Present, currency: str
) -> Plan:
    """The plan that brings the tenant to these releases."""
    named = set(bundle.plugins)
    ceiling = ceiling_of(bundle)
    steps = tuple(
        _within(_step(one, present.of(one.plugin_id), named, currency), ceiling) for one in chosen
    )
    ids = {one.plugin_id for one in chosen}
    served = {name for one in chosen for name in serves_of(one.manifest)}
    others = [one for one in present.installations if one.plugin_id not in ids and one.enabled]
    left_out = [o.plugin_id for o in others if o.kind == "agent" and o.position is not None]
    off = [o.plugin_id for o in others if o.kind == "connector" and _serves(o) & served]
    asks = {asked.capability: asked for step in steps for asked in step.permissions}
    total = sum(month_at_most(one.manifest, currency) for one in chosen)
    return Plan(
        f"{bundle.id}@{bundle.version}", _hash(source, steps, present), steps, tuple(left_out),
        tuple(off), tuple(asks.values()), _price(total, currency),
    )  # fmt: skip


def ceiling_of(bundle: Bundle) -> CapabilitySet | None:
    """The most any plugin may be granted; None: no limit."""
    texts = bundle.ceilings.capabilities
    return None if texts is None else CapabilitySet.parse(texts)


def _within(step: Step, ceiling: CapabilitySet | None) -> Step:
    """Without what may be left out and is beyond the ceiling."""
    if ceiling is None:
        return step
    kept = [p for p in step.permissions
            if not p.optional or ceiling.covers(CapabilitySet.parse([p.capability]))]  # fmt: skip
    return structs.replace(step, permissions=tuple(kept))


def _step(one: Offered, there: Installation | None, named: set[str], currency: str) -> Step:
    said = one.manifest
    price = _price(month_at_most(said, currency), currency)
    basic = (one.plugin_id, one.version, one.digest, said.title)
    if there is None:
        headers = tuple(item.header for item in said.secrets)
        asks = tuple(permissions(said))
        return Step(
            "install", *basic, "", one.plugin_id in named, asks, said.config, headers, price
        )
    if there.digest == one.digest:
        return Step("keep", *basic, there.version, one.plugin_id in named, month_at_most=price)
    asks = tuple(_beyond(said, CapabilitySet.parse(there.grants)))
    return Step(
        "update", *basic, there.version, one.plugin_id in named, asks, said.config,
        month_at_most=price,
    )  # fmt: skip


def _beyond(said: Manifest, granted: CapabilitySet) -> list[Permission]:
    return [p for p in permissions(said) if not granted.covers(CapabilitySet.parse([p.capability]))]


def _serves(one: Installation) -> frozenset[str]:
    return serves_of(convert(one.manifest, Manifest))


def _price(minor: int, currency: str) -> str:
    return "" if minor >= UNBOUNDED else money(minor, currency)


def _hash(source: str, steps: Sequence[Step], present: Present) -> str:
    what = [(step.kind, step.plugin_id, step.version, step.digest) for step in steps]
    there = sorted(
        (one.plugin_id, one.digest, sorted(one.grants), one.enabled, one.position)
        for one in present.installations
    )
    written = msgspec.json.encode([text_hash(source), what, there])
    return f"sha256:{hashlib.sha256(written).hexdigest()}"
