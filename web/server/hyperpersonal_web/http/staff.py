"""The staff's API: list who waits, read, take over, reply, note, hand back. By member key."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from hyperpersonal_core.api import Handoffs, Member, TurnHistory
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from hyperpersonal_web.http import staff_views as views
from hyperpersonal_web.http.auth import require_answering
from hyperpersonal_web.http.hub import Hub
from hyperpersonal_web.http.path_ids import identified
from hyperpersonal_web.http.staff_turns import read_calls

TEXT_CHARS_MAX = 16_000
LIST_MAX = 200

Limit = Annotated[int, QueryParameter(ge=1, le=LIST_MAX)]
After = Annotated[str, QueryParameter(description="the `next` of the page before")]
Caller = NamedDependency[Member]
People = NamedDependency[Handoffs]


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reply or a note. A reply's `id` is yours: the same id twice is sent once."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARS_MAX)]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = ""


class Placed(msgspec.Struct, frozen=True):
    """Where it is in the conversation."""

    offset: int


@get("/conversations", operation_id="ListConversations")
async def list_conversations(
    member: Caller,
    handoffs: People,
    which: Annotated[Literal["escalated"], QueryParameter(name="state")] = "escalated",
    after: After = "",
    limit: Limit = 50,
) -> views.EscalatedPage:
    """Conversations that wait for a person or have one, longest waiting first."""
    since = identified("handoff", after) if after else None
    found = await handoffs.list_escalated(member.tenant_id, since, limit)
    return views.escalated_page(found, limit)


@get("/conversations/{conversation:str}", operation_id="ReadConversation")
async def read_conversation(
    conversation: FromPath[str],
    member: Caller,
    handoffs: People,
    history: NamedDependency[TurnHistory],
) -> dict[str, Any]:
    """The conversation with its packet, its events and its turns."""
    place = (member.tenant_id, _id(conversation))
    found, turns = await asyncio.gather(handoffs.read(*place), history.of(*place))
    return views.conversation(found, turns)


@post(
    "/conversations/{conversation:str}/takeover", operation_id="TakeOver", status_code=HTTP_200_OK
)
async def take_over(conversation: FromPath[str], member: Caller, handoffs: People) -> Placed:
    """From now on no agent's word enters the conversation; it is yours."""
    require_answering(member)
    taken = await handoffs.take_over(member.tenant_id, _id(conversation), member.id)
    return Placed(taken.offset)


@post("/conversations/{conversation:str}/replies", operation_id="Reply")
async def reply(
    conversation: FromPath[str], data: JSONBody[Written], member: Caller, handoffs: People
) -> Placed:
    """Answer the shopper; take the conversation over first."""
    require_answering(member)
    key = f"member:{member.id.hex}:{data.id}" if data.id else None
    place = (member.tenant_id, _id(conversation), member.id)
    return Placed(await handoffs.reply(*place, data.text, external_id=key))


@post("/conversations/{conversation:str}/notes", operation_id="Note")
async def note(
    conversation: FromPath[str], data: JSONBody[Written], member: Caller, handoffs: People
) -> Placed:
    """Write something only staff sees."""
    require_answering(member)
    place = (member.tenant_id, _id(conversation), member.id)
    return Placed(await handoffs.note(*place, data.text))


@post(
    "/conversations/{conversation:str}/handback", operation_id="HandBack", status_code=HTTP_200_OK
)
async def hand_back(conversation: FromPath[str], member: Caller, handoffs: People) -> Placed:
    """Let agents answer again, from what you have not answered."""
    require_answering(member)
    return Placed(await handoffs.hand_back(member.tenant_id, _id(conversation), member.id))


@post("/conversations/{conversation:str}/close", operation_id="Close", status_code=HTTP_200_OK)
async def close(conversation: FromPath[str], member: Caller, handoffs: People) -> Placed:
    """End the matter; the shopper's next message opens it for agents."""
    require_answering(member)
    return Placed(await handoffs.close(member.tenant_id, _id(conversation), member.id))


@post("/conversations/{conversation:str}/typing", operation_id="StaffTyping", status_code=202)
async def typing(conversation: FromPath[str], member: Caller, hub: NamedDependency[Hub]) -> None:
    """Show the shopper that somebody is writing."""
    require_answering(member)
    await hub.typing((member.tenant_id, _id(conversation)), "member")


def _id(text: str) -> UUID:
    return identified("conversation", text)


router = Router(
    "/v1/staff",
    route_handlers=[
        list_conversations, read_conversation, take_over, reply, note, hand_back, close, typing,
        read_calls,
    ],
    tags=["staff"],
)  # fmt: skip
