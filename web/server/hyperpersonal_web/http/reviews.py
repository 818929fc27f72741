"""The reviewers' API: what waits, what there is to see, what they sign; and what anybody reports.

Reading and quarantine need a reviewer's or an admin's token; revocation and the list of exposed
tenants an admin's. A token signs nothing: a review counts by the signature handed in.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from hyperpersonal_core.api import Member
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_marketplace.api import Permission, in_words, permissions
from hyperpersonal_registry.api import Caller, Registry
from hyperpersonal_registry.reviews.alarm import Observation
from hyperpersonal_registry.reviews.dossier import QueueItem
from hyperpersonal_registry.reviews.observations import Outcome, Reporter
from hyperpersonal_sdk.receipts import Receipt
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from hyperpersonal_web.http.auth import AnyRequest
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.registry_auth import caller_of, require_admin, require_reviewer
from hyperpersonal_web.http.registry_tokens import RegistryTokens
from hyperpersonal_web.reviewing import ExposedTenant, Notice, Reviewing

ATTESTATION_BYTES_MAX = 64_000

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Who = NamedDependency[Caller]
Desk_ = NamedDependency[Reviewing]


class QueuePage(msgspec.Struct, frozen=True):
    """The most urgent first."""

    items: list[QueueItem]


class Gained(msgspec.Struct, frozen=True):
    """A right the release before did not have."""

    capability: str
    words: str


class DossierItem(msgspec.Struct, frozen=True):
    """The dossier (`Dossier` as JSON: it holds a whole manifest, whose schema is published apart),
    with permissions in a merchant's words."""

    dossier: dict[str, Any]
    permissions: list[Permission]
    gained: list[Gained]


class NewReview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`attestation`: the signed envelope."""

    attestation: str


class ReviewTaken(msgspec.Struct, frozen=True):
    """Where the submission stands now, and what it waits for."""

    state: str
    why: tuple[str, ...]


class NewWithdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`version` empty: every release of the plugin (not for a revocation)."""

    plugin_id: str
    kind: Literal["quarantine", "lift", "revoke"]
    reason: Reason
    version: str = ""


class WithdrawalTaken(msgspec.Struct, frozen=True):
    """The versions it changed."""

    versions: list[str]


class NewObservation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen. `version` empty: in every release."""

    plugin_id: str
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
    version: str = ""


class ObservationTaken(msgspec.Struct, frozen=True):
    """`quarantined`: the versions this report took away until somebody has looked."""

    id: UUID
    due_at: str
    quarantined: tuple[str, ...]


class ObservationPage(msgspec.Struct, frozen=True):
    """What is due first first."""

    items: list[Observation]


class Handled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of it."""

    outcome: Outcome


class ExposurePage(msgspec.Struct, frozen=True):
    """Everybody a release reached, the most calls first."""

    items: list[ExposedTenant]


class CallPage(msgspec.Struct, frozen=True):
    """At most 500, in the order of their numbers; go on after the last."""

    items: list[Receipt]


class NoticePage(msgspec.Struct, frozen=True):
    """Withdrawn releases this shop has, or that served it in the last 90 days."""

    items: list[Notice]


@get("/reviews", operation_id="ListReviews")
async def list_queue(caller: Who, reviewing: Desk_) -> QueuePage:
    """What waits for people or for its checks."""
    require_reviewer(caller)
    return QueuePage(await reviewing.desk.queue())


@get("/reviews/{digest:str}", operation_id="ReadDossier")
async def read_dossier(digest: FromPath[str], caller: Who, reviewing: Desk_) -> DossierItem:
    """Everything about one submission: what a signature will be bound to."""
    require_reviewer(caller)
    found = await reviewing.desk.dossier(digest)
    gained = [Gained(text, in_words(text)) for text in found.change.gained]
    return DossierItem(msgspec.to_builtins(found), permissions(found.manifest), gained)


@get("/reviews/{digest:str}/artifact", operation_id="ReadSubmittedArtifact")
async def read_artifact(digest: FromPath[str], caller: Who, reviewing: Desk_) -> Response[bytes]:
    """The very bytes, to be looked at and hashed on the reviewer's own machine."""
    require_reviewer(caller)
    artifact = await reviewing.registry.ground.blobs.get(digest)
    if artifact is None:
        raise NotFoundError("there is no such artifact", digest=digest)
    return Response(artifact, media_type="application/octet-stream")


@post(
    "/reviews/{digest:str}",
    operation_id="TakeReview",
    status_code=HTTP_200_OK,
    request_max_body_size=ATTESTATION_BYTES_MAX,
)
async def take_review(
    digest: FromPath[str],
    data: JSONBody[NewReview],
    caller: Who,
    registry: NamedDependency[Registry],
) -> ReviewTaken:
    """A reviewer's signed word; it counts by its signature, whoever brings it."""
    require_reviewer(caller)
    found = await registry.record_review(digest, data.attestation.encode())
    return ReviewTaken(found.state, found.why)


