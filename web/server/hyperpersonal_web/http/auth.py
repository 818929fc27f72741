"""Who is calling: the bearer key or token of a request (RFC 6750), as what the handlers need."""

from typing import Any

from hyperpersonal_core.api import Member, Tenants
from hyperpersonal_core.kit.errors import ForbiddenError, UnauthenticatedError
from litestar import Request
from litestar.di import NamedDependency

from hyperpersonal_web.http.tokens import ContactScope, ContactTokens

AnyRequest = Request[Any, Any, Any]


def contact_of(request: AnyRequest, tokens: NamedDependency[ContactTokens]) -> ContactScope:
    """The conversation a shopper's token names. Raises UnauthenticatedError."""
    return tokens.read(bearer(request))


async def member_of(request: AnyRequest, tenants: NamedDependency[Tenants]) -> Member:
    """The member a key belongs to. Raises UnauthenticatedError."""
    return await tenants.authenticate(bearer(request))


def manager_of(member: NamedDependency[Member]) -> Member:
    """The member, who may change what the shop's agents are and know. Raises ForbiddenError."""
    require_managing(member)
    return member


def require_answering(member: Member) -> None:
    """Raises ForbiddenError for a viewer: they read and change nothing."""
    if not member.may("agent"):
        raise ForbiddenError("your role only allows to read", role=member.role)


def require_managing(member: Member) -> None:
    """Raises ForbiddenError unless the member may change what the tenant's agents know."""
    if not member.may("manager"):
        raise ForbiddenError("ask an owner or a manager of your shop", role=member.role)


def bearer(request: AnyRequest) -> str:
    """The key or token of a request. Raises UnauthenticatedError."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise UnauthenticatedError("send your key in the header `Authorization: Bearer …`")
    return key.strip()
