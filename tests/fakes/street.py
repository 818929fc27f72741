"""Tenants side by side on one plugin host: the product's own wiring over a real database.

Every plugin here goes through the one door: packed, signed, published, consented to, installed,
verified at its load, and run in the real sandbox within a turn of its own.
"""

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from fakes.publishing import Publisher
from fakes.understanding import understand
from hyperpersonal_core.api import Tenants
from hyperpersonal_core.installations.journal import LiveTurn, TurnJournals
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_runtime.api import CallResult, CallScope, Host
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.wiring import Ground, open_ground, open_market, open_ports

CALL_MS = 60_000

_TURN = """
with c as (
  insert into conversations (tenant_id, id, channel_id, contact_id, created_at, updated_at)
  values ($1, $2, $3, $4, now(), now()) returning id)
insert into turns (tenant_id, id, conversation_id, epoch, first_offset, last_offset, status,
                   deadline_at, started_at)
select $1, $5, c.id, 0, 1, 1, 'running', now(), now() from c"""
_CHANNEL = """
insert into channels (tenant_id, id, kind, name, created_at)
values ($1, $2, 'webchat', 'chat', now())"""
_CONTACT = """
insert into contacts (tenant_id, id, display_name, created_at) values ($1, $2, $3, now())"""


class House:
    """One tenant: what it installs, and whoever calls its plugins."""

    def __init__(self, street: "Street", tenant_id: UUID, channel_id: UUID) -> None:
        self.street = street
        self.tenant_id = tenant_id
        self.channel_id = channel_id
        self.contact_id = tenant_id

    async def contact(self, name: str) -> UUID:
        """A new contact of the tenant."""
        contact_id = self.street.ground.ids.new()
        async with self.street.ground.db.transaction(self.tenant_id) as connection:
            await connection.execute(_CONTACT, self.tenant_id, contact_id, name)
        return contact_id

    async def install(
        self,
        plugin_id: str,
        grants: Sequence[str],
        config: dict[str, Any] | None = None,
        secrets: Mapping[str, dict[str, str]] | None = None,
    ) -> UUID:
        """Install the newest release, with the tenant's consent to these grants."""
        install = self.street.market.installer.install
        return await install(self.tenant_id, plugin_id, grants=grants, config=config,
                             secrets=secrets)  # fmt: skip

    async def uninstall(self, installed: UUID) -> None:
        await self.street.market.installer.uninstall(self.tenant_id, installed)

    async def call(
        self,
        installed: UUID,
        payload: Any,
        hook: str = "reply",
        contact_id: UUID | None = None,
        **changes: Any,
    ) -> CallResult:
        """Call a hook of an installation in a new turn; `changes` are other fields of HookCall."""
        contact_id = contact_id or self.contact_id
        turn = await self._turn(contact_id)
        journals, market = self.street.journals, self.street.market
        scope = CallScope(
            str(self.tenant_id), "", str(turn.turn_id), str(turn.conversation_id), str(contact_id)
        )
        bundle = await market.installations.bundle(self.tenant_id)
        one = bundle.installations[installed]
        call = one.call(await market.releases.load(one.digest), hook, b"", scope, CALL_MS)
        call = msgspec.structs.replace(call, payload=msgspec.json.encode(payload), **changes)
        journals.open(turn)
        try:
            return await self.street.host.call(call)
        finally:
            journals.close(turn)

    async def _turn(self, contact_id: UUID) -> LiveTurn:
        new = self.street.ground.ids.new
        turn = LiveTurn(self.tenant_id, new(), new(), 0)
        async with self.street.ground.db.transaction(self.tenant_id) as connection:
            await connection.execute(
                _TURN, self.tenant_id, turn.conversation_id, self.channel_id, contact_id,
                turn.turn_id,
            )  # fmt: skip
        return turn


class Names:
    """What host names lead to here, instead of asking the internet: their next address, the last
    one for ever. Numbers of every spelling are read as the C library does."""

    def __init__(self, found: Mapping[str, Sequence[str]]) -> None:
        self._found = {name: list(addresses) for name, addresses in found.items()}

    async def resolve(self, host: str, port: int) -> list[str]:
        """Raises OSError where there is no such name."""
        left = self._found.get(host)
        if left is not None:
            return [left.pop(0) if len(left) > 1 else left[0]]
        numeric = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
        return [str(item[4][0]) for item in numeric]


class Street:
    """The deployment."""

    def __init__(self, ground: Ground, host: Host) -> None:
        self.ground = ground
        self.host = host
        self.market = open_market(ground)
        self.mind = understand(ground.db)
        self.journals = TurnJournals(ground.db, ground.vault)

    async def start(self) -> None:
        """Start the sandboxes behind the product's own ports."""
        running = (self.host, self.journals)
        await self.host.start(open_ports(self.ground, self.mind, self.market, running))

    async def house(self, slug: str) -> House:
        """A new tenant with a channel and a contact."""
        db, ids = self.ground.db, self.ground.ids
        tenant = await Tenants(db, self.ground.clock, ids).create_tenant(slug, slug.title())
        house = House(self, tenant.id, ids.new())
        async with db.transaction(tenant.id) as connection:
            await connection.execute(_CHANNEL, tenant.id, house.channel_id)
        house.contact_id = await house.contact("Ann")
        return house

    async def publish(self, publisher: Publisher, packed: bytes) -> str:
        """Publish an artifact; returns its digest."""
        return (await self.market.registry.publish(packed, publisher.sign(packed))).digest


@asynccontextmanager
async def open_street(dsn: str, nats_url: str, folder: Path, **host: Any) -> AsyncIterator[Street]:
    """One deployment with one worker process; `host`: further arguments of the plugin host."""
    prefix = f"street{abs(hash(str(folder))) % 10**9}"
    settings = Settings(data_dir=folder, nats_prefix=prefix)
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, Addresses(dsn, nats_url))
        stack.push_async_callback(ground.bus.drop_streams)
        street = Street(ground, Host(default_cache(), workers=1, **host))
        stack.push_async_callback(street.host.close)
        await street.start()
        yield street
