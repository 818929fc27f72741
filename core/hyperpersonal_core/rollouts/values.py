"""What a rollout is, how it is planned, and what was seen of it. Pure values."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct, field

from hyperpersonal_core.installations.canaries import Draw, Step

State = Literal["shadow", "canary", "promoted", "rolled_back", "stopped"]
RUNNING: tuple[State, ...] = ("shadow", "canary")
METRICS = ("errors", "handoffs", "refunds", "cost")
STAGES_MAX = 10
SHADOW_TURNS_MAX = 10_000


class Stage(Struct, frozen=True):
    """A share of new conversations, until it is shown that the candidate is worse by less than
    `margin` in every metric (each is 0..1 a conversation)."""

    share: float
    margin: float


STAGES = (Stage(0.01, 0.25), Stage(0.05, 0.06), Stage(0.25, 0.03))


class Plan(Struct, frozen=True):
    """How a rollout goes: first the shadow, then the stages, then everybody.

    Args:
        shadow_turns: how many turns are compared before anybody meets the candidate; 0: none.
        shadow_share: of the agent's turns, which part the shadow answers too.
        stages: growing shares; none: a shadow only, until somebody ends it.
        settle_s: how long after its first turn a conversation is judged. Shorter than a turn may
            take (30 s), a slow candidate's conversations are judged later than others.
        level: chance at most of undoing a candidate that is no worse, all metrics together.
    """

    shadow_turns: int = 50
    shadow_share: float = 0.2
    stages: tuple[Stage, ...] = STAGES
    settle_s: float = 60.0
    level: float = 0.05

    @property
    def fault(self) -> str:
        """What is wrong with it; '' for nothing."""
        shares = [one.share for one in self.stages]
        if not (0 <= self.shadow_turns <= SHADOW_TURNS_MAX and 0 < self.shadow_share <= 1):
            return f"a shadow compares 0 to {SHADOW_TURNS_MAX} turns, of a share of 0 to 1"
        if len(shares) > STAGES_MAX or shares != sorted(set(shares)):
            return f"at most {STAGES_MAX} stages, each with a greater share than the one before"
        if not all(0 < one.share <= 0.9 and 0 < one.margin <= 0.5 for one in self.stages):
            return "a stage has a share of 0 to 0.9 and a margin of 0 to 0.5"
        if not self.stages and not self.shadow_turns:
            return "it has neither a shadow nor a stage"
        if not (0 <= self.settle_s <= 86_400 and 0 < self.level <= 0.2):
            return "it settles within a day, at a level of at most 0.2"
        return ""


class Candidate(Struct, frozen=True):
    """The release to roll out. `grants`: at most what the tenant gave and the manifest asks."""

    version: str
    digest: str
    manifest: dict[str, Any]
    grants: tuple[str, ...]


class Rollout(Struct, frozen=True):
    """One rollout as it stands. `stage` counts from 0; `reason` says why it ended, or for what it
    waits."""

    tenant_id: UUID
    id: UUID
    installation_id: UUID
    plugin_id: str
    kind: str
    incumbent: str
    incumbent_version: str
    candidate: Candidate
    plan: Plan
    state: State
    stage: int
    draw: Draw
    bets: dict[str, Any]
    cost_usual: float
    observed_to: datetime
    reason: str
    created_at: datetime
    changed_at: datetime

    @property
    def share(self) -> float:
        """The chance a conversation has to meet the candidate that begins now."""
        return self.draw.steps[-1].share if self.state == "canary" and self.draw.steps else 0.0

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.draw.steps

    @property
    def paused(self) -> bool:
        """Whether nobody new meets the candidate for now; those who met it keep it."""
        return self.state == "canary" and bool(self.steps) and not self.share


class Arm(Struct, frozen=True):
    """What was seen of one arm: conversations, and the mean of each metric."""

    conversations: int = 0
    means: dict[str, float] = field(default_factory=dict)


class Drawn(Struct, frozen=True):
    """A conversation that was judged: its arm, the chance it had of it, its marks (METRICS)."""

    candidate: bool
    share: float
    marks: tuple[float, ...]


class ShadowTurn(Struct, frozen=True):
    """A turn that the candidate was compared in; `kinds` of what differs, none: nothing."""

    turn_id: UUID
    kinds: list[str]
    at: datetime


class ShadowReport(Struct, frozen=True):
    """The candidate beside the turns it did not answer. Counts of turns, and sums over them; of
    `followed` turns every host call had an answer on record. `kinds`: difference -> turns."""

    turns: int = 0
    followed: int = 0
    same_reply: int = 0
    same_actions: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    cpu_ms: tuple[float, float] = (0.0, 0.0)
    tokens: tuple[int, int] = (0, 0)
    host_calls: tuple[int, int] = (0, 0)


class Told(Struct, frozen=True):
    """A line of a rollout's history. `member_id` None: the evidence decided."""

    kind: str
    words: str
    detail: dict[str, Any]
    member_id: UUID | None
    at: datetime
