"""No single altered byte, of artifact or envelope, is ever published or loaded."""

import os
import random
from pathlib import Path

import pytest
from fakes.publishing import Publisher, artifact
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_registry.api import PublishRefusedError, Registry, ReleaseRefusedError

TRIES = int(os.environ.get("HP_TEST_ALTERATIONS", "60"))


def altered(data: bytes, seeded: random.Random) -> bytes:
    at = seeded.randrange(len(data))
    return data[:at] + bytes([data[at] ^ seeded.randint(1, 255)]) + data[at + 1 :]


async def test_that_an_altered_artifact_is_never_published(registry: Registry) -> None:
    seeded, packed = random.Random(1), artifact()
    envelope = Publisher(1).sign(packed)
    for _ in range(TRIES):
        assert await is_refused(registry, altered(packed, seeded), envelope)
    assert await registry.releases("acme/hello") == []


async def test_that_an_altered_envelope_publishes_nothing(registry: Registry) -> None:
    seeded, packed = random.Random(2), artifact()
    envelope = Publisher(1).sign(packed)
    for _ in range(TRIES):
        assert await is_refused(registry, packed, altered(envelope, seeded))


async def test_that_a_swapped_signature_is_refused(registry: Registry) -> None:
    other = artifact(hello="plugin = 2\n")
    assert await is_refused(registry, artifact(), Publisher(1).sign(other))
    assert await is_refused(registry, artifact(), Publisher(2).sign(artifact()))


async def test_that_an_altered_blob_is_never_loaded(registry: Registry, tmp_path: Path) -> None:
    packed, seeded = artifact(), random.Random(3)
    digest = (await registry.publish(packed, Publisher(1).sign(packed))).digest
    (path,) = (tmp_path / "blobs").rglob("*.hpx")
    for _ in range(TRIES):
        path.write_bytes(altered(packed, seeded))
        with pytest.raises(ReleaseRefusedError) as refused:
            await registry.load(digest)
        assert refused.value.reason == "altered"


async def is_refused(registry: Registry, packed: bytes, envelope: bytes) -> bool:
    try:
        await registry.publish(packed, envelope)
    except PublishRefusedError:
        return True
    except ConflictError:
        raise AssertionError("it had been published before") from None
    return False
