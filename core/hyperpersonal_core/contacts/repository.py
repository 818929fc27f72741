"""SQL of the slice; the session carries the tenant."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hyperpersonal_core.contacts.models import ContactRow


class ContactRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: ContactRow) -> None:
        self._session.add(row)

    async def get(self, tenant_id: UUID, contact_id: UUID) -> ContactRow | None:
        return await self._session.get(ContactRow, (tenant_id, contact_id))

    async def lock(self, tenant_id: UUID, contact_id: UUID) -> ContactRow | None:
        key = (tenant_id, contact_id)
        return await self._session.get(ContactRow, key, with_for_update=True)

    async def by_email(self, tenant_id: UUID, email: str, limit: int) -> list[ContactRow]:
        query = (
            select(ContactRow)
            .where(ContactRow.tenant_id == tenant_id, ContactRow.email == email)
            .order_by(ContactRow.created_at.desc())
            .limit(limit)
        )
        return list(await self._session.scalars(query))
