"""Many shoppers at once: contacts with open conversations, made by one statement each."""

from typing import Any
from uuid import UUID

from hyperpersonal_core.api import Channels, NewChannel, Tenants
from msgspec import Struct

from hyperpersonal_web.http.tokens import ContactScope, ContactTokens
from hyperpersonal_web.wiring import Ground

_CONTACTS = """insert into contacts (tenant_id, id, created_at)
select $1, unnest($2::uuid[]), $3"""
_CONVERSATIONS = """insert into conversations
(tenant_id, id, channel_id, contact_id, created_at, updated_at)
select $1, i.id, $4, i.contact, $5, $5 from unnest($2::uuid[], $3::uuid[]) as i(id, contact)"""


class Crowd(Struct, frozen=True):
    """A tenant with shoppers; each token opens one of the conversations."""

    tenant_id: UUID
    conversations: list[UUID]
    tokens: list[str]


async def gather_crowd(ground: Ground, tokens: ContactTokens, count: int) -> Crowd:
    """`count` shoppers of a new tenant."""
    db, clock, ids = ground.db, ground.clock, ground.ids
    tenant = await Tenants(db, clock, ids).create_tenant(f"crowd-{ids.new().hex[:12]}", "Crowd")
    channels = Channels(db, clock, ids)
    channel = await channels.resolve(await channels.create_channel(tenant.id, NewChannel("Bench")))
    contacts, conversations = ([ids.new() for _ in range(count)] for _ in range(2))
    place: tuple[Any, ...] = (tenant.id, conversations, contacts, channel.channel_id, clock.now())
    async with db.transaction(tenant.id) as connection:
        await connection.execute(_CONTACTS, tenant.id, contacts, clock.now())
        await connection.execute(_CONVERSATIONS, *place)
    scopes = [
        ContactScope(tenant.id, channel.channel_id, contact, conversation)
        for contact, conversation in zip(contacts, conversations, strict=True)
    ]
    return Crowd(tenant.id, conversations, [tokens.mint(scope) for scope in scopes])
