"""The shopper's REST API: open a session, send, read (long-poll), history.

The same conversation as the WebSocket's, for pages and programs that cannot hold a socket.
"""

import asyncio
from typing import Annotated, Any

import msgspec
from hyperpersonal_core.api import (
    Channels,
    ContactDetails,
    Contacts,
    Timeline,
    decode_frame,
)
from hyperpersonal_core.kit.ids import show
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from litestar.status_codes import HTTP_202_ACCEPTED

from hyperpersonal_web.http.auth import AnyRequest
from hyperpersonal_web.http.hub import Hub
from hyperpersonal_web.http.intake import Intake
from hyperpersonal_web.http.limits import OFFSET_MAX
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.tokens import LIFETIME, ContactScope, ContactTokens
from hyperpersonal_web.http.views import for_contact

WAIT_S_MAX = 25
PAGE_MAX = 100
DISCLOSURE = "You are writing with an automated assistant. Ask for a person at any time."

Wait = Annotated[int, QueryParameter(ge=0, le=WAIT_S_MAX, description="seconds to wait for news")]
After = Annotated[
    int, QueryParameter(ge=0, le=OFFSET_MAX, description="the newest offset you have")
]


class SessionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`channel_key` is public, from the merchant's page; the rest is what the page knows."""

    channel_key: str
    name: str = ""
    email: str = ""


class Session(msgspec.Struct, frozen=True):
    """A conversation's token; keep it to come back."""

    token: str
    conversation_id: str
    contact_id: str
    channel: str
    disclosure: str
    expires_in_s: int


class Sent(msgspec.Struct, frozen=True):
    """Where the message is in the conversation. `fresh`: it was not there before."""

    id: str
    offset: int
    fresh: bool


class Page(msgspec.Struct, frozen=True):
    """Events after the asked offset, oldest first; ask again after `newest`."""

    events: list[dict[str, Any]]
    newest: int


class ChatService:
    """What the handlers below share."""

    def __init__(
        self,
        people: tuple[Channels, Contacts],
        talk: tuple[Timeline, Hub],
        tokens: ContactTokens,
        rates: Rates,
    ) -> None:
        self._channels, self._contacts = people
        self._timeline, self._hub = talk
        self._tokens = tokens
        self._rates = rates

    async def open(self, asked: SessionRequest, address: str = "") -> Session:
        """A new contact with a conversation of their own. `address`: of the page that asks."""
        channel = await self._channels.resolve(asked.channel_key)
        self._rates.session(channel.channel_id, address)
        details = ContactDetails(asked.name, asked.email)
        contact = await self._contacts.open(channel.tenant_id, details)
        conversation_id = await self._timeline.open(
            channel.tenant_id, channel.channel_id, contact.id
        )
        scope = ContactScope(channel.tenant_id, channel.channel_id, contact.id, conversation_id)
        return Session(
            token=self._tokens.mint(scope),
            conversation_id=show("conversation", conversation_id),
            contact_id=show("contact", contact.id),
            channel=channel.name,
            disclosure=DISCLOSURE,
            expires_in_s=int(LIFETIME.total_seconds()),
        )

    async def page(self, scope: ContactScope, after: int, wait_s: int) -> Page:
        """What is after `after`; waits for it, `wait_s` at most."""
        found = await self._read(scope, after)
        if wait_s and not found.events:
            waiter = Waiter(found.newest)
            key = (scope.tenant_id, scope.conversation_id)
            self._hub.join(key, waiter)
            try:
                await asyncio.wait_for(waiter.news.wait(), wait_s)
                found = await self._read(scope, found.newest)
            except TimeoutError:
                return found
            finally:
                self._hub.leave(key, waiter)
        return found

    async def _read(self, scope: ContactScope, after: int) -> Page:
        events = await self._timeline.read(scope.tenant_id, scope.conversation_id, after, PAGE_MAX)
        seen = [view for event in events if (view := for_contact(event))]
        return Page(seen, events[-1].offset if events else after)


class Waiter:
    """A long-poll that waits: a `hub.Listener` that hears once."""

    hears_typing = False

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.news = asyncio.Event()

    def offer(self, frame: str) -> None:
        """There is news, whatever it is."""
        self.news.set()


@post("/sessions", operation_id="OpenSession", tags=["chat"])
async def open_session(
    data: JSONBody[SessionRequest], request: AnyRequest, chat: NamedDependency[ChatService]
) -> Session:
    """Open a conversation on a channel. 429: too many from this address; wait `Retry-After`."""
    return await chat.open(data, request.client.host if request.client else "")


@post("/messages", operation_id="SendMessage", tags=["chat"], status_code=HTTP_202_ACCEPTED)
async def send_message(
    request: AnyRequest, contact: NamedDependency[ContactScope], intake: NamedDependency[Intake]
) -> Sent:
    """Send `{"id": …, "text": …}`; the id is yours, and the same id twice is one message.

    202: it is stored; the answer comes as an event. 429 or 503: it is not; send the same id again
    after `Retry-After` seconds.
    """
    frame = decode_frame(await request.body())
    done = await intake.take(contact, frame)
    return Sent(frame["id"], done.offset, done.fresh)


@get("/messages", operation_id="ReadMessages", tags=["chat"])
async def read_messages(
    contact: NamedDependency[ContactScope],
    chat: NamedDependency[ChatService],
    after: After = 0,
    wait: Wait = 0,
) -> Page:
    """Events after an offset (0: the whole history, page by page); `wait` seconds for the next
    one if there is none yet."""
    return await chat.page(contact, after, wait)


router = Router("/v1/chat", route_handlers=[open_session, send_message, read_messages])
