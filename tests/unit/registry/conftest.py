from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.publishing import Publisher
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry.api import FolderBlobs, Registry


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
async def registry(
    db: Database, blobs: FolderBlobs, clock: FixedClock, publisher: Publisher
) -> Registry:
    """A registry in which `publisher` owns the namespace acme."""
    made = Registry(db, blobs, clock)
    await made.create_namespace("acme", publisher.public)
    return made
