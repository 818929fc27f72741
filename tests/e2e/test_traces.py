"""One message is one trace: gateway, NATS, turn, sandbox, host call, connector's sandbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from fakes.sandboxed import SandboxedRig
from fakes.turns import CHANNEL, CONTACT, TENANT
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.http.tokens import ContactScope
from hyperpersonal_web.keys import open_vault
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import Ground, open_gateway, open_understanding
from msgspec import structs
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

TEXT = "cancel my order #W1234567"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def rig(
    db: Database, bus: Bus, exporter: InMemorySpanExporter
) -> AsyncIterator[SandboxedRig]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    made = SandboxedRig(db, bus, Traces(provider.get_tracer("test")))
    # Only a wake-up names its trace: a sweep must not come before it where the bus is slow.
    made.settings = structs.replace(made.settings, sweep_every_s=60.0)
    await made.prepare()
    await made.begin()
    exporter.clear()  # the workers' first breath
    made.start()
    yield made
    await made.stop()
    await made.real.close()


async def post(rig: SandboxedRig, folder: Path, text: str) -> list[dict[str, str]]:
    """Send a message to a real gateway, as a browser does; the events after its reply."""
    settings = Settings(data_dir=folder)
    ground = Ground(
        settings, rig.db, rig.bus, rig.relay, rig.timeline, rig.clock, rig.ids,
        open_vault(settings, rig.db, rig.clock), rig.traces,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        gateway = await open_gateway(stack, ground, open_understanding(ground))
        listener, stop = listen("127.0.0.1", 0), asyncio.Event()
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        scope = ContactScope(TENANT, CHANNEL, CONTACT, await rig.conversation())
        headers = {"authorization": f"Bearer {gateway.tokens.mint(scope)}"}
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat/messages"
        async with httpx.AsyncClient(headers=headers, timeout=60) as http:
            sent = await http.post(address, json={"id": "m1", "text": text})
            assert sent.status_code == 202, sent.text
            asked = {"after": sent.json()["offset"], "wait": 20}
            while not (events := (await http.get(address, params=asked)).json()["events"]):
                pass
        stop.set()
        await serving
    return list(events)


async def test_that_a_message_is_one_trace_from_the_gateway_to_the_connector(
    rig: SandboxedRig, exporter: InMemorySpanExporter, tmp_path: Path
) -> None:
    events = await post(rig, tmp_path, TEXT)
    assert events[-1]["kind"] == "message"
    spans = await ended(exporter)
    chains = {chain(span, spans) for span in spans}
    assert len({span.context.trace_id for span in spans}) == 1, chains
    turn = "message.receive > turn"
    agent = f"{turn} > plugin.call reply"
    assert chains >= {
        "message.receive",
        turn,
        f"{turn} > memory.recall",
        f"{turn} > routing.decide",
        agent,
        f"{agent} > guest.run",
        f"{agent} > host.tool.call > plugin.call call_tool > guest.run",
        f"{agent} > host.tool.call > plugin.call call_tool > host.kv.put",
        f"{turn} > turn.finish",
    }
    assert "W1234567" not in str([span.attributes for span in spans]), "never a body"


async def ended(exporter: InMemorySpanExporter) -> tuple[ReadableSpan, ...]:
    """All spans; the turn's own ends a little after its reply is read."""
    async with asyncio.timeout(60):
        while not {"message.receive", "turn"} <= {s.name for s in exporter.get_finished_spans()}:
            await asyncio.sleep(0.02)
    return exporter.get_finished_spans()


def chain(span: ReadableSpan, spans: tuple[ReadableSpan, ...]) -> str:
    """Names from the root to `span`, a hook's with its name."""
    by_id = {one.context.span_id: one for one in spans}
    hook = (span.attributes or {}).get("plugin.hook", "")
    name = f"{span.name} {hook}".rstrip()
    return f"{chain(by_id[span.parent.span_id], spans)} > {name}" if span.parent else name
