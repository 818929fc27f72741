"""Who is calling the registry: the key behind a token, and what it may do now."""

from hyperpersonal_core.kit.errors import ForbiddenError
from hyperpersonal_registry.api import Caller, Registry
from litestar.di import NamedDependency

from hyperpersonal_web.http.auth import AnyRequest, bearer
from hyperpersonal_web.http.registry_tokens import RegistryTokens

INSIDERS = ("reviewer", "admin")


async def caller_of(
    request: AnyRequest,
    registry: NamedDependency[Registry],
    registry_tokens: NamedDependency[RegistryTokens],
) -> Caller:
    """Raises UnauthenticatedError."""
    return await registry.people.caller(registry_tokens.read(bearer(request)))


def require_publisher(caller: Caller, namespace: str) -> None:
    """Raises ForbiddenError unless the caller publishes for a namespace."""
    if caller.namespace != namespace:
        raise ForbiddenError(f"your key does not speak for {namespace!r}", namespace=namespace)


def require_reviewer(caller: Caller) -> None:
    """Raises ForbiddenError unless the caller reviews, or is an admin."""
    if caller.role not in INSIDERS:
        raise ForbiddenError("only reviewers and admins of the registry may do this")


def require_admin(caller: Caller) -> None:
    """Raises ForbiddenError unless the caller is an admin."""
    if caller.role != "admin":
        raise ForbiddenError("only admins of the registry may do this")


def require_insight(caller: Caller, namespace: str) -> None:
    """Raises ForbiddenError unless it is the caller's own namespace, or its work to look."""
    if caller.role not in INSIDERS:
        require_publisher(caller, namespace)
