"""A shop with generated data over real PostgreSQL, spoken to by HTTP without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest
from hyperpersonal_web.demo_shop.app import create_app
from hyperpersonal_web.demo_shop.data_generator import generate
from hyperpersonal_web.demo_shop.door import ShopSettings
from hyperpersonal_web.demo_shop.model import Records
from hyperpersonal_web.demo_shop.store import Stores, install
from hyperpersonal_web.embedded.postgres import EmbeddedPostgres

ADMIN = {"Authorization": "Bearer admin-token"}


@pytest.fixture(scope="session")
def demo_records() -> Records:
    return generate(customers=40)


@pytest.fixture
async def stores(postgres: EmbeddedPostgres, demo_records: Records) -> AsyncIterator[Stores]:
    await install(postgres.dsn)
    stores = await Stores.open(postgres.dsn)
    await stores.load("demo", demo_records)
    await stores.make("demo", "demo")
    yield stores
    await stores.close()


@pytest.fixture
async def shop(stores: Stores) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(stores, ShopSettings("api-token", "admin-token"))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type]
        base_url="http://shop",
        headers={"Authorization": "Bearer api-token"},
    )
    async with client:
        yield client
