"""What the slice gives others. Pure values."""

from typing import Any
from uuid import UUID

from msgspec import Struct


class Contact(Struct, frozen=True):
    """Somebody who writes. `email` is what they said, not proven; empty when unknown."""

    tenant_id: UUID
    id: UUID
    display_name: str = ""
    email: str = ""
    attributes: dict[str, Any] = {}


class ContactDetails(Struct, frozen=True):
    """What a channel learned about a contact; empty texts say nothing."""

    display_name: str = ""
    email: str = ""
    attributes: dict[str, Any] = {}
