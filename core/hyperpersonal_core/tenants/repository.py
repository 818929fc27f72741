"""SQL of the slice; the session carries the tenant."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hyperpersonal_core.kit.access_keys import AccessKeyRow
from hyperpersonal_core.tenants.models import MemberRow, TenantRow


class TenantRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add_member(self, row: MemberRow, key: AccessKeyRow) -> None:
        self._session.add(row)
        await self._session.flush()
        self._session.add(key)

    async def tenant(self, tenant_id: UUID) -> TenantRow | None:
        return await self._session.get(TenantRow, tenant_id)

    async def member(self, tenant_id: UUID, member_id: UUID) -> MemberRow | None:
        return await self._session.get(MemberRow, (tenant_id, member_id))

    async def members(self, tenant_id: UUID, limit: int) -> list[MemberRow]:
        query = select(MemberRow).where(MemberRow.tenant_id == tenant_id)
        rows = await self._session.scalars(query.order_by(MemberRow.email).limit(limit))
        return list(rows)
