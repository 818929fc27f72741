"""The credentials the host adds to an allowed request; no plugin ever sees one.

They are sealed at rest under the tenant's key, for this plugin only. Opened ones are held for as
long as the tenant's routing version, which every change of an installation grows, stays the same.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk.url_patterns import Url, split_url
from msgspec import Struct

from hyperpersonal_core.installations import repository
from hyperpersonal_core.installations.values import Headers
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.vault import Vault

HELD_MAX = 2_000
HELD_OUTSIDE_TURNS = timedelta(seconds=5)

_OPEN_ONES = "select tenant_id, id from installations_with_open_secrets()"
_decoder = msgspec.json.Decoder(dict[str, Headers])


class _Held(Struct, frozen=True):
    version: int
    until: float
    headers: dict[str, Headers] = {}

    def __repr__(self) -> str:
        return f"_Held({self.version}, …)"


class Secrets:
    """The runtime's SecretPort over the installation's own secrets.

    Args:
        version: the routing version the scope's turn runs with; None outside a turn.
    """

    def __init__(
        self, db: Database, vault: Vault, clock: Clock,
        version: Callable[[CallScope], int | None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._db = db
        self._vault = vault
        self._clock = clock
        self._version = version
        self._held: dict[tuple[str, str], _Held] = {}

    async def headers_for(self, scope: CallScope, url: str) -> dict[str, str]:
        """The headers of the longest url prefix that matches; empty when none does.

        A prefix matches at a boundary only: `https://shop.example` does not match
        `https://shop.example.evil.example/`.
        """
        held = self._fresh(scope) or await self._hold(scope)
        found = split_url(url)
        matching = [prefix for prefix in held.headers if found and _covers(prefix, found)]
        return held.headers[max(matching, key=len)] if matching else {}

    def _fresh(self, scope: CallScope) -> _Held | None:
        held = self._held.get((scope.tenant_id, scope.installation_id))
        asked = self._version(scope)
        if held is None or (asked is not None and asked > held.version):
            return None
        fresh = asked is not None or self._clock.now().timestamp() < held.until
        return held if fresh else None

    async def _hold(self, scope: CallScope) -> _Held:
        tenant_id, installation_id = UUID(scope.tenant_id), UUID(scope.installation_id)
        async with self._db.transaction(tenant_id) as connection:
            version = await repository.version_of(connection, tenant_id)
            kept = await repository.secrets_of(connection, tenant_id, installation_id)
        headers = await opened(self._vault, tenant_id, kept) if kept else {}
        until = (self._clock.now() + HELD_OUTSIDE_TURNS).timestamp()
        key = (scope.tenant_id, scope.installation_id)
        self._held.pop(key, None)
        if len(self._held) >= HELD_MAX:
            self._held.pop(next(iter(self._held)))
        self._held[key] = _Held(version, until, headers)
        return self._held[key]


async def sealed(
    vault: Vault, tenant_id: UUID, plugin_id: str, secrets: dict[str, Headers]
) -> bytes | None:
    """Secrets as they are stored; None for none."""
    if not secrets:
        return None
    return await vault.seal(tenant_id, _purpose(plugin_id), msgspec.json.encode(secrets))


async def opened(vault: Vault, tenant_id: UUID, kept: repository.KeptSecrets) -> dict[str, Headers]:
    """Stored secrets in the clear. Raises SealBrokenError."""
    if kept.sealed is None:
        return kept.open
    return _decoder.decode(await vault.open(tenant_id, _purpose(kept.plugin_id), kept.sealed))


async def seal_open_secrets(db: Database, vault: Vault) -> int:
    """Seal what an earlier release stored in the clear; how many installations that were.

    Every process does it at its start; where two do it at once, one of them wins a row.
    """
    async with db.transaction() as connection:
        rows = await connection.fetch(_OPEN_ONES)
    for row in rows:
        await _seal_one(db, vault, row["tenant_id"], row["id"])
    return len(rows)


async def _seal_one(db: Database, vault: Vault, tenant_id: UUID, installation_id: UUID) -> None:
    async with db.transaction(tenant_id) as connection:
        kept = await repository.secrets_of(connection, tenant_id, installation_id)
    if kept is None:
        return
    data = await sealed(vault, tenant_id, kept.plugin_id, kept.open)
    async with db.transaction(tenant_id) as connection:
        await repository.seal_secrets(connection, (tenant_id, installation_id), kept.open, data)


def _purpose(plugin_id: str) -> str:
    return f"secrets {plugin_id}"


def _covers(prefix: str, url: Url) -> bool:
    """Both in their one form, so that `:443` and capitals make no difference."""
    place = split_url(prefix)
    if place is None or place.origin != url.origin:
        return False
    path = place.path.rstrip("/")
    return url.path == path or url.path.startswith(f"{path}/")
