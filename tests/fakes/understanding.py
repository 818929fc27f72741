"""A tenant with a little knowledge, for the tests of memory and routing."""

from functools import cache
from uuid import UUID, uuid4

from hyperpersonal_core.api import (
    AgentCard,
    CachedEmbedder,
    Document,
    Embedder,
    Tenants,
    Understanding,
)
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.hooks import hookimpl, open_hooks
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.memory.documents import Section
from hyperpersonal_core.memory.minilm import MiniLm

LABELS = ("order", "return", "product", "billing", "customer_success", "technical")


def article(name: str, title: str, text: str, agent: str = "") -> Document:
    """One article of one section."""
    return Document(name, title, (Section("", text),), agent)


POLICY = (
    article("returns", "Returns", "Send an item back within 30 days with its receipt.", "return"),
    article("shipping", "Shipping", "We deliver in three days; express costs 9 EUR.", "order"),
    article("warranty", "Warranty", "Every watch has a warranty of two years.", "product"),
    article("codes", "Discount codes", "A discount code works once, for 7 days.", "billing"),
)


class _Shared:
    """The built-in embedder, loaded once for all tests of a process."""

    @staticmethod
    @hookimpl
    def embedder() -> Embedder:
        return shared_embedder()


@cache
def shared_embedder() -> CachedEmbedder:
    return CachedEmbedder(MiniLm())


def understand(db: Database) -> Understanding:
    """The real services, never behind the database."""
    hooks = open_hooks(_Shared())
    return Understanding.build(db, SystemClock(), Uuid7Ids(), hooks=hooks, fresh_seconds=0)


async def new_tenant(db: Database, slug: str) -> UUID:
    """A tenant's id."""
    return (await Tenants(db, SystemClock(), Uuid7Ids()).create_tenant(slug, slug)).id


async def new_contact(db: Database, tenant_id: UUID) -> UUID:
    """A contact's id."""
    contact_id = uuid4()
    async with db.transaction(tenant_id) as connection:
        await connection.execute(
            "insert into contacts (tenant_id, id, created_at) values ($1, $2, now())",
            tenant_id,
            contact_id,
        )
    return contact_id


def cards(*labels: str) -> tuple[AgentCard, ...]:
    """One agent a label; customer success serves small talk too."""
    return tuple(
        AgentCard(
            uuid4(),
            f"{label}_agent",
            (label, "smalltalk") if label == "customer_success" else (label,),
        )
        for label in labels or LABELS
    )
