"""One recording of the demo shop for all tests here."""

import asyncio
from collections.abc import Iterator

import pytest
from fakes.replay_stage import REPLAYS, Stage, begin, record


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The shop's services stay up meanwhile."""
    props = begin(tmp_path_factory.mktemp("stage"))
    try:
        yield asyncio.run(record(props, REPLAYS))
    finally:
        props.stop()
