"""What the slice gives others. Pure values."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

Role = Literal["owner", "manager", "agent", "viewer"]
ROLES: tuple[Role, ...] = ("owner", "manager", "agent", "viewer")


class Tenant(Struct, frozen=True):
    """A merchant."""

    id: UUID
    slug: str
    name: str
    created_at: datetime


class Member(Struct, frozen=True):
    """A person of the tenant's staff. `role` from most to least allowed: owner, manager, agent
    (answers contacts), viewer."""

    tenant_id: UUID
    id: UUID
    email: str
    name: str
    role: Role

    def may(self, least: Role) -> bool:
        """Whether this member's role is `least` or above it."""
        return ROLES.index(self.role) <= ROLES.index(least)


class NewMember(Struct, frozen=True):
    """Who becomes a member."""

    email: str
    name: str
    role: Role
