"""Model services on this machine, and the model plugins in their jail before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from fakes.native import native_files
from hyperpersonal_runtime.calls import PROCESS_LIMITS
from hyperpersonal_runtime.egress.fetcher import Fetcher
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, Sandbox, World, default_cache
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.contract.models import GenerateAnswer, GenerateAsk
from hyperpersonal_web.model_stub.script import Script, parrot
from hyperpersonal_web.model_stub.server import StubModel
from msgspec import structs

Stub = TypeVar("Stub", bound=StubModel)
PLUGINS = Path(__file__).parents[2] / "plugins"
VENDORS = ("anthropic", "openai")
KEY = "sk-test-0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}"}
HERE = "http:POST http://127.0.0.1:*/*"


@asynccontextmanager
async def stub(
    script: Script = parrot, key: str = KEY, kind: type[Stub] = StubModel
) -> AsyncIterator[tuple[Stub, int]]:
    """A running stub and its port."""
    server = kind(script, key)
    port = await server.start()
    try:
        yield server, port
    finally:
        await server.close()


def base_url(vendor: str, port: int) -> str:
    """As each vendor's client takes it."""
    return f"http://127.0.0.1:{port}" + ("/v1" if vendor == "openai" else "")


class JailedModel:
    """A model plugin in its jail, before a stub."""

    def __init__(self, box: Sandbox, vendor: str, port: int) -> None:
        self.box = box
        self._config = {"base_url": base_url(vendor, port), "models": {"strong": "model-1"}}

    async def generate(self, *messages: dict[str, Any], **ask: Any) -> GenerateAnswer:
        asked = {"messages": messages, "model": "model-1", "config": self._config, **ask}
        result = await self.box.call("generate", msgspec.convert(asked, GenerateAsk))
        assert result.outcome == "ok", (result.detail, result.logs)
        return msgspec.json.decode(result.value, type=GenerateAnswer)


@asynccontextmanager
async def jailed(vendor: str, port: int, grants: tuple[str, ...] = (HERE,)) -> AsyncIterator[Any]:
    """The plugin with a worker host of its own."""
    entry = f"hyperpersonal_plugin_model_{vendor}"
    files = hpx.collect(PLUGINS / f"model_{vendor}")
    limits = structs.replace(PROCESS_LIMITS, deadline_ms=100_000)  # a busy machine starts slowly
    call = native_files(files, *grants, entry=entry, limits=limits)
    world = World(secrets=HEADERS)
    host = Host(default_cache(), workers=1, lanes=1, fetcher=Fetcher(private_hosts=("127.0.0.1",)))
    await host.start(FakePorts(world).ports())
    try:
        yield JailedModel(Sandbox(host, call, world), vendor, port)
    finally:
        await host.close()
