"""The product with its artifacts in a bucket: reviewed and installed; then the bucket lies."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from fakes.full_registry import HOLDERS, REVIEWERS, raw
from fakes.publishing import Publisher, artifact
from fakes.s3 import S3Server
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.settings import load
from hyperpersonal_registry.api import (
    Keeper,
    Registry,
    ReleaseRefusedError,
    Trust,
    Verdict,
    from_database,
    house,
    naming,
)
from hyperpersonal_sdk import hpx
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.blobs import blobs_of
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.trusting import hold_ceremony
from hyperpersonal_web.wiring import open_gateway, open_ground, open_market, open_understanding

from .conftest import Shop

PACKED = artifact()
DIGEST = hpx.unpack(PACKED).digest
KEY = f"market/{DIGEST[7:9]}/{DIGEST[9:]}.hpx"


class BucketShop(Shop):
    """A shop whose registry keeps artifacts in S3. `host`: another process that loads from it."""

    bucket: str
    root: bytes

    @property
    def market_registry(self) -> Registry:
        return self.gateway.registry

    def host(self, folder: Path) -> Registry:
        keeper = Keeper(Trust(folder, self.root), from_database(self.ground.db))
        blobs = blobs_of(self.ground.settings)
        return Registry(self.ground.db, blobs, self.ground.clock, keeper=keeper)


@pytest.fixture
def s3() -> object:
    with S3Server.running() as server:
        yield server


@pytest.fixture
async def shop(
    db: Database,
    dsn: str,
    nats_url: str,
    s3: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[BucketShop]:
    for name, value in s3.env.items():
        monkeypatch.setenv(name, value)
    bucket = s3.bucket()
    said = {"HP_BLOBS": f"s3://{bucket}/market", "HP_DATA_DIR": str(tmp_path)}
    settings = load({**said, "HP_NATS_PREFIX": f"t{secrets.token_hex(6)}"})
    root = await hold_ceremony(settings, db, HOLDERS, 2)
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, Addresses(dsn, nats_url))
        gateway = await open_gateway(stack, ground, open_understanding(ground), open_market(ground))
        listener, stop = listen("127.0.0.1", 0), asyncio.Event()
        made = BucketShop(ground, gateway, listener.getsockname()[1])
        made.bucket, made.root = bucket, root
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        await made.furnish()
        yield made
        await made.http.aclose()
        stop.set()
        await serving
        await ground.bus.drop_streams()


async def publish(shop: BucketShop) -> None:
    """By its publisher and two reviewers, each with a key of their own."""
    registry, publisher = shop.market_registry, Publisher()
    for number, reviewer in enumerate(REVIEWERS, 1):
        await registry.people.add(raw(reviewer), f"Reviewer {number}", "reviewer")
    assert not await naming.hold(registry, HOLDERS)
    await registry.create_namespace("acme", publisher.public)
    report = [Verdict(name, "PASS") for name in registry.ground.policy.checks]
    done = await house.publish(registry, PACKED, publisher.key, REVIEWERS, lambda _: report)
    assert done.state == "published"


async def test_that_a_release_lives_in_a_bucket_and_nothing_is_believed_of_it(
    shop: BucketShop, s3: S3Server, tmp_path: Path
) -> None:
    await publish(shop)
    kept = s3.sdk.list_objects_v2(Bucket=shop.bucket)["Contents"]
    assert [one["Key"] for one in kept] == [KEY]
    assert not list(tmp_path.rglob("*.hpx")), "nothing of it is in the data folder"
    read = await shop.http.get(f"/v1/registry/blobs/{DIGEST}")
    assert read.content == PACKED

    await shop.gateway.catalogue.follow()
    offer = await shop.http.get("/v1/market/plugins/acme/hello/offer", headers=shop.staff())
    wanted = {"plugin_id": "acme/hello", "version": "1.0.0", "grants": ["knowledge:read"]}
    assert offer.json()["version"] == "1.0.0"
    done = await shop.http.post("/v1/market/installed", json=wanted, headers=shop.staff())
    assert done.status_code == 201, done.text
    assert (await shop.host(tmp_path / "one").load(DIGEST)).digest == DIGEST

    other = artifact(hello="plugin = 1\n")
    for lie, reason in ((PACKED[:-1], "altered"), (other, "altered"), (b"", "altered")):
        s3.sdk.put_object(Bucket=shop.bucket, Key=KEY, Body=lie)
        with pytest.raises(ReleaseRefusedError) as refused:
            await shop.host(tmp_path / "two").load(DIGEST)
        assert refused.value.reason == reason
    s3.sdk.delete_object(Bucket=shop.bucket, Key=KEY)
    with pytest.raises(ReleaseRefusedError) as refused:
        await shop.host(tmp_path / "three").load(DIGEST)
    assert refused.value.reason == "lost"
    s3.sdk.delete_bucket(Bucket=shop.bucket)
    with pytest.raises(OutsideError, match="there is no bucket"):
        await shop.host(tmp_path / "four").load(DIGEST)
    away = await shop.http.get(f"/v1/registry/blobs/{DIGEST}")
    assert away.status_code == 503
    assert "secret" not in away.text
