"""The shop's installation that a request is about."""

from uuid import UUID

from hyperpersonal_core.api import Installation, Installations, Member
from hyperpersonal_core.kit.errors import NotFoundError
from litestar.di import NamedDependency
from litestar.params import FromPath


async def present_of(
    publisher: FromPath[str],
    name: FromPath[str],
    member: NamedDependency[Member],
    installations: NamedDependency[Installations],
) -> Installation:
    """The installation of the plugin in the path. Raises NotFoundError."""
    return await find(installations, member.tenant_id, f"{publisher}/{name}")


async def managed_of(
    publisher: FromPath[str],
    name: FromPath[str],
    manager: NamedDependency[Member],
    installations: NamedDependency[Installations],
) -> Installation:
    """The same, for whoever may change it. Raises ForbiddenError, then NotFoundError."""
    return await find(installations, manager.tenant_id, f"{publisher}/{name}")


async def find(installations: Installations, tenant_id: UUID, plugin_id: str) -> Installation:
    """The tenant's installation of a plugin. Raises NotFoundError, which says how to get it."""
    found = await installations.of_plugin(tenant_id, plugin_id)
    if found is None:
        message = f"{plugin_id} is not installed; `hp market install {plugin_id}` does it"
        raise NotFoundError(message, plugin_id=plugin_id)
    return found
