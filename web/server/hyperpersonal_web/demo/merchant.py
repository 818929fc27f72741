"""The demo's merchant: a tenant with a chat and a member, made once."""

from pathlib import Path
from uuid import UUID

import msgspec
from hyperpersonal_core.api import (
    Channels,
    Document,
    Knowledge,
    NewChannel,
    NewMember,
    Tenants,
    read_documents,
)
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError
from msgspec import Struct

from hyperpersonal_web.wiring import Ground

SHOP_NAME = "Fernhill Outfitters"
SLUG = "fernhill"
MERCHANT_FILE = "merchant.json"
POLICY = Path(__file__).parents[1] / "demo_shop" / "policy"


class Merchant(Struct, frozen=True):
    """Who the demo acts for. Keys cannot be shown again, so they are kept in the data folder."""

    tenant_id: UUID
    channel_key: str
    member_key: str


async def furnish(ground: Ground, folder: Path) -> Merchant:
    """The merchant of this data folder; made if it is not there yet."""
    path = folder / MERCHANT_FILE
    tenants = Tenants(ground.db, ground.clock, ground.ids)
    if path.exists():
        kept = msgspec.json.decode(path.read_bytes(), type=Merchant)
        try:
            await tenants.tenant(kept.tenant_id)
        except NotFoundError:  # the database was made anew
            path.unlink()
        else:
            return kept
    merchant = await _make(ground, tenants)
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(merchant))
    return merchant


async def import_policy(knowledge: Knowledge, tenant_id: UUID) -> int:
    """Import the shop's articles (unchanged ones cost nothing); returns how many there are."""
    documents = [document for path in sorted(POLICY.glob("*.md")) for document in _read(path)]
    await knowledge.import_documents(tenant_id, documents)
    return len(documents)


async def _make(ground: Ground, tenants: Tenants) -> Merchant:
    try:
        tenant = await tenants.create_tenant(SLUG, SHOP_NAME)
    except ConflictError:  # another data folder made one in this database
        tenant = await tenants.create_tenant(f"{SLUG}-{ground.ids.new().hex[-8:]}", SHOP_NAME)
    channels = Channels(ground.db, ground.clock, ground.ids)
    channel_key = await channels.create_channel(tenant.id, NewChannel("Web chat"))
    member = NewMember("robin@fernhill.example", "Robin", "owner")
    return Merchant(tenant.id, channel_key, await tenants.create_member(tenant.id, member))


def _read(path: Path) -> list[Document]:
    """One article; its front matter says the title and whose it is."""
    text = path.read_text()
    _, front, body = text.split("---\n", 2) if text.startswith("---\n") else ("", "", text)
    named = dict(line.split(": ", 1) for line in front.splitlines() if ": " in line)
    documents = read_documents(path.name, body.encode())
    title, agent = named.get("title", ""), named.get("agent", "")
    return [
        msgspec.structs.replace(document, title=title or document.title, agent=agent)
        for document in documents
    ]
