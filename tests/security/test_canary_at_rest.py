"""A credential at work in whole turns is nowhere in the database, the receipts, the traces or the
logs, though a shop says it back to the connector that used it."""

import io
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog
from fakes.sandboxed import SandboxedRig
from fakes.turns import TENANT, PageRecall, WordRouter
from fakes.web_server import WebServer, answer, web_server
from hyperpersonal_core.api import (
    Installations,
    Kv,
    NewInstallation,
    NoModel,
    ReceiptKeys,
    ReceiptSealer,
    Secrets,
    Services,
    Tools,
    TurnWorker,
    export_receipts,
)  # fmt: skip
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_runtime.api import LOOPBACK, Fetcher, Host, Ports, SealedRelease
from hyperpersonal_runtime.egress.scrub import forms
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from hyperpersonal_sdk.receipts import verify
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

AGENT = """
from hyperpersonal_sdk import *
plugin = Agent()

@plugin.reply
def reply(turn, host):
    order = host.tool("commerce.orders.get", order_id="#W1")
    return Reply(f"It is {order.status}.", confidence=0.9,
                 evidence=[Evidence("tool", "commerce.orders.get", order.status)])
"""
SHOP = """
from hyperpersonal_sdk import *
plugin = Connector()

@plugin.tool("commerce.orders.get")
def get(host, order_id):
    said = host.fetch("URL/order")
    host.log(str(said.to_json()))
    host.call("kv.put", key="last", value=said.body)
    return {"id": order_id, "status": "delivered", "said": said.body}
"""


class Shelf:
    """The two releases; the shop's address is known when it stands."""

    url = ""

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        name = digest.removeprefix("sha256:")
        source = {"order": AGENT, "shop": SHOP}[name].replace("URL", self.url)
        return SealedRelease(
            f"acme/{name}", "1.0.0", digest, "p", {"p/__init__.py": source.encode()}
        )


class CanaryRig(SandboxedRig):
    """Real sandboxes, real requests, real vault."""

    def __init__(self, db: Database, bus: Bus, traces: Traces) -> None:
        super().__init__(db, bus, traces)
        self.shelf = Shelf()
        fetcher = Fetcher(private_hosts=LOOPBACK)
        self.real = Host(default_cache(), workers=1, tracer=traces.tracer, fetcher=fetcher)

    async def open(self, site: WebServer, key: str) -> None:
        self.shelf.url = site.url
        held = Installations(self.db, self.clock, self.ids, self.vault)
        given = Secrets(self.db, self.vault, self.clock, self.journals.bundle_version)
        ports = Ports(
            memory=FakePorts(World()).ports().memory,
            tools=Tools(self.real, held, self.shelf, self.journals),
            kv=Kv(self.db, self.clock), model=NoModel(), secrets=given, journal=self.journals,
        )  # fmt: skip
        await self.real.start(ports)
        grants = ("tool:commerce.orders.read",)
        manifest = {"agent": {"labels": ["order"], "intents": []}}
        await held.install(
            TENANT,
            NewInstallation("acme/order", "1.0.0", "sha256:order", "agent", manifest, grants),
        )
        connector = NewInstallation(
            "acme/shop", "1.0.0", "sha256:shop", "connector",
            {"connector": {"tools": ["commerce.orders.get"]}},
            (f"http:GET {site.url}/*", "kv:64KiB"),
            secrets={site.url: {"Authorization": f"Bearer {key}"}},
        )  # fmt: skip
        await held.install(TENANT, connector)

    def build(self) -> TurnWorker:
        installations = Installations(self.db, self.clock, self.ids)
        return TurnWorker(
            Services(
                self.db, self.bus, self.relay, self.clock, self.ids, self.real, installations,
                self.shelf, self.journals, PageRecall(), WordRouter(), self.traces,
            ),
            self.settings,
        )  # fmt: skip


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def rig(db: Database, bus: Bus, spans: InMemorySpanExporter) -> AsyncIterator[CanaryRig]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    made = CanaryRig(db, bus, Traces(provider.get_tracer("test")))
    await made.prepare()
    yield made
    await made.stop()
    await made.real.close()
    provider.shutdown()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    out = io.StringIO()
    log.configure("debug", json=True, to=out)
    yield out
    structlog.reset_defaults()


async def dumped(dsn: str) -> str:
    """Every row of every table, bytes as hex and as text."""
    owner = await asyncpg.connect(dsn)
    names = await owner.fetch(
        "select c.oid::regclass::text as name from pg_class c"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"
    )
    rows = [str(row[0]) for name in names
            for row in await owner.fetch(f"select t::text from {name['name']} t")]  # fmt: skip
    await owner.close()
    return "\n".join(rows)


async def test_that_it_is_nowhere_at_rest(
    rig: CanaryRig, dsn: str, spans: InMemorySpanExporter, lines: io.StringIO, tmp_path: Path
) -> None:
    key = f"sk-{secrets.token_urlsafe(24)}"
    body = f"the key {key} is right, Bearer {key}".encode()
    async with web_server(answer(body, f"x-echo: {key}")) as site:
        await rig.open(site, key)
        rig.start()
        said = await rig.ask("where is my order")
        assert "delivered" in str(said[0].body)
        assert key in site.requests[0]
    keys = ReceiptKeys(tmp_path / "receipt.keys")
    assert await ReceiptSealer(rig.db, keys).seal_all() == 2
    receipts = [line async for line in export_receipts(rig.db, keys, rig.clock, TENANT)]
    assert verify(receipts, keys.public).count == 2
    told = [(span.name, dict(span.attributes or {}), span.events) for span in
            spans.get_finished_spans()]  # fmt: skip
    assert told
    whole = await dumped(dsn)
    assert "[credential]" in whole, "what the connector kept was scrubbed"
    for form in forms((f"Bearer {key}",)):
        text = form.decode()
        assert text not in whole
        assert form.hex() not in whole
        assert text not in repr(receipts) + repr(told) + lines.getvalue()


async def test_that_the_dump_would_show_it(rig: CanaryRig, dsn: str) -> None:
    key = secrets.token_hex(20)
    async with rig.db.transaction(TENANT) as connection:
        await connection.execute("update tenants set settings = $1", {"key": key})
    assert key in await dumped(dsn)
