"""A real gateway on a real port, over real PostgreSQL and NATS."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from hyperpersonal_core.api import Channels, NewChannel, NewMember, Tenants
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.client import ChatConnection
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.paths import ROOT
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import Gateway, Ground, open_gateway, open_ground, open_understanding


class Shop:
    """A tenant with a channel and a member, and the gateway that serves it."""

    def __init__(self, ground: Ground, gateway: Gateway, port: int) -> None:
        self.ground, self.gateway = ground, gateway
        self.url = f"http://127.0.0.1:{port}"
        self.socket_url = f"ws://127.0.0.1:{port}/v1/chat/socket"
        self.http = httpx.AsyncClient(base_url=self.url, timeout=60)
        self.tenant_id: UUID
        self.channel_key = self.member_key = self.viewer_key = ""

    async def furnish(self) -> None:
        db, clock, ids = self.ground.db, self.ground.clock, self.ground.ids
        tenants = Tenants(db, clock, ids)
        tenant = await tenants.create_tenant(f"shop-{secrets.token_hex(4)}", "Test Shop")
        self.tenant_id = tenant.id
        channel = NewChannel("Web chat")
        self.channel_key = await Channels(db, clock, ids).create_channel(tenant.id, channel)
        member = NewMember("ada@shop.example", "Ada", "owner")
        self.member_key = await tenants.create_member(tenant.id, member)
        viewer = NewMember("vic@shop.example", "Vic", "viewer")
        self.viewer_key = await tenants.create_member(tenant.id, viewer)

    async def session(self) -> dict[str, Any]:
        body = {"channel_key": self.channel_key}
        opened = await self.http.post("/v1/chat/sessions", json=body)
        assert opened.status_code == 201, opened.text
        return dict(opened.json())

    async def connect(self, token: str, after: int = 0) -> ChatConnection:
        return await ChatConnection.open(self.url, token, after)

    def staff(self, key: str = "") -> dict[str, str]:
        return {"authorization": f"Bearer {key or self.member_key}"}


@pytest.fixture
async def shop(dsn: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A gateway for this test alone."""
    settings = Settings(data_dir=tmp_path, nats_prefix=f"t{secrets.token_hex(6)}")
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, Addresses(dsn, nats_url))
        gateway = await open_gateway(stack, ground, open_understanding(ground))
        listener = listen("127.0.0.1", 0)
        shop = Shop(ground, gateway, listener.getsockname()[1])
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        await shop.furnish()
        yield shop
        await shop.http.aclose()
        stop.set()
        await serving
        await ground.bus.drop_streams()  # a server sets room aside for each stream


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder of its own that shares the compiled guests: building one takes long."""
    cache = ROOT / ".hp" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache").symlink_to(cache)
    return tmp_path


@pytest.fixture
def props(folder: Path) -> Iterator[Props]:
    """The demo's servers, schema and shop, and nothing that serves shoppers."""
    props = Props(Settings(data_dir=folder), lambda *_: None)
    try:
        props.start()
        props.shop.wait()
        yield props
    finally:
        props.stop()
