"""PostgreSQL and NATS go away and come back under load: nothing that was acknowledged is lost."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
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


class Load:
    """What shoppers sent and was acknowledged, each in a list of its own, and who was refused."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = [[] for _ in range(SHOPPERS)]
        self.refused = 0
        self.over = asyncio.Event()

    async def goes_on(self) -> None:
        """Until everybody has sent a little more."""
        had = [len(sent) for sent in self.sent]
        while any(len(sent) < old + 3 for sent, old in zip(self.sent, had, strict=True)):
            await asyncio.sleep(0.02)


async def shopper(place: Place, session: dict[str, Any], load: Load, sent: list[str]) -> None:
    """Sends one message after the other, each until it is acknowledged; as every client must."""
    headers = {"authorization": f"Bearer {session['token']}"}
    last = False
    while not last:
        last = load.over.is_set()
        message = {"id": f"m{len(sent)}", "text": f"message {len(sent)}"}
        while (answer := await post(place, message, headers)).status_code != 202:
            assert answer.status_code == 503, answer.text
            assert answer.headers["retry-after"]
            load.refused += 1
            await asyncio.sleep(0.1)
        sent.append(message["id"])


async def post(place: Place, message: dict[str, str], headers: dict[str, str]) -> httpx.Response:
    return await place.http.post("/v1/chat/messages", json=message, headers=headers)


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


Trouble = Callable[[Load], Awaitable[None]]


async def under_load(place: Place, trouble: Trouble) -> Load:
    """Trouble in the middle of it; whatever was acknowledged is stored, and nothing else."""
    load, sessions = Load(), [await place.session() for _ in range(SHOPPERS)]
    async with asyncio.timeout(200), asyncio.TaskGroup() as group:
        for session, sent in zip(sessions, load.sent, strict=True):
            group.create_task(shopper(place, session, load, sent))
        await load.goes_on()
        await trouble(load)
        await load.goes_on()
        load.over.set()
    for session, sent in zip(sessions, load.sent, strict=True):
        assert await stored(place, session) == sent
    return load


@pytest.mark.timeout(400)
async def test_that_a_restart_of_postgresql_loses_nothing(place: Place) -> None:
    async def restart(load: Load) -> None:
        await asyncio.to_thread(place.postgres.stop)
        while not load.refused:  # until the outage is felt
            await asyncio.sleep(0.02)
        await asyncio.to_thread(place.postgres.start)

    assert (await under_load(place, restart)).refused > 0


@pytest.mark.timeout(400)
async def test_that_a_restart_of_nats_loses_nothing_and_pushes_again(place: Place) -> None:
    async def restart(load: Load) -> None:
        await asyncio.to_thread(place.nats.stop)
        await load.goes_on()
        await asyncio.to_thread(place.nats.start)

    load = await under_load(place, restart)
    assert load.refused == 0, "taking a message does not need the bus"
    async with asyncio.timeout(60):
        while (await place.http.get("/health")).json()["status"] != "ok":
            await asyncio.sleep(0.1)
