"""The one way a shopper's message takes into the core, whether it came by POST or by WebSocket."""

from typing import Any

from hyperpersonal_core.api import Appended, ChannelScope, Inbound, parse_inbound

from hyperpersonal_web.http.tokens import ContactScope


class Intake:
    """Parses with the web chat channel's own hook, then hands over."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound

    async def take(self, contact: ContactScope, message: dict[str, Any]) -> Appended:
        """Returns after the message is committed.

        Raises:
            RefusedError: the message is malformed, too large, or carries what we do not take.
            OutsideError: not known to be stored; send the same id again.
        """
        scope = ChannelScope(contact.tenant_id, contact.channel_id, "webchat", "", {})
        parsed = parse_inbound(message)
        return await self._inbound.receive(
            scope, contact.contact_id, contact.conversation_id, parsed
        )
