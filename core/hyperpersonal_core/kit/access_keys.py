"""Access keys: what a page or a member presents to say on whose behalf it calls.

A key is 256 random bits, so its SHA-256 is as hard to invert as the key is to guess: only the
hash is stored, and no slow password hash is needed. Who presents a key is shown the one row of
that key before any tenant is known (policy `presented`), and nothing else.
"""

import secrets
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hyperpersonal_core.kit.models import Model

KEY_CHARS_MAX = 100

_PRESENT = text("select set_config('app.key_hash', :key_hash, true)")
_SCOPE = text("select set_config('app.tenant_id', :tenant_id, true)")


class AccessKeyRow(Model):
    """`ref_id` is a member's or a channel's id, as `kind` says."""

    __tablename__ = "access_keys"

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    kind: Mapped[str]
    ref_id: Mapped[UUID]
    created_at: Mapped[datetime]


def new_key(prefix: str) -> str:
    """A key nobody can guess, for example `hpc_…`; shown once, never stored."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def row_of(key: str, kind: str, owner: tuple[UUID, UUID], at: datetime) -> AccessKeyRow:
    """What is stored of a key. `owner`: the tenant, and its member or channel."""
    tenant_id, ref_id = owner
    return AccessKeyRow(
        key_hash=_hash(key), tenant_id=tenant_id, kind=kind, ref_id=ref_id, created_at=at
    )


async def present(session: AsyncSession, key: str, kind: str) -> tuple[UUID, UUID] | None:
    """The key's owner (tenant, and its member or channel), or None if no key of this kind matches.

    From here on the session's transaction acts for that tenant.
    """
    if not 0 < len(key) <= KEY_CHARS_MAX:
        return None
    key_hash = _hash(key)
    await session.execute(_PRESENT, {"key_hash": key_hash.hex()})
    row = await session.get(AccessKeyRow, key_hash)
    if row is None or row.kind != kind:
        return None
    await session.execute(_SCOPE, {"tenant_id": str(row.tenant_id)})
    return row.tenant_id, row.ref_id


def _hash(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()
