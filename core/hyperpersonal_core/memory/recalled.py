"""What memory gives a turn. Pure values."""

from uuid import UUID

from hyperpersonal_sdk.contract.turns import Fact, Passage
from msgspec import Struct


class RecallAsk(Struct, frozen=True):
    """`text` may be empty: then only facts are recalled."""

    tenant_id: UUID
    contact_id: UUID
    conversation_id: UUID
    text: str
    passages_max: int = 3


class Recalled(Struct, frozen=True):
    """Facts valid now, nearest passages; each carries where it comes from."""

    facts: tuple[Fact, ...] = ()
    passages: tuple[Passage, ...] = ()
