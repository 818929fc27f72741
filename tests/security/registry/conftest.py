import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.publishing import Publisher
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.api import FolderBlobs, Registry, migrate


@pytest.fixture
async def registry(dsn: str, db: Database, tmp_path: Path) -> Registry:
    """A registry in which publisher 1 owns acme."""
    await asyncio.to_thread(migrate, dsn)
    clock = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
    made = Registry(db, FolderBlobs(tmp_path / "blobs"), clock)
    await made.create_namespace("acme", Publisher(1).public)
    return made
