"""Every hook a plugin can serve, on one page.

The host calls a hook with the JSON of the argument and reads the JSON of the answer. In the plugin
the function also gets `host`, its only way out: `def reply(turn, host)`.
"""

from typing import Protocol

from hyperpersonal_sdk.contract.hooks import (
    EraseAsk,
    Erased,
    Installed,
    RawAnswer,
    RawRequest,
    ReviewAsk,
    ReviewVerdict,
    RouteVote,
    SyncAnswer,
    SyncAsk,
)
from hyperpersonal_sdk.contract.messages import DeliveryStatus, InboundMessage, OutboundMessage
from hyperpersonal_sdk.contract.models import GenerateAnswer, GenerateAsk
from hyperpersonal_sdk.contract.tools import ToolCall, ToolResult
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest


class AgentHooks(Protocol):
    """A plugin that answers shoppers."""

    def reply(self, turn: TurnRequest) -> TurnReply:
        """Answers one turn of a conversation."""
        ...

    def route(self, turn: TurnRequest) -> RouteVote:
        """Says how sure the agent is that a turn is its own, for the router to weigh."""
        ...


class ConnectorHooks(Protocol):
    """A plugin that speaks with a shop or another service."""

    def call_tool(self, call: ToolCall) -> ToolResult:
        """Serves one call of a tool named in the manifest; the same idempotency key acts once."""
        ...

    def handle_webhook(self, request: RawRequest) -> RawAnswer:
        """Takes a request the service sent, after checking that the service sent it."""
        ...

    def sync(self, ask: SyncAsk) -> SyncAnswer:
        """Reads the next page of the service's records."""
        ...


class ChannelHooks(Protocol):
    """A plugin that brings messages in and replies out."""

    def parse_inbound(self, request: RawRequest) -> InboundMessage:
        """Turns a channel's own request into a message, after checking who sent it."""
        ...

    def deliver(self, message: OutboundMessage) -> DeliveryStatus:
        """Sends one reply; the same message id is delivered once."""
        ...


class ModelHooks(Protocol):
    """A plugin that serves a language model."""

    def generate(self, ask: GenerateAsk) -> GenerateAnswer:
        """Continues a talk: text, wishes for tools, or an error that says whether to try again."""
        ...


class GuardHooks(Protocol):
    """A plugin that reads replies before they leave."""

    def review_reply(self, ask: ReviewAsk) -> ReviewVerdict:
        """Lets a reply pass, or holds it for a person."""
        ...


class LifecycleHooks(Protocol):
    """What any plugin may serve about its own installation."""

    def install(self, installed: Installed) -> None:
        """Runs once after the installation was made."""
        ...

    def configure(self, installed: Installed) -> None:
        """Runs after the merchant changed the configuration."""
        ...

    def uninstall(self, installed: Installed) -> None:
        """Runs once before the installation is removed."""
        ...

    def erase_contact(self, ask: EraseAsk) -> Erased:
        """Removes what the plugin keeps elsewhere about a contact, and says how much it was."""
        ...


def _names(page: type) -> tuple[str, ...]:
    return tuple(name for name in vars(page) if not name.startswith("_"))


HOOKS_OF_KIND = {
    "agent": _names(AgentHooks),
    "connector": _names(ConnectorHooks),
    "channel": _names(ChannelHooks),
    "model": _names(ModelHooks),
    "guard": _names(GuardHooks),
    "bundle": (),  # no code: what it composes serves
}
LIFECYCLE_HOOKS = _names(LifecycleHooks)
# What a plugin of a kind must serve to be of any use.
REQUIRED_HOOKS = {
    "agent": {"reply"},
    "connector": {"call_tool"},
    "channel": {"parse_inbound", "deliver"},
    "model": {"generate"},
    "guard": {"review_reply"},
    "bundle": set[str](),
}
HOOKS = frozenset(LIFECYCLE_HOOKS).union(*HOOKS_OF_KIND.values())
