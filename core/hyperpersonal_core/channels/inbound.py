"""The door: a channel's message goes onto its contact's timeline, once."""

from typing import Any
from uuid import UUID

from hyperpersonal_sdk.contract.messages import InboundMessage

from hyperpersonal_core.channels.values import ChannelScope
from hyperpersonal_core.conversations.timeline import Timeline
from hyperpersonal_core.conversations.values import Appended, NewMessage


class Inbound:
    """Receives what a channel parsed."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    async def receive(
        self,
        scope: ChannelScope,
        contact_id: UUID,
        conversation_id: UUID,
        message: InboundMessage,
    ) -> Appended:
        """Append the message and wake the workers.

        Args:
            scope: the channel whose key was presented.
            contact_id: who writes, as their own token says.
            conversation_id: from `Timeline.open` for this contact and channel.
            message: as the channel's `parse_inbound` made it.

        Raises:
            NotFoundError: the contact has no such conversation.
            OutsideError: not known to be stored; the same message may be sent again.
        """
        body: dict[str, Any] = {"text": message.text}
        if message.meta:
            body["meta"] = message.meta
        return await self._timeline.append(
            NewMessage(scope.tenant_id, conversation_id, contact_id, message.external_id, body)
        )
