"""The registry as publishers use it: log in, claim a name, hand in, ask, appeal, yank."""

from typing import Annotated

import msgspec
from hyperpersonal_core.kit.errors import RefusedError, TooLargeError
from hyperpersonal_registry.api import Caller, DomainProofs, Registry, Submission, Visibilities
from hyperpersonal_sdk.dsse import ENVELOPE_BYTES_MAX
from hyperpersonal_sdk.hpx import ARCHIVE_BYTES_MAX
from litestar import get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED
from msgspec import Meta

from hyperpersonal_web.http.auth import AnyRequest
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.registry_auth import require_insight, require_publisher
from hyperpersonal_web.http.registry_tokens import (
    LIFETIME,
    RegistryTokens,
    check_new_key,
    public_key,
)
from hyperpersonal_web.http.registry_views import (
    ClaimItem,
    KeyItem,
    NamespaceItem,
    SubmissionItem,
    SubmissionPage,
)
from hyperpersonal_web.http.registry_visibility import seen_with_release

METADATA_BYTES_MAX = 5_000_000
SUBMISSION_BYTES_MAX = ARCHIVE_BYTES_MAX + METADATA_BYTES_MAX + 64 * 1024

Hex = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Signed = Annotated[str, Meta(pattern="^[0-9a-f]{128}$")]


class ChallengeAsk(msgspec.Struct, frozen=True):
    """Whose login; the public key in hex."""

    public: Hex


class Challenge(msgspec.Struct, frozen=True):
    """What to sign."""

    challenge: str


class Login(msgspec.Struct, frozen=True):
    """A signed challenge; `signature` in hex."""

    public: Hex
    challenge: Annotated[str, Meta(max_length=1_000)]
    signature: Signed


class Session(msgspec.Struct, frozen=True):
    """A token and what its key may do."""

    token: str
    expires_in_s: int
    roles: list[str]
    namespace: str | None


class ClaimAsk(msgspec.Struct, frozen=True):
    """A wanted name; `domain` empty: an admin decides."""

    name: Annotated[str, Meta(max_length=40)]
    domain: Annotated[str, Meta(max_length=253)] = ""


class NewKey(msgspec.Struct, frozen=True):
    """Another key of a namespace: the old one signs for it (`signature`), and it for itself
    (`proof`)."""

    public: Hex
    signature: Signed
    proof: Signed


class Appeal(msgspec.Struct, frozen=True):
    """Why it should pass all the same."""

    text: Annotated[str, Meta(min_length=1, max_length=4_000)]


class Reason(msgspec.Struct, frozen=True):
    """Why a release is withdrawn."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class Done(msgspec.Struct, frozen=True):
    """It was done."""

    done: bool = True


@post("/login/challenge", operation_id="AskChallenge", status_code=HTTP_200_OK)
async def ask_challenge(
    data: JSONBody[ChallengeAsk],
    request: AnyRequest,
    rates: NamedDependency[Rates],
    registry_tokens: NamedDependency[RegistryTokens],
) -> Challenge:
    """Something to sign, good for two minutes."""
    rates.registry(address_of(request))
    return Challenge(registry_tokens.challenge(data.public))


@post("/login", operation_id="LogIn", status_code=HTTP_200_OK)
async def log_in(
    data: JSONBody[Login],
    request: AnyRequest,
    rates: NamedDependency[Rates],
    registry: NamedDependency[Registry],
    registry_tokens: NamedDependency[RegistryTokens],
) -> Session:
    """A token for whoever holds the key."""
    rates.registry(address_of(request))
    token = registry_tokens.login(data.public, data.challenge, data.signature)
    caller = await registry.people.caller(public_key(data.public))
    seconds = int(LIFETIME.total_seconds())
    return Session(token, seconds, caller.roles, caller.namespace)


@post("/namespaces", operation_id="ClaimNamespace", status_code=HTTP_202_ACCEPTED)
async def claim_namespace(
    data: JSONBody[ClaimAsk],
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
    rates: NamedDependency[Rates],
) -> ClaimItem:
    """Ask for a name."""
    rates.registry(caller.key_id)
    return ClaimItem.of(await registry.claims.claim(caller, data.name, data.domain))


@post("/namespaces/{name:str}/prove", operation_id="ProveNamespace", status_code=HTTP_200_OK)
async def prove_namespace(
    name: FromPath[str],
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
    proofs: NamedDependency[DomainProofs],
    rates: NamedDependency[Rates],
) -> ClaimItem:
    """Look at the domain now."""
    rates.registry(caller.key_id)
    return ClaimItem.of(await registry.claims.prove(caller, name, proofs))


@get("/namespaces/{name:str}", operation_id="ReadNamespace")
async def read_namespace(name: FromPath[str], registry: NamedDependency[Registry]) -> NamespaceItem:
    """A given name with its keys, or a claimed one."""
    keys = [
        KeyItem(key.key_id, key.public.hex(), key.expires_at)
        for key in (await registry.keys_of(name)).trusted
    ]
    if keys:
        return NamespaceItem(name, "given", keys, "sign and publish: `hp plugin publish`")
    claim = await registry.claims.get(name)
    return NamespaceItem(name, claim.state, [], "its claimant proves it, or an admin decides")


@post("/namespaces/{name:str}/keys", operation_id="AddNamespaceKey")
async def add_namespace_key(
    name: FromPath[str],
    data: JSONBody[NewKey],
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
    rates: NamedDependency[Rates],
) -> KeyItem:
    """Let another key speak for the namespace too."""
    rates.registry(caller.key_id)
    require_publisher(caller, name)
    raw = public_key(data.public)
    signatures = ((caller.public, data.signature), (raw, data.proof))
    check_new_key(name, data.public, signatures)
    key = await registry.add_key(name, raw)
    return KeyItem(key.key_id, data.public, key.expires_at)


@post(
    "/submissions",
    operation_id="Submit",
    status_code=HTTP_202_ACCEPTED,
    request_max_body_size=SUBMISSION_BYTES_MAX,
)
async def submit(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
    rates: NamedDependency[Rates],
    visibilities: NamedDependency[Visibilities],
) -> SubmissionItem:
    """Hand in a release: a form with the files `artifact`, `envelope` and `metadata`; its fields
    `visibility` and `tenants` say who may see the plugin from now on."""
    rates.registry(caller.key_id)
    form = await _form(request)
    artifact = await _part(form.get("artifact"), "artifact", ARCHIVE_BYTES_MAX)
    envelope = await _part(form.get("envelope"), "envelope", ENVELOPE_BYTES_MAX)
    metadata = form.get("metadata")
    signed = await _part(metadata, "metadata", METADATA_BYTES_MAX) if metadata else None
    if not artifact or not envelope:
        raise RefusedError("the form needs the files `artifact` and `envelope`")
    wanted = str(form.get("visibility") or ""), str(form.get("tenants") or "")
    async with seen_with_release(caller, visibilities, envelope, *wanted):
        found = await registry.submit(artifact, envelope, signed)
    return await _shown(registry, found)


@get("/submissions", operation_id="ListSubmissions")
async def list_submissions(
    namespace: Annotated[str, QueryParameter(max_length=40)],
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
) -> SubmissionPage:
    """One's own submissions, newest first, without their verdicts."""
    require_insight(caller, namespace)
    found = await registry.queue.of_namespace(namespace)
    made = {one.digest: one for one in await registry.of_namespace(namespace)}
    return SubmissionPage([SubmissionItem.of(one, [], [], made.get(one.digest)) for one in found])


