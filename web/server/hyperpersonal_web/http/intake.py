"""The one way a shopper's message takes into the core, whether it came by POST or by WebSocket."""

from typing import Any

from hyperpersonal_core.api import Appended, Backlogs, ChannelScope, Inbound, parse_inbound
from hyperpersonal_core.kit.tracing import Traces

from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.tokens import ContactScope


class Intake:
    """Parses with the web chat channel's own hook, then hands over. A message's trace begins here:
    what a shopper's browser says about traces is not believed."""

    def __init__(self, inbound: Inbound, traces: Traces, rates: Rates, backlogs: Backlogs) -> None:
        self._inbound = inbound
        self._traces = traces
        self._rates = rates
        self._backlogs = backlogs

    async def take(self, contact: ContactScope, message: dict[str, Any]) -> Appended:
        """Returns after the message is committed.

        Raises:
            RefusedError: the message is malformed, too large, or carries what we do not take.
            TooManyError: too many of this contact, or (BusyError) of the whole tenant; send the
                same id again later.
            OutsideError: not known to be stored; send the same id again.
        """
        self._rates.message(contact.contact_id)
        self._backlogs.check(contact.tenant_id)
        scope = ChannelScope(contact.tenant_id, contact.channel_id, "webchat", "", {})
        parsed = parse_inbound(message)
        ids = {
            "tenant_id": str(contact.tenant_id),
            "conversation_id": str(contact.conversation_id),
        }
        with self._traces.span("message.receive", **ids):
            taken = await self._inbound.receive(
                scope, contact.contact_id, contact.conversation_id, parsed
            )
        self._backlogs.took(contact.tenant_id)
        return taken
