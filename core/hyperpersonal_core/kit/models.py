"""The base of every SQLAlchemy model: tables are made by migrations, models only describe them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Model(DeclarativeBase):
    """Knows how our annotations map to columns."""

    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  # SQLAlchemy's name


class TenantModel(Model):
    """A row of one tenant: the tenant is the first part of every key."""

    __abstract__ = True

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
