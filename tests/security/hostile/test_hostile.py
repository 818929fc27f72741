"""Every attack of the corpus ends as its row says, and the neighbour never notices."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from security.hostile.attack import Attack
from security.hostile.corpus import ATTACKS
from security.hostile.scene import CANARY, Fate, Scene, open_scene

LOG_LINES_MAX = 65
LOG_CHARS_MAX = 2_100

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    databases: Any, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    lent = await databases.take()
    folder: Path = tmp_path_factory.mktemp("street")
    async with open_scene(lent, nats_url, folder) as made:
        yield made
    await databases.give_back(lent)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_that_an_attack_is_refused_and_harms_nobody(scene: Scene, attack: Attack) -> None:
    pids, scene.site.asked[:] = set(scene.street.host.worker_pids), []
    fate = await scene.try_it(attack, f"mallory/p{ATTACKS.index(attack)}")
    refused = attack.refused
    assert fate.at == refused.at, fate
    assert fate.how in refused.how.split(" or "), fate
    assert refused.words in fate.told, fate
    if refused.how == "ok":
        assert fate.told == refused.words
    assert_nothing_leaked(fate)
    assert len(scene.site.acts) == attack.acts, scene.site.asked
    assert scene.inside.asked == [], "a server of the inside was reached"
    assert await scene.of_the_neighbour() == scene.before
    assert set(scene.street.host.worker_pids) == pids, "a worker was lost"


def assert_nothing_leaked(fate: Fate) -> None:
    assert CANARY not in str(fate)
    assert "STOLEN" not in fate.told
    if fate.result is not None:
        assert len(fate.result.logs) <= LOG_LINES_MAX
        assert all(len(line) <= LOG_CHARS_MAX for line in fate.result.logs)
