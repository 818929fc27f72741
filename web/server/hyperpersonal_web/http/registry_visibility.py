"""Who may see a plugin: its publisher says so, before or with the first release."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import msgspec
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.ids import parse, show
from hyperpersonal_registry.api import Caller, Seen, Visibilities, Visibility
from hyperpersonal_sdk import signing
from hyperpersonal_sdk.errors import UntrustedError
from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from hyperpersonal_web.http.registry_auth import require_publisher

PATH = "/plugins/{publisher:str}/{name:str}/visibility"
FIELD_CHARS_MAX = 8_000


class VisibilityItem(msgspec.Struct, frozen=True):
    """`tenants`: ids of shops (`tnt_…`), for a private plugin only."""

    visibility: Seen
    tenants: Annotated[list[str], Meta(max_length=100)] = []


@get(PATH, operation_id="ReadVisibility")
async def read_visibility(
    publisher: FromPath[str],
    name: FromPath[str],
    caller: NamedDependency[Caller],
    visibilities: NamedDependency[Visibilities],
) -> VisibilityItem:
    """Who may see one's own plugin."""
    require_publisher(caller, publisher)
    return _item(await visibilities.of(f"{publisher}/{name}"))


@put(PATH, operation_id="ReplaceVisibility")
async def replace_visibility(
    publisher: FromPath[str],
    name: FromPath[str],
    *,
    data: JSONBody[VisibilityItem],
    caller: NamedDependency[Caller],
    visibilities: NamedDependency[Visibilities],
) -> VisibilityItem:
    """Make one's own plugin public, unlisted, or private to the shops that are named."""
    require_publisher(caller, publisher)
    plugin_id = f"{publisher}/{name}"
    await visibilities.set(plugin_id, data.visibility, map(tenant_id, data.tenants))
    return _item(await visibilities.of(plugin_id))


@asynccontextmanager
async def seen_with_release(
    caller: Caller, visibilities: Visibilities, envelope: bytes, visibility: str, tenants: str
) -> AsyncIterator[None]:
    """What a form with a release says of who may see its plugin, put back when the release is
    refused inside; `visibility` empty: nothing is said. `tenants` by commas.

    Raises:
        ForbiddenError: the caller does not speak for the plugin.
        RefusedError: that cannot be said.
    """
    if not visibility:
        yield
        return
    plugin_id = _plugin_of(caller, envelope)
    wanted, before = _wanted(visibility, tenants), await visibilities.of(plugin_id)
    if wanted != before:
        await visibilities.set(plugin_id, wanted.visibility, wanted.tenants)
    try:
        yield
    except RefusedError:
        if wanted != before:
            await visibilities.set(plugin_id, before.visibility, before.tenants)
        raise


def _plugin_of(caller: Caller, envelope: bytes) -> str:
    try:
        plugin_id = signing.claimed(envelope).id
    except UntrustedError as error:
        raise RefusedError(str(error)) from error
    require_publisher(caller, plugin_id.partition("/")[0])
    return plugin_id


def _wanted(visibility: str, tenants: str) -> Visibility:
    try:
        seen = msgspec.convert(visibility, Seen)
    except msgspec.ValidationError as error:
        raise RefusedError("visibility is public, unlisted or private") from error
    named = filter(None, tenants[:FIELD_CHARS_MAX].split(","))
    return Visibility(seen, frozenset(map(tenant_id, named)))


def tenant_id(text: str) -> UUID:
    """Raises RefusedError."""
    try:
        return parse("tenant", text.strip())
    except ValueError as error:
        raise RefusedError(f"{text[:80]!r} is no shop's id; they look like tnt_…") from error


def _item(found: Visibility) -> VisibilityItem:
    return VisibilityItem(found.visibility, [show("tenant", one) for one in sorted(found.tenants)])


ROUTES = (read_visibility, replace_visibility)
