"""Tenants, their members, and who a key belongs to."""

import re
from typing import cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from hyperpersonal_core.kit.access_keys import new_key, present, row_of
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    UnauthenticatedError,
)
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.tenants.models import MemberRow, TenantRow
from hyperpersonal_core.tenants.repository import TenantRepository
from hyperpersonal_core.tenants.values import ROLES, Member, NewMember, Role, Tenant

NAME_CHARS_MAX = 200
MEMBERS_PAGE_MAX = 500
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_UNKNOWN_KEY = "this key is not known; check that it was copied whole"


class Tenants:
    """The slice's service. Stateless; one a process."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def create_tenant(self, slug: str, name: str) -> Tenant:
        """A new merchant.

        Args:
            slug: its name in addresses: small letters, digits, hyphens, at most 63.
            name: as people call it, at most 200 characters.

        Raises:
            RefusedError: the slug or the name is malformed.
            ConflictError: the slug is taken.
        """
        if not _SLUG.fullmatch(slug):
            raise RefusedError("a slug has 1 to 63 small letters, digits and hyphens", slug=slug)
        _check_name(name)
        row = TenantRow(
            tenant_id=self._ids.new(),
            slug=slug,
            name=name,
            settings={},
            created_at=self._clock.now(),
        )
        try:
            async with self._db.session(row.tenant_id) as session:
                session.add(row)
        except IntegrityError as error:
            raise ConflictError("this slug is taken; choose another", slug=slug) from error
        return Tenant(row.tenant_id, row.slug, row.name, row.created_at)

    async def tenant(self, tenant_id: UUID) -> Tenant:
        """Raises NotFoundError."""
        async with self._db.session(tenant_id) as session:
            row = await TenantRepository(session).tenant(tenant_id)
        if row is None:
            raise NotFoundError("there is no such tenant")
        return Tenant(row.tenant_id, row.slug, row.name, row.created_at)

    async def create_member(self, tenant_id: UUID, member: NewMember) -> str:
        """A new member; returns the access key, which cannot be shown again.

        Raises:
            RefusedError: the e-mail address, name or role is malformed.
            ConflictError: a member of this tenant has this address.
            NotFoundError: there is no such tenant.
        """
        _check_member(member)
        key, row = new_key("hpm"), self._member_row(tenant_id, member)
        key_row = row_of(key, "member", (tenant_id, row.id), row.created_at)
        try:
            async with self._db.session(tenant_id) as session:
                repository = TenantRepository(session)
                if await repository.tenant(tenant_id) is None:
                    raise NotFoundError("there is no such tenant")
                await repository.add_member(row, key_row)
        except IntegrityError as error:
            raise ConflictError("a member has this address", email=row.email) from error
        return key

    async def authenticate(self, key: str) -> Member:
        """The member who presents a key.

        Raises:
            UnauthenticatedError: no member has it.
        """
        async with self._db.session() as session:
            owner = await present(session, key, "member")
            row = await TenantRepository(session).member(*owner) if owner else None
        if row is None:
            raise UnauthenticatedError(_UNKNOWN_KEY)
        return _member(row)

    async def members(self, tenant_id: UUID) -> list[Member]:
        """All members by address, at most 500."""
        async with self._db.session(tenant_id) as session:
            rows = await TenantRepository(session).members(tenant_id, MEMBERS_PAGE_MAX)
        return [_member(row) for row in rows]

    def _member_row(self, tenant_id: UUID, member: NewMember) -> MemberRow:
        return MemberRow(
            tenant_id=tenant_id,
            id=self._ids.new(),
            email=member.email.strip().lower(),
            name=member.name,
            role=member.role,
            created_at=self._clock.now(),
        )


def _check_name(name: str) -> None:
    if not 1 <= len(name.strip()) <= NAME_CHARS_MAX:
        raise RefusedError(f"a name has 1 to {NAME_CHARS_MAX} characters")


def _check_member(member: NewMember) -> None:
    _check_name(member.name)
    if not _EMAIL.fullmatch(member.email.strip()):
        raise RefusedError("this is not an e-mail address", email=member.email)
    if member.role not in ROLES:
        raise RefusedError(f"a role is one of {', '.join(ROLES)}", role=member.role)


def _member(row: MemberRow) -> Member:
    return Member(row.tenant_id, row.id, row.email, row.name, cast("Role", row.role))
