"""Bundles of agents over HTTP: see what one would do, consent to it, apply it, go back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from hyperpersonal_core.api import Member
from hyperpersonal_marketplace.api import (
    GROUPS,
    BundleRun,
    Bundles,
    Choice,
    Consent,
    NoChoice,
    Permission,
    Plan,
    PlanStep,
)
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

BODY_BYTES_MAX = 512 * 1024


class BundleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `bundle.toml`, or the `publisher/name` of a published one; `lock`: a `bundle.lock` to keep
    to. A published bundle comes with its publisher's lock where `locked` is said."""

    source: str = ""
    plugin_id: str = ""
    version: str | None = None
    lock: str = ""
    locked: bool = False


class BundleGroup(msgspec.Struct, frozen=True):
    """Permissions of one weight, of all plugins together."""

    group: str
    title: str
    permissions: list[Permission]


class BundlePlan(msgspec.Struct, frozen=True):
    """What applying would do (`fits`), or why nothing fits and the fewest changes that would work.

    `source` and `lock` go back with the consent; `plan` is the hash it is given to; `asks` all
    permissions that are new, weightiest first.
    """

    fits: bool
    source: str
    lock: str = ""
    bundle: str = ""
    plan: str = ""
    steps: list[PlanStep] = []
    asks: list[BundleGroup] = []
    left_out: list[str] = []
    off: list[str] = []
    month_at_most: str = ""
    why: list[str] = []
    changes: list[str] = []
    would_be: list[str] = []


class BundleConsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`plan` is the hash of the plan that was shown; `grants`, `config` and `secrets` by plugin."""

    source: str
    plan: str
    grants: dict[str, list[str]] = {}
    config: dict[str, dict[str, Any]] = {}
    secrets: Mapping[str, dict[str, dict[str, str]]] = {}
    lock: str = ""

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"BundleConsent({self.plan!r})"


class BundleLock(msgspec.Struct, frozen=True):
    """The bytes of a `bundle.lock`, as text."""

    lock: str


class RunItem(msgspec.Struct, frozen=True):
    """A bundle that was applied, or is being applied. `why`: what could not be done."""

    name: str
    state: str
    source: str
    lock: str
    why: str
    began_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, run: BundleRun) -> "RunItem":
        """Without what was sealed."""
        return cls(
            run.name, run.state, run.source, run.lock.decode(), run.why, run.began_at, run.ended_at
        )


class RunPage(msgspec.Struct, frozen=True):
    """Newest first. `present`: the one that serves; None: none was applied, or all went back."""

    present: RunItem | None
    items: list[RunItem]


@post(
    "/bundles/plan", operation_id="PlanBundle", status_code=HTTP_200_OK,
    request_max_body_size=BODY_BYTES_MAX,
)  # fmt: skip
async def plan_bundle(
    data: JSONBody[BundleText], member: NamedDependency[Member], bundles: NamedDependency[Bundles]
) -> BundlePlan:
    """What this bundle would install, update and ask; changes nothing."""
    source, locked = data.source, data.lock.encode() or None
    if data.plugin_id:
        source, theirs = await bundles.published(data.plugin_id, data.version)
        locked = locked or (theirs if data.locked else None)
    found = await bundles.look(member.tenant_id, source, locked)
    return msgspec.structs.replace(_plan(source, found), lock=(locked or b"").decode())


@post(
    "/bundles/lock", operation_id="LockBundle", status_code=HTTP_200_OK,
    request_max_body_size=BODY_BYTES_MAX,
)  # fmt: skip
async def lock_bundle(
    data: JSONBody[BundleText], manager: NamedDependency[Member], bundles: NamedDependency[Bundles]
) -> BundleLock:
    """The releases that would be chosen now, signed with the shop's key."""
    return BundleLock((await bundles.lock(manager.tenant_id, data.source)).decode())


@post("/bundles", operation_id="ApplyBundle", request_max_body_size=BODY_BYTES_MAX)
async def apply_bundle(
    data: JSONBody[BundleConsent],
    manager: NamedDependency[Member],
    bundles: NamedDependency[Bundles],
) -> RunItem:
    """Install and update what the plan showed, then switch; serves from the next turn on."""
    said = Consent(data.plan, data.grants, data.config, dict(data.secrets))
    locked = data.lock.encode() or None
    return RunItem.of(await bundles.apply(manager.tenant_id, data.source, said, locked))


@post("/bundles/resume", operation_id="ResumeBundle", status_code=HTTP_200_OK)
async def resume_bundle(
    manager: NamedDependency[Member], bundles: NamedDependency[Bundles]
) -> RunItem:
    """Go on with what was broken off."""
    return RunItem.of(await bundles.resume(manager.tenant_id))


@post("/bundles/rollback", operation_id="RollBackBundle", status_code=HTTP_200_OK)
async def roll_back_bundle(
    manager: NamedDependency[Member], bundles: NamedDependency[Bundles]
) -> RunItem:
    """Go back to what served before the newest bundle."""
    return RunItem.of(await bundles.rollback(manager.tenant_id))


@get("/bundles", operation_id="ListBundles")
async def list_bundles(
    member: NamedDependency[Member], bundles: NamedDependency[Bundles]
) -> RunPage:
    """What was applied, newest first."""
    runs = await bundles.runs(member.tenant_id)
    serving = next((run for run in runs if run.state == "done"), None)
    return RunPage(RunItem.of(serving) if serving else None, [RunItem.of(run) for run in runs])


def _plan(source: str, found: Choice | NoChoice) -> BundlePlan:
    if isinstance(found, NoChoice):
        words = (list(found.conflict), list(found.changes), list(found.would_be))
        return BundlePlan(
            fits=False, source=source, why=words[0], changes=words[1], would_be=words[2]
        )
    plan = found.plan
    return BundlePlan(
        fits=True, source=source, bundle=plan.bundle, plan=plan.hash, steps=list(plan.steps),
        asks=_groups(plan), left_out=list(plan.left_out), off=list(plan.off),
        month_at_most=plan.month_at_most,
    )  # fmt: skip


def _groups(plan: Plan) -> list[BundleGroup]:
    groups = []
    for group, title in GROUPS.items():
        asked = [one for one in plan.asks if one.group == group]
        if asked:
            groups.append(BundleGroup(group, title, asked))
    return groups


router = Router(
    "/v1/market",
    route_handlers=[
        plan_bundle, lock_bundle, apply_bundle, resume_bundle, roll_back_bundle, list_bundles,
    ],
    tags=["bundles"],
)  # fmt: skip
