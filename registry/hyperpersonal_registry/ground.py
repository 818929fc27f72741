"""What every service of the registry stands on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from msgspec import Struct

from hyperpersonal_registry.blobs import Blobs
from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.trust.store import MetadataStore


async def tell_nobody() -> None:
    """Where nobody listens."""


class Ground(Struct, frozen=True):
    """Tables, artifacts, time, rules. `metadata`: None where no ceremony was held; `tell`: lets
    hosts know that there is something new to believe."""

    db: Database
    blobs: Blobs
    clock: Clock
    policy: Policy
    metadata: MetadataStore | None = None
    tell: Callable[[], Awaitable[None]] = tell_nobody

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @asynccontextmanager
    async def signing(self, connection: Connection) -> AsyncIterator[Repository | None]:
        """The trust metadata, to be changed in this transaction. Take it before the log: whoever
        needs both takes them in this order."""
        if self.metadata is None:
            yield None
            return
        async with self.metadata.writing(connection) as repository:
            yield repository