@get("/submissions/{digest:str}", operation_id="ReadSubmission")
async def read_submission(
    digest: FromPath[str], caller: NamedDependency[Caller], registry: NamedDependency[Registry]
) -> SubmissionItem:
    """Where a submission stands, with its verdicts and what to do next."""
    found = await registry.submission(digest)
    require_insight(caller, found.namespace)
    return await _shown(registry, found)


@post("/submissions/{digest:str}/appeal", operation_id="Appeal", status_code=HTTP_200_OK)
async def appeal(
    digest: FromPath[str],
    data: JSONBody[Appeal],
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
    rates: NamedDependency[Rates],
) -> SubmissionItem:
    """Ask people to look at what a check rejected."""
    rates.registry(caller.key_id)
    require_publisher(caller, (await registry.submission(digest)).namespace)
    return await _shown(registry, await registry.appeal(digest, data.text))


@post(
    "/releases/{publisher:str}/{name:str}/{version:str}/yank",
    operation_id="Yank",
    status_code=HTTP_200_OK,
)
async def yank(
    publisher: FromPath[str],
    name: FromPath[str],
    version: FromPath[str],
    *,
    data: JSONBody[Reason],
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
    rates: NamedDependency[Rates],
) -> Done:
    """Withdraw one's own release: nobody installs it any more."""
    rates.registry(caller.key_id)
    require_publisher(caller, publisher)
    await registry.yank(f"{publisher}/{name}", version, data.reason)
    return Done()


@post("/namespaces/{name:str}/metadata", operation_id="RenewMetadata", status_code=HTTP_200_OK)
async def renew_metadata(
    name: FromPath[str],
    request: AnyRequest,
    caller: NamedDependency[Caller],
    registry: NamedDependency[Registry],
    rates: NamedDependency[Rates],
) -> Done:
    """The namespace's next trust metadata without a new release: a newer key, a later expiry."""
    rates.registry(caller.key_id)
    require_publisher(caller, name)
    await registry.renew(name, await request.body())
    return Done()


def address_of(request: AnyRequest) -> str:
    """Who is asking, as far as the network tells."""
    return request.client.host if request.client else ""


async def _shown(registry: Registry, found: Submission) -> SubmissionItem:
    _, case, reviews = await registry.case(found.digest)
    release = await registry.by_digest(found.digest)
    return SubmissionItem.of(found, list(case.report), reviews, release)


async def _form(request: AnyRequest) -> FormMultiDict:
    try:
        return await request.form()
    except (LookupError, UnicodeDecodeError) as error:  # a field says how its text is written
        raise RefusedError("the form's texts must be UTF-8") from error


async def _part(given: object, name: str, bytes_max: int) -> bytes:
    if given is None:
        return b""
    data = await given.read() if isinstance(given, UploadFile) else str(given).encode()
    if len(data) > bytes_max:
        raise TooLargeError(f"{name} has more than {bytes_max} bytes")
    return data


ROUTES = (
    ask_challenge, log_in, claim_namespace, prove_namespace, read_namespace, add_namespace_key,
    submit, list_submissions, read_submission, appeal, yank, renew_metadata,
)  # fmt: skip
__all__ = ["ROUTES", "address_of"]
