"""The door for development over HTTP; only a demo's application has these routes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from hyperpersonal_core.api import Member, RecordedTurns
from hyperpersonal_core.kit.errors import ForbiddenError, RefusedError
from hyperpersonal_core.kit.ids import show
from hyperpersonal_runtime.api import fixture_of
from hyperpersonal_sdk import hpx
from litestar import delete, get, put
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, QueryParameter
from litestar.types import ControllerRouterHandler

from hyperpersonal_web.development.door import DevelopmentDoor, Served
from hyperpersonal_web.http.auth import require_managing
from hyperpersonal_web.http.path_ids import identified
from hyperpersonal_web.replaying.deeds import lines

FORM_BYTES_MAX = hpx.ARCHIVE_BYTES_MAX + 256 * 1024
TURNS_MAX = 20

Since = Annotated[datetime, QueryParameter(description="turns that began after this instant")]

PluginId = Annotated[str, QueryParameter(max_length=100, description="publisher/name")]


class Form(msgspec.Struct):
    """`public`: hex; `settings`: JSON with `config` and `secrets`."""

    artifact: UploadFile
    envelope: UploadFile
    public: str
    settings: str = "{}"


class TurnLines(msgspec.Struct, frozen=True):
    """A turn in words; `mine`: the plugin was called in it."""

    id: str
    started_at: datetime
    mine: bool
    lines: list[tuple[int, str]]


def development_routes(door: DevelopmentDoor) -> Sequence[ControllerRouterHandler]:
    """What an author's `dev` and `record` speak with."""

    @put("/v1/development/plugin", include_in_schema=False, request_max_body_size=FORM_BYTES_MAX)
    async def serve(data: MultipartBody[Form], member: NamedDependency[Member]) -> Served:
        """Let a folder's archive serve the demo's tenant."""
        _check(door, member)
        artifact, envelope = await data.artifact.read(), await data.envelope.read()
        return await door.serve(artifact, envelope, _hex(data.public), _settings(data.settings))

    @delete("/v1/development/plugins/{publisher:str}/{name:str}", include_in_schema=False)
    async def withdraw(
        publisher: FromPath[str], name: FromPath[str], member: NamedDependency[Member]
    ) -> None:
        """As it was before."""
        _check(door, member)
        await door.withdraw(f"{publisher}/{name}")

    @get("/v1/development/turns", include_in_schema=False)
    async def turns(
        since: Since,
        plugin: PluginId,
        member: NamedDependency[Member],
        recorded: NamedDependency[RecordedTurns],
    ) -> list[TurnLines]:
        """What the newest turns did, every host call of each."""
        _check(door, member)
        found = await recorded.find(member.tenant_id, since, None, TURNS_MAX)
        return [await _turn(recorded, member, one, plugin) for one in found]

    @get("/v1/development/turns/{turn:str}/fixtures", include_in_schema=False)
    async def fixtures(
        turn: FromPath[str],
        plugin: PluginId,
        member: NamedDependency[Member],
        recorded: NamedDependency[RecordedTurns],
    ) -> list[dict[str, Any]]:
        """The calls of one plugin in a turn, as fixtures for its tests."""
        _check(door, member)
        found = await recorded.read(member.tenant_id, identified("turn", turn))
        calls = [one for one in found.recording.calls if one.plugin_id == plugin]
        return [msgspec.to_builtins(fixture_of(found.recording, one)) for one in calls]

    return (serve, withdraw, turns, fixtures)


async def _turn(recorded: RecordedTurns, member: Member, turn_id: Any, plugin: str) -> TurnLines:
    turn = await recorded.read(member.tenant_id, turn_id)
    mine = any(call.plugin_id == plugin for call in turn.recording.calls)
    return TurnLines(show("turn", turn.id), turn.started_at, mine, list(lines(turn)))


def _check(door: DevelopmentDoor, member: Member) -> None:
    """Raises ForbiddenError for everybody but the managers of the demo's own tenant."""
    require_managing(member)
    if member.tenant_id != door.tenant_id:
        raise ForbiddenError("this tenant is not for development")


def _hex(text: str) -> bytes:
    try:
        public = bytes.fromhex(text)
    except ValueError:
        public = b""
    if len(public) != 32:
        raise RefusedError("`public` is 64 hex digits")
    return public


def _settings(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise RefusedError(f"`settings` is no JSON object: {error}") from error
