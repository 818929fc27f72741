"""SQL of the slice; the session carries the tenant."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hyperpersonal_core.channels.models import ChannelRow
from hyperpersonal_core.kit.access_keys import AccessKeyRow


class ChannelRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ChannelRow, key: AccessKeyRow) -> None:
        self._session.add(row)
        await self._session.flush()
        self._session.add(key)

    async def get(self, tenant_id: UUID, channel_id: UUID) -> ChannelRow | None:
        return await self._session.get(ChannelRow, (tenant_id, channel_id))

    async def all(self, tenant_id: UUID, limit: int) -> list[ChannelRow]:
        query = select(ChannelRow).where(ChannelRow.tenant_id == tenant_id)
        return list(await self._session.scalars(query.order_by(ChannelRow.name).limit(limit)))