@post("/withdrawals", operation_id="Withdraw", status_code=HTTP_200_OK)
async def withdraw(
    data: JSONBody[NewWithdrawal],
    caller: Who,
    reviewing: Desk_,
    registry: NamedDependency[Registry],
) -> WithdrawalTaken:
    """Quarantine, lift a quarantine, or revoke for good; hosts hear of it at once."""
    if data.kind == "revoke":
        require_admin(caller)
        if not data.version:
            raise RefusedError("a revocation names one version; quarantine the plugin first")
        await registry.revoke(data.plugin_id, data.version, data.reason)
        return WithdrawalTaken([data.version])
    require_reviewer(caller)
    act = reviewing.quarantines.begin if data.kind == "quarantine" else reviewing.quarantines.lift
    return WithdrawalTaken(await act(data.plugin_id, data.version, data.reason, caller.key_id))


@post("/observations", operation_id="Observe")
async def observe(
    data: JSONBody[NewObservation],
    request: AnyRequest,
    reporter: NamedDependency[Reporter],
    reviewing: Desk_,
    rates: NamedDependency[Rates],
) -> ObservationTaken:
    """Report a plugin. Anybody may, without a name; a trusted person's token makes it count."""
    if not reporter.name:
        rates.observation(request.client.host if request.client else "")
    return await _report(reviewing, data, reporter)


@get("/observations", operation_id="ListObservations")
async def list_observations(
    caller: Who,
    reviewing: Desk_,
    plugin: Annotated[str, QueryParameter(max_length=81, description="all of this one")] = "",
) -> ObservationPage:
    """What nobody has looked at yet; or all that was ever reported of one plugin."""
    require_reviewer(caller)
    observations = reviewing.observations
    return ObservationPage(await (observations.of(plugin) if plugin else observations.open()))


@post("/observations/{observation:uuid}", operation_id="HandleObservation", status_code=HTTP_200_OK)
async def handle_observation(
    observation: FromPath[UUID], data: JSONBody[Handled], caller: Who, reviewing: Desk_
) -> Handled:
    """Somebody has looked."""
    require_reviewer(caller)
    await reviewing.observations.handle(observation, caller.key_id, data.outcome)
    return data


@get("/exposure", operation_id="ListExposure")
async def list_exposure(
    caller: Who,
    reviewing: Desk_,
    plugin: Annotated[str, QueryParameter(max_length=81)],
    version: Annotated[str, QueryParameter(max_length=40)] = "",
) -> ExposurePage:
    """Which tenants a release reached, since when, how often, and what it could touch there."""
    require_admin(caller)
    return ExposurePage(await reviewing.exposure(plugin, version))


@get("/exposure/calls", operation_id="ListExposedCalls")
async def list_exposed_calls(
    caller: Who,
    reviewing: Desk_,
    tenant: Annotated[UUID, QueryParameter(description="an exposed one")],
    digest: Annotated[str, QueryParameter(max_length=80)],
    after: Annotated[int, QueryParameter(ge=0, description="the last receipt seen")] = 0,
) -> CallPage:
    """The calls a release served one tenant, by their receipts: what was used, never bodies."""
    require_admin(caller)
    return CallPage(await reviewing.exposures.calls(tenant, digest, after))


@get("/notices", operation_id="ListNotices")
async def list_notices(member: NamedDependency[Member], reviewing: Desk_) -> NoticePage:
    """What this shop must know of plugins it has or had."""
    return NoticePage(await reviewing.notices(member.tenant_id))


@post("/observations", operation_id="ObserveAsMerchant")
async def observe_as_merchant(
    data: JSONBody[NewObservation], member: NamedDependency[Member], reviewing: Desk_
) -> ObservationTaken:
    """Report a plugin as a shop: it counts once the shop has really used it."""
    reporter = await reviewing.reporter(member.tenant_id, data.plugin_id)
    return await _report(reviewing, data, reporter)


async def _report(
    reviewing: Reviewing, data: NewObservation, reporter: Reporter
) -> ObservationTaken:
    observations = reviewing.observations
    made = await observations.report(data.plugin_id, data.text, reporter, data.version)
    due = made.observation.due_at.isoformat()
    return ObservationTaken(made.observation.id, due, made.quarantined)


async def reporter_of(
    request: AnyRequest,
    registry: NamedDependency[Registry],
    registry_tokens: NamedDependency[RegistryTokens],
) -> Reporter:
    """Who reports: a person we trust, a key we know, or nobody. Raises UnauthenticatedError for a
    token that is none: who has a name must not be taken for nobody."""
    if "authorization" not in request.headers:
        return Reporter()
    caller = await caller_of(request, registry, registry_tokens)
    return Reporter(f"key:{caller.key_id}", "trusted" if caller.role else "other")


router = Router(
    "/v1/registry",
    route_handlers=[
        list_queue, read_dossier, read_artifact, take_review, withdraw, observe,
        list_observations, handle_observation, list_exposure, list_exposed_calls,
    ],
    tags=["review"],
)  # fmt: skip
merchant_router = Router(
    "/v1/market", route_handlers=[list_notices, observe_as_merchant], tags=["market"]
)
