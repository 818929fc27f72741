from collections.abc import AsyncIterator

import pytest
from fakes.turns import Rig
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[Rig]:
    made = await Rig(db, bus).prepare()
    yield made
    await made.stop()
