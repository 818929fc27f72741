"""What the slice gives others. Pure values."""

from typing import Any
from uuid import UUID

from msgspec import Struct

CHANNEL_KINDS = ("webchat",)


class ChannelScope(Struct, frozen=True):
    """What a presented channel key allows: writing to this channel of this tenant."""

    tenant_id: UUID
    channel_id: UUID
    kind: str
    name: str
    config: dict[str, Any]


class NewChannel(Struct, frozen=True):
    """`config` may hold `origins`: the web pages that may open this chat; none means any."""

    name: str
    kind: str = "webchat"
    config: dict[str, Any] = {}
