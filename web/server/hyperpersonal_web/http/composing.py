"""Composing a bundle over HTTP: what serves now, a draft while it is written, who would answer."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from hyperpersonal_core.api import Member
from hyperpersonal_marketplace.api import Composer, Draft, Lock, PresentBundle
from hyperpersonal_sdk.bundle import BUNDLE_BYTES_MAX
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from hyperpersonal_web.http.auth import require_managing
from hyperpersonal_web.http.bundles import BODY_BYTES_MAX, RunItem

Message = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Pinned(msgspec.Struct, frozen=True):
    """One release of a lock."""

    plugin_id: str
    version: str
    digest: str


class LockView(msgspec.Struct, frozen=True):
    """What is pinned, and who stands for it: `your shop`, or a publisher."""

    signer: str
    releases: list[Pinned]

    @classmethod
    def of(cls, lock: Lock | None, signer: str) -> "LockView | None":
        """None without a lock."""
        if lock is None:
            return None
        return cls(signer, [Pinned(one.id, one.version, one.digest) for one in lock.plugins])


class ServingAgent(msgspec.Struct, frozen=True):
    """An agent that serves now; `hours` as in a draft."""

    plugin_id: str
    title: str
    version: str
    languages: list[str]
    hours: dict[str, Any]


class NowView(msgspec.Struct, frozen=True):
    """What serves now. `tenant`: whose it is; `source`: a text to go on from; `stopped`: a bundle
    that was broken off."""

    tenant: str
    agents: list[ServingAgent]
    people: dict[str, Any]
    rules: list[dict[str, str]]
    fallback: list[str]
    voice: dict[str, Any]
    zone: str
    source: str
    run: RunItem | None
    stopped: RunItem | None
    lock: LockView | None

    @classmethod
    def of(cls, member: Member, found: PresentBundle) -> "NowView":
        """As a page shows it."""
        agents = [
            ServingAgent(one.plugin_id, one.title, one.version, one.languages,
                         msgspec.to_builtins(one.times))
            for one in found.agents
        ]  # fmt: skip
        return cls(
            str(member.tenant_id), agents, msgspec.to_builtins(found.people),
            [{"when": rule.pattern, "to": rule.target} for rule in found.rules],
            found.fallback, found.voice, found.zone, found.source,
            RunItem.of(found.run) if found.run else None,
            RunItem.of(found.stopped) if found.stopped else None,
            LockView.of(found.lock, found.signer),
        )  # fmt: skip


class DraftAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft as a text, or as its parts; then the text follows from these."""

    source: str = ""
    bundle: dict[str, Any] | None = None


class DraftView(msgspec.Struct, frozen=True):
    """A draft's text and parts; every problem with its place and line; its hours by agent.

    `bundle` None: the text cannot be read at all.
    """

    source: str
    bundle: dict[str, Any] | None
    problems: list[dict[str, Any]]
    hours: dict[str, Any]
    people: dict[str, Any] | None
    lock: LockView | None = None

    @classmethod
    def of(cls, draft: Draft, lock: LockView | None = None) -> "DraftView":
        """As a page shows it."""
        return msgspec.convert({**msgspec.to_builtins(draft), "lock": lock}, cls)


class WhoAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message, and when: by the clock on the wall of the bundle's zone where no offset is said;
    None: now. `source`: a draft to try; empty: what serves."""

    text: Message
    at: datetime | None = None
    source: Annotated[str, msgspec.Meta(max_length=BUNDLE_BYTES_MAX)] = ""


class WhoView(msgspec.Struct, frozen=True):
    """Who would answer. `kind`: agent, person, decline, clarify or reply; `said`: the engine's own
    words of the last two; `away`: agents outside their hours; `people_back`: empty while they are
    there."""

    kind: str
    plugin_id: str
    title: str
    why: str
    confidence: float
    said: str
    away: list[str]
    people_back: str
    language: str
    local: str


@get("/bundles/now", operation_id="PresentBundle")
async def present_bundle(
    member: NamedDependency[Member], composer: NamedDependency[Composer]
) -> NowView:
    """Who answers when, and by which releases."""
    return NowView.of(member, await composer.present(member.tenant_id))


@post(
    "/bundles/draft", operation_id="DraftBundle", status_code=HTTP_200_OK,
    request_max_body_size=BODY_BYTES_MAX,
)  # fmt: skip
async def draft_bundle(
    data: JSONBody[DraftAsk], member: NamedDependency[Member], composer: NamedDependency[Composer]
) -> DraftView:
    """A draft's text, and what is wrong with it; keeps nothing."""
    return DraftView.of(composer.draft(data.source, data.bundle))


@get("/bundles/published/{publisher:str}/{name:str}", operation_id="LookInsideBundle")
async def look_inside(
    publisher: FromPath[str],
    name: FromPath[str],
    member: NamedDependency[Member],
    composer: NamedDependency[Composer],
    version: FromQuery[str | None] = None,
) -> DraftView:
    """A published bundle: its text, its parts, and its publisher's lock."""
    plugin_id = f"{publisher}/{name}"
    draft, lock, signer = await composer.look_inside(member.tenant_id, plugin_id, version)
    return DraftView.of(draft, LockView.of(lock, signer))


@post(
    "/bundles/who", operation_id="WhoWouldAnswer", status_code=HTTP_200_OK,
    request_max_body_size=BODY_BYTES_MAX,
)  # fmt: skip
async def who_would_answer(
    data: JSONBody[WhoAsk], member: NamedDependency[Member], composer: NamedDependency[Composer]
) -> WhoView:
    """Who would take this as a new shopper's first message; nobody is asked, nothing is kept."""
    if data.source:
        require_managing(member)
    found = await composer.who(member.tenant_id, data.text, data.at, data.source)
    heard, decision = found.heard, found.heard.decision
    return WhoView(
        decision.kind, heard.plugin_id, found.title, decision.reason, decision.confidence,
        decision.question, list(heard.away), heard.people_back, heard.language, found.local,
    )  # fmt: skip


router = Router(
    "/v1/market",
    route_handlers=[present_bundle, draft_bundle, look_inside, who_would_answer],
    tags=["bundles"],
)
