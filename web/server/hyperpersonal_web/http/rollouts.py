"""Rollouts over HTTP: start, watch, go on, promote, stop."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_core.api import (
    Arm,
    Beside,
    BesideAsker,
    Evidence,
    Installations,
    Member,
    Rollout,
    RolloutPlan,
    ShadowReport,
    Standing,
    Told,
)
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import parse, show
from hyperpersonal_marketplace.api import Rollouts
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from hyperpersonal_web.http.auth import require_managing


class NewRollout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`version` None: the newest. What `plan` leaves out is as usual."""

    plugin_id: str
    version: str | None = None
    plan: RolloutPlan = RolloutPlan()


class RolloutItem(msgspec.Struct, frozen=True):
    """A rollout as it stands. `share`: the part of new conversations that meet `version`."""

    id: str
    plugin_id: str
    state: str
    stage: int
    share: float
    paused: bool
    installed_version: str
    version: str
    plan: RolloutPlan
    reason: str
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, one: Rollout) -> "RolloutItem":
        """What members see of it."""
        return cls(
            show("rollout", one.id), one.plugin_id, one.state, one.stage, one.share,
            one.paused, one.incumbent_version, one.candidate.version, one.plan, one.reason,
            one.created_at, one.changed_at,
        )  # fmt: skip


class LineItem(msgspec.Struct, frozen=True):
    """A line of its history; `member_id` None: the evidence decided."""

    kind: str
    words: str
    detail: dict[str, Any]
    member_id: UUID | None
    at: datetime

    @classmethod
    def of(cls, told: Told) -> "LineItem":
        """As it was written down."""
        return cls(told.kind, told.words, told.detail, told.member_id, told.at)


class StandingItem(msgspec.Struct, frozen=True):
    """A rollout with what was seen: conversations of both arms with the mean of each metric, the
    shadow's turns, and its history, oldest first."""

    rollout: RolloutItem
    candidate: Arm
    installed: Arm
    shadow: ShadowReport
    history: list[LineItem]

    @classmethod
    def of(cls, standing: Standing) -> "StandingItem":
        """All of it."""
        lines = [LineItem.of(told) for told in standing.told]
        item = RolloutItem.of(standing.rollout)
        return cls(item, standing.candidate, standing.incumbent, standing.shadow, lines)


class ShadowItem(msgspec.Struct, frozen=True):
    """A turn that the shadow answered too, and what differs."""

    turn_id: str
    kinds: list[str]
    at: datetime


class ShadowPage(msgspec.Struct, frozen=True):
    """The newest fifty, those that differ first."""

    items: list[ShadowItem]


class BesidePage(msgspec.Struct, frozen=True):
    """The plugin's calls of one turn, on both releases."""

    calls: list[Beside]


class RolloutPage(msgspec.Struct, frozen=True):
    """The newest hundred, newest first."""

    items: list[RolloutItem]


@get("/rollouts", operation_id="ListRollouts")
async def list_rollouts(
    *, member: NamedDependency[Member], rollouts: NamedDependency[Rollouts]
) -> RolloutPage:
    """Those that run, and those that ended."""
    return RolloutPage([RolloutItem.of(one) for one in await rollouts.list(member.tenant_id)])


@post("/rollouts", operation_id="StartRollout")
async def start_rollout(
    *,
    data: JSONBody[NewRollout],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
    installations: NamedDependency[Installations],
) -> RolloutItem:
    """Roll another release of an installed plugin out, under no more than was granted."""
    require_managing(member)
    for present in await installations.list(member.tenant_id):
        if present.plugin_id == data.plugin_id:
            break
    else:
        raise NotFoundError(f"{data.plugin_id} is not installed", plugin_id=data.plugin_id)
    one = await rollouts.start(member.tenant_id, present.id, data.version, data.plan, member.id)
    return RolloutItem.of(one)


@get("/rollouts/{rollout_id:str}", operation_id="ReadRollout")
async def read_rollout(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> StandingItem:
    """One, with the evidence so far and what was decided by whom."""
    return StandingItem.of(await rollouts.read(member.tenant_id, _id(rollout_id)))


@get("/rollouts/{rollout_id:str}/evidence", operation_id="ReadEvidence")
async def read_evidence(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> Evidence:
    """How near each metric is to undoing it and to going on, and within which bounds the
    difference lies."""
    return await rollouts.evidence(member.tenant_id, _id(rollout_id))


@get("/rollouts/{rollout_id:str}/shadow", operation_id="ListShadowTurns")
async def list_shadow_turns(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> ShadowPage:
    """Turns that the shadow answered too."""
    found = await rollouts.shadow_turns(member.tenant_id, _id(rollout_id))
    return ShadowPage([ShadowItem(show("turn", one.turn_id), one.kinds, one.at) for one in found])


@get("/rollouts/{rollout_id:str}/shadow/{turn_id:str}", operation_id="ReadBeside")
async def read_beside(
    *,
    rollout_id: FromPath[str],
    turn_id: FromPath[str],
    member: NamedDependency[Member],
    beside: NamedDependency[BesideAsker],
) -> BesidePage:
    """What both releases answer in one of these turns: it is run once more, and kept nowhere."""
    place = (member.tenant_id, _id(rollout_id))
    return BesidePage(await beside.ask(place, _id(turn_id, "turn")))


@post("/rollouts/{rollout_id:str}/pause", operation_id="PauseRollout", status_code=200)
async def pause_rollout(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> RolloutItem:
    """Nobody new meets the new release until it is resumed; who met it keeps it."""
    require_managing(member)
    return RolloutItem.of(await rollouts.pause(member.tenant_id, _id(rollout_id), member.id))


@post("/rollouts/{rollout_id:str}/resume", operation_id="ResumeRollout", status_code=200)
async def resume_rollout(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> RolloutItem:
    """On with the share it had."""
    require_managing(member)
    return RolloutItem.of(await rollouts.resume(member.tenant_id, _id(rollout_id), member.id))


@post("/rollouts/{rollout_id:str}/advance", operation_id="AdvanceRollout", status_code=200)
async def advance_rollout(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> RolloutItem:
    """On to the next stage on your word, without waiting for evidence."""
    require_managing(member)
    return RolloutItem.of(await rollouts.advance(member.tenant_id, _id(rollout_id), member.id))


@post("/rollouts/{rollout_id:str}/promote", operation_id="PromoteRollout", status_code=200)
async def promote_rollout(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> RolloutItem:
    """Everybody gets the new release now."""
    require_managing(member)
    return RolloutItem.of(await rollouts.promote(member.tenant_id, _id(rollout_id), member.id))


@post("/rollouts/{rollout_id:str}/stop", operation_id="StopRollout", status_code=200)
async def stop_rollout(
    *,
    rollout_id: FromPath[str],
    member: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
) -> RolloutItem:
    """Everybody stays with the installed release."""
    require_managing(member)
    return RolloutItem.of(await rollouts.stop(member.tenant_id, _id(rollout_id), member.id))


def _id(text: str, kind: str = "rollout") -> UUID:
    try:
        return parse(kind, text)
    except ValueError as error:
        raise NotFoundError(f"there is no such {kind}", id=text[:80]) from error


router = Router(
    "/v1/market",
    route_handlers=[list_rollouts, start_rollout, read_rollout, read_evidence, list_shadow_turns,
                    read_beside, pause_rollout, resume_rollout, advance_rollout, promote_rollout,
                    stop_rollout],
    tags=["rollouts"],
)  # fmt: skip
