from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from hyperpersonal_registry.checks.examination import Examination
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_runtime.api import Stage
from hyperpersonal_runtime.testing import default_cache

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def cache() -> Path:
    return default_cache().resolve()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(cache: Path) -> AsyncIterator[Stage]:
    made = Stage(cache)
    yield made
    await made.close()


class Examiner:
    """Examines releases on one stage."""

    def __init__(self, stage: Stage, cache: Path) -> None:
        self.stage, self.cache = stage, cache

    def __call__(
        self, artifact: bytes, previous: bytes | None = None, others: tuple[str, ...] = ()
    ) -> Examination:
        made = Examination(Subject(artifact, str(self.cache), previous, others, TODAY))
        made.stage = self.stage
        return made


@pytest.fixture
def examined(stage: Stage, cache: Path) -> Examiner:
    return Examiner(stage, cache)
