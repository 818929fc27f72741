"""PostgreSQL and NATS go away and come back under load: nothing that was acknowledged is lost."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hyperpersonal_core.api import Channels, Inbound, NewChannel, Tenants
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.embedded.nats import EmbeddedNats
from hyperpersonal_web.embedded.postgres import EmbeddedPostgres
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.http.rates import unlimited
from hyperpersonal_web.schema import bring_up_schema
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import open_gateway, open_ground, open_understanding

SHOPPERS = 8
LOAD_SECONDS = 6.0


class Place:
    """A gateway over servers of its own, that the test may stop."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(folder / "pg")
        self.nats = EmbeddedNats(folder / "nats")
        self.http: httpx.AsyncClient
        self.url = ""
        self.channel_key = ""

    async def session(self) -> dict[str, Any]:
        body = {"channel_key": self.channel_key}
        return dict((await self.http.post("/v1/chat/sessions", json=body)).json())


@pytest.fixture
def servers(tmp_path: Path) -> Any:
    place = Place(tmp_path)
    place.postgres.start()
    place.nats.start()
    bring_up_schema(place.postgres.dsn)
    yield place
    place.nats.stop()
    place.postgres.stop()


@pytest.fixture
async def place(servers: Place, tmp_path: Path) -> AsyncIterator[Place]:
    settings = unlimited(Settings(data_dir=tmp_path))  # few shoppers are all the load
    async with AsyncExitStack() as stack:
        found = Addresses(servers.postgres.dsn, servers.nats.url)
        ground = await open_ground(stack, settings, found)
        gateway = await open_gateway(stack, ground, open_understanding(ground))
        assert isinstance(gateway.intake._inbound, Inbound)
        tenants = Tenants(ground.db, ground.clock, ground.ids)
        tenant = await tenants.create_tenant(f"shop-{secrets.token_hex(4)}", "Shop")
        channels = Channels(ground.db, ground.clock, ground.ids)
        servers.channel_key = await channels.create_channel(tenant.id, NewChannel("Chat"))
        listener, stop = listen("127.0.0.1", 0), asyncio.Event()
        servers.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        servers.http = httpx.AsyncClient(base_url=servers.url, timeout=40)
        yield servers
        await servers.http.aclose()
        stop.set()
        await serving


async def shopper(place: Place, until: float) -> tuple[dict[str, Any], list[str], int]:
    """Sends one message after the other, each until it is acknowledged; as every client must."""
    session = await place.session()
    headers = {"authorization": f"Bearer {session['token']}"}
    sent: list[str] = []
    refused = 0
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        message = {"id": f"m{len(sent)}", "text": f"message {len(sent)}"}
        answer = await place.http.post("/v1/chat/messages", json=message, headers=headers)
        if answer.status_code == 202:
            sent.append(message["id"])
            continue
        assert answer.status_code == 503, answer.text
        assert answer.headers["retry-after"]
        refused += 1
        await asyncio.sleep(0.1)
    return session, sent, refused


async def stored(place: Place, session: dict[str, Any]) -> list[str]:
    headers, found, after = {"authorization": f"Bearer {session['token']}"}, [], 0
    while True:
        asked = {"after": after}
        answer = await place.http.get("/v1/chat/messages", params=asked, headers=headers)
        page = answer.json()
        if not page["events"]:
            return found
        found += [event["external_id"] for event in page["events"]]
        after = page["newest"]


async def under_load(place: Place, trouble: Any) -> list[tuple[list[str], list[str], int]]:
    """What each shopper sent, what is stored of it, how often they were refused meanwhile."""
    until = asyncio.get_running_loop().time() + LOAD_SECONDS
    shoppers = [asyncio.create_task(shopper(place, until)) for _ in range(SHOPPERS)]
    await asyncio.sleep(LOAD_SECONDS / 4)
    await asyncio.to_thread(trouble)
    ended = await asyncio.gather(*shoppers)
    return [(sent, await stored(place, session), refused) for session, sent, refused in ended]


async def test_that_a_restart_of_postgresql_loses_nothing(place: Place) -> None:
    def restart() -> None:
        place.postgres.stop()
        place.postgres.start()

    ended = await under_load(place, restart)
    for sent, kept, _ in ended:
        assert kept == sent
    assert sum(refused for *_, refused in ended) > 0, "the outage was not felt"


async def test_that_a_restart_of_nats_loses_nothing_and_pushes_again(place: Place) -> None:
    def restart() -> None:
        place.nats.stop()
        place.nats.start()

    for sent, kept, refused in await under_load(place, restart):
        assert kept == sent
        assert refused == 0, "taking a message does not need the bus"
    health = await place.http.get("/health")
    assert health.json()["status"] == "ok"
