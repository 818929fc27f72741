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
from hyperpersonal_core.kit.ids import show
from hyperpersonal_marketplace.api import Rollouts
from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from hyperpersonal_web.http.path_ids import identified
from hyperpersonal_web.http.present import find


class NewRollout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`version` None: the newest. What `plan` leaves out is as usual; None: all of it."""

    plugin_id: str
    version: str | None = None
    plan: RolloutPlan | None = None  # a default of its own would become that of the schema's part


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


Place = tuple[UUID, UUID]
Word = tuple[UUID, UUID, UUID]


def place_of(rollout_id: FromPath[str], member: NamedDependency[Member]) -> Place:
    """Tenant and rollout. Raises NotFoundError."""
    return member.tenant_id, identified("rollout", rollout_id)


def word_of(rollout_id: FromPath[str], manager: NamedDependency[Member]) -> Word:
    """Tenant, rollout and the member on whose word something is done. Raises NotFoundError."""
    return manager.tenant_id, identified("rollout", rollout_id), manager.id


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
    manager: NamedDependency[Member],
    rollouts: NamedDependency[Rollouts],
    installations: NamedDependency[Installations],
) -> RolloutItem:
    """Roll another release of an installed plugin out, under no more than was granted."""
    present = await find(installations, manager.tenant_id, data.plugin_id)
    one = await rollouts.start(manager.tenant_id, present.id, data.version, data.plan, manager.id)
    return RolloutItem.of(one)


@get("/rollouts/{rollout_id:str}", operation_id="ReadRollout")
async def read_rollout(
    place: NamedDependency[Place], rollouts: NamedDependency[Rollouts]
) -> StandingItem:
    """One, with the evidence so far and what was decided by whom."""
    return StandingItem.of(await rollouts.read(*place))


@get("/rollouts/{rollout_id:str}/evidence", operation_id="ReadEvidence")
async def read_evidence(
    place: NamedDependency[Place], rollouts: NamedDependency[Rollouts]
) -> Evidence:
    """How near each metric is to undoing it and to going on, and within which bounds the
    difference lies."""
    return await rollouts.evidence(*place)


@get("/rollouts/{rollout_id:str}/shadow", operation_id="ListShadowTurns")
async def list_shadow_turns(
    place: NamedDependency[Place], rollouts: NamedDependency[Rollouts]
) -> ShadowPage:
    """Turns that the shadow answered too."""
    found = await rollouts.shadow_turns(*place)
    return ShadowPage([ShadowItem(show("turn", one.turn_id), one.kinds, one.at) for one in found])


@get("/rollouts/{rollout_id:str}/shadow/{turn_id:str}", operation_id="ReadBeside")
async def read_beside(
    turn_id: FromPath[str], place: NamedDependency[Place], beside: NamedDependency[BesideAsker]
) -> BesidePage:
    """What both releases answer in one of these turns: it is run once more, and kept nowhere."""
    return BesidePage(await beside.ask(place, identified("turn", turn_id)))


@post("/rollouts/{rollout_id:str}/pause", operation_id="PauseRollout", status_code=200)
async def pause_rollout(
    word: NamedDependency[Word], rollouts: NamedDependency[Rollouts]
) -> RolloutItem:
    """Nobody new meets the new release until it is resumed; who met it keeps it."""
    return RolloutItem.of(await rollouts.pause(*word))


@post("/rollouts/{rollout_id:str}/resume", operation_id="ResumeRollout", status_code=200)
async def resume_rollout(
    word: NamedDependency[Word], rollouts: NamedDependency[Rollouts]
) -> RolloutItem:
    """On with the share it had."""
    return RolloutItem.of(await rollouts.resume(*word))


@post("/rollouts/{rollout_id:str}/advance", operation_id="AdvanceRollout", status_code=200)
async def advance_rollout(
    word: NamedDependency[Word], rollouts: NamedDependency[Rollouts]
) -> RolloutItem:
    """On to the next stage on your word, without waiting for evidence."""
    return RolloutItem.of(await rollouts.advance(*word))


@post("/rollouts/{rollout_id:str}/promote", operation_id="PromoteRollout", status_code=200)
async def promote_rollout(
    word: NamedDependency[Word], rollouts: NamedDependency[Rollouts]
) -> RolloutItem:
    """Everybody gets the new release now."""
    return RolloutItem.of(await rollouts.promote(*word))


@post("/rollouts/{rollout_id:str}/stop", operation_id="StopRollout", status_code=200)
async def stop_rollout(
    word: NamedDependency[Word], rollouts: NamedDependency[Rollouts]
) -> RolloutItem:
    """Everybody stays with the installed release."""
    return RolloutItem.of(await rollouts.stop(*word))


router = Router(
    "/v1/market",
    route_handlers=[list_rollouts, start_rollout, read_rollout, read_evidence, list_shadow_turns,
                    read_beside, pause_rollout, resume_rollout, advance_rollout, promote_rollout,
                    stop_rollout],
    dependencies={
        "place": Provide(place_of, sync_to_thread=False),
        "word": Provide(word_of, sync_to_thread=False),
    },
    tags=["rollouts"],
)  # fmt: skip
