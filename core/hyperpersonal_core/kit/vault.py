"""Seals what a tenant's rows hold: a key for each tenant, wrapped by the key service.

Rules:
1. `seal` binds the tenant and the purpose: bytes moved to another tenant's row, or to another kind
   of row, do not open.
2. A tenant's newest key seals; older ones still open. Rotating a tenant's key therefore rewrites
   nothing, and rotating the master only wraps the tenants' keys anew.
3. Keys in the clear are only in memory, at most `held_max` tenants' and none longer than `held_s`.

Sealed: 1 (format), the key's number (4 bytes), then XAES-256-GCM (kit/xaes.py).
"""

import os
from typing import Any
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.key_service import KeyService, Wrapped
from hyperpersonal_core.kit.xaes import KEY_BYTES, OVERHEAD_BYTES, NotOpenedError, Xaes

FORMAT = b"\1"
HEADER_BYTES = 5
SEAL_OVERHEAD_BYTES = HEADER_BYTES + OVERHEAD_BYTES
HELD_S = 300.0
HELD_MAX = 2_000
KEYS_A_TENANT_MAX = 10_000

_NEWEST = """select number, master_id, wrapped from tenant_keys
 where tenant_id = $1 order by number desc limit 1"""
_ONE = "select number, master_id, wrapped from tenant_keys where tenant_id = $1 and number = $2"
_ADD = """insert into tenant_keys (tenant_id, number, master_id, wrapped, created_at)
values ($1, $2, $3, $4, $5) on conflict do nothing"""
_OTHERS = "select tenant_id, number from tenant_keys_beyond($1)"
_REWRAP = """update tenant_keys set master_id = $4, wrapped = $5
 where tenant_id = $1 and number = $2 and wrapped = $3"""


class SealBrokenError(RefusedError):
    """Altered, cut, of another tenant or another purpose, or never sealed at all."""

    code = "seal_broken"
    status = 409


class _Held(Struct, frozen=True):
    newest: int
    until: float
    keys: dict[int, Xaes]


class Vault:
    """Seals and opens. One a process.

    Args:
        held_s: how long keys are held; a rotation elsewhere is seen within this time.
        held_max: tenants whose keys are held.
    """

    def __init__(
        self, db: Database, service: KeyService, clock: Clock,
        *, held_s: float = HELD_S, held_max: int = HELD_MAX,
    ) -> None:  # fmt: skip
        self._db = db
        self._service = service
        self._clock = clock
        self._held_s = held_s
        self._held_max = held_max
        self._held: dict[UUID, _Held] = {}

    async def seal(self, tenant_id: UUID, purpose: str, data: bytes) -> bytes:
        """The data sealed for this tenant and purpose; SEAL_OVERHEAD_BYTES longer.

        Raises:
            OutsideError: the database or the key service is away.
        """
        held = self._fresh(tenant_id) or await self._hold(tenant_id)
        header = FORMAT + held.newest.to_bytes(4)
        return header + held.keys[held.newest].seal(data, _bound(tenant_id, purpose, header))

    async def open(self, tenant_id: UUID, purpose: str, sealed: bytes) -> bytes:
        """What was sealed for this tenant and purpose.

        Raises:
            SealBrokenError: it was not, or not like this.
            OutsideError: the database or the key service is away, or lacks a master key.
        """
        header = sealed[:HEADER_BYTES]
        if len(sealed) < SEAL_OVERHEAD_BYTES or header[:1] != FORMAT:
            raise SealBrokenError("these are no sealed bytes")
        key = await self._key(tenant_id, int.from_bytes(header[1:]))
        try:
            return key.open(sealed[HEADER_BYTES:], _bound(tenant_id, purpose, header))
        except NotOpenedError:
            raise SealBrokenError(f"a sealed value ({purpose}) was altered or moved") from None

    async def rotate(self, tenant_id: UUID) -> int:
        """Give the tenant a new key; its number. Raises OutsideError."""
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_NEWEST, tenant_id)
            number = (row["number"] if row else 0) + 1
            if number > KEYS_A_TENANT_MAX:
                raise RefusedError(f"a tenant has at most {KEYS_A_TENANT_MAX} keys")
            await self._add(connection, tenant_id, number)
        self._held.pop(tenant_id, None)
        return number

    async def rotate_master(self) -> int:
        """A new master; how many keys were wrapped anew. Stopped half-way, call `rewrap`."""
        return await self.rewrap(await self._service.rotate())

    async def rewrap(self, master_id: str) -> int:
        """Wrap every key that is not under this master again. Raises OutsideError."""
        async with self._db.transaction() as connection:
            others = await connection.fetch(_OTHERS, master_id)
        return sum([await self._rewrap(row["tenant_id"], row["number"]) for row in others])

    async def _rewrap(self, tenant_id: UUID, number: int) -> int:
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_ONE, tenant_id, number)
            key = await self._unwrap(tenant_id, row)
            wrapped = await self._service.wrap(key, _context(tenant_id, number))
            told = await connection.execute(
                _REWRAP, tenant_id, number, row["wrapped"], wrapped.master_id, wrapped.data
            )
        return int(told.split()[1])

    def _fresh(self, tenant_id: UUID) -> _Held | None:
        held = self._held.get(tenant_id)
        return held if held and self._clock.now().timestamp() < held.until else None

    async def _key(self, tenant_id: UUID, number: int) -> Xaes:
        held = self._fresh(tenant_id) or await self._hold(tenant_id)
        if number not in held.keys:
            async with self._db.transaction(tenant_id) as connection:
                row = await connection.fetchrow(_ONE, tenant_id, number)
            if row is None:
                raise SealBrokenError(f"this tenant has no key {number}")
            held.keys[number] = Xaes(await self._unwrap(tenant_id, row))
        return held.keys[number]

    async def _hold(self, tenant_id: UUID) -> _Held:
        """The tenant's newest key, made now if it has none."""
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_NEWEST, tenant_id)
            if row is None:
                await self._add(connection, tenant_id, 1)
                row = await connection.fetchrow(_NEWEST, tenant_id)
        key = Xaes(await self._unwrap(tenant_id, row))
        until = self._clock.now().timestamp() + self._held_s
        held = _Held(row["number"], until, {row["number"]: key})
        self._held.pop(tenant_id, None)
        if len(self._held) >= self._held_max:
            self._held.pop(next(iter(self._held)))
        self._held[tenant_id] = held
        return held

    async def _add(self, connection: Connection, tenant_id: UUID, number: int) -> None:
        """Where two processes add the same number, one key wins and both use that one."""
        wrapped = await self._service.wrap(os.urandom(KEY_BYTES), _context(tenant_id, number))
        now = self._clock.now()
        await connection.execute(_ADD, tenant_id, number, wrapped.master_id, wrapped.data, now)

    async def _unwrap(self, tenant_id: UUID, row: Any) -> bytes:
        if row is None:  # a tenant that is gone
            raise OutsideError("this tenant has no key", retryable=False)
        wrapped = Wrapped(row["master_id"], row["wrapped"])
        return await self._service.unwrap(wrapped, _context(tenant_id, row["number"]))


def _context(tenant_id: UUID, number: int) -> bytes:
    return b"tenant key" + tenant_id.bytes + number.to_bytes(4)


def _bound(tenant_id: UUID, purpose: str, header: bytes) -> bytes:
    return header + tenant_id.bytes + purpose.encode()
