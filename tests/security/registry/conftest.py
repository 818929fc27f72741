from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.publishing import Publisher
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.api import FolderBlobs, Registry


@pytest.fixture
async def registry(db: Database, tmp_path: Path) -> Registry:
    """A registry in which publisher 1 owns acme."""
    clock = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
    made = Registry(db, FolderBlobs(tmp_path / "blobs"), clock)
    await made.create_namespace("acme", Publisher(1).public)
    return made
