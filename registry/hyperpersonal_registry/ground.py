"""What every service of the registry stands on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import ConflictError
from msgspec import Struct

from hyperpersonal_registry.blobs import Blobs
from hyperpersonal_registry.log import checkpoints
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.trust.store import MetadataStore

Change = tuple[Connection, Repository | None]
"""A transaction, and the trust metadata that is stored with it; None where there is none."""


async def tell_nobody() -> None:
    """Where nobody listens."""


class Ground(Struct, frozen=True):
    """Tables, artifacts, time, rules.

    Attributes:
        metadata: the registry's half of the trust metadata; None where its keys are not.
        tell: lets hosts know that there is something new to believe.
        signer: of the log; None where its key is not.
        is_signed: whether there is trust metadata: then nothing is changed without its keys.
    """

    db: Database
    blobs: Blobs
    clock: Clock
    policy: Policy
    metadata: MetadataStore | None = None
    tell: Callable[[], Awaitable[None]] = tell_nobody
    is_signed: bool = False
    signer: Signer | None = None

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @asynccontextmanager
    async def changing(self, taken: str = "") -> AsyncIterator[Change]:
        """One transaction that changes tables, trust metadata and log together.

        Args:
            taken: what is said where a name, key or version is somebody's already; empty: none is
                written here that could be.

        Raises:
            ConflictError: it is, or this process does not hold the registry's keys.
        """
        try:
            async with self.db.transaction() as connection, self.signing(connection) as repository:
                yield connection, repository
        except asyncpg.UniqueViolationError as error:
            if not taken:
                raise
            raise ConflictError(taken) from error

    @asynccontextmanager
    async def signing(self, connection: Connection) -> AsyncIterator[Repository | None]:
        """The trust metadata, to be changed in this transaction. Take it before the log: whoever
        needs both takes them in this order."""
        if self.metadata is None:
            if self.is_signed:
                raise ConflictError("this process does not hold the registry's keys")
            yield None
            return
        async with self.metadata.writing(connection) as repository:
            yield repository
        if self.signer is not None:  # the log beside it: hosts look for both at once
            await checkpoints.keep(connection, self.signer, self.now)
