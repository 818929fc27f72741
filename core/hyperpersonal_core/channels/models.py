"""The table of channels."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hyperpersonal_core.kit.models import TenantModel


class ChannelRow(TenantModel):
    __tablename__ = "channels"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    config: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
