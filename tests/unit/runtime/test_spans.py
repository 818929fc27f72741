"""A trace goes through the sandbox: the call and the parts of its run, under the caller's span."""

from collections.abc import AsyncIterator

import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.api import Host
from hyperpersonal_runtime.frames import Done
from hyperpersonal_runtime.spans import CallSpan
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CALL = agent("host.recall('shoes')\nreturn 'x'", "memory:contact.read")


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def host(exporter: InMemorySpanExporter) -> AsyncIterator[Host]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    made = Host(default_cache(), workers=1, lanes=4, tracer=provider.get_tracer("test"))
    await made.start(FakePorts(World()).ports())
    exporter.clear()
    yield made
    await made.close()


def parent_of(span: ReadableSpan) -> str:
    return f"{span.parent.span_id:016x}" if span.parent else ""


async def test_that_a_call_is_a_span_with_the_parts_of_its_run(
    host: Host, exporter: InMemorySpanExporter
) -> None:
    result = await host.call(structs.replace(CALL, traceparent=PARENT))
    assert result.outcome is Outcome.OK, result.detail
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"plugin.call", "guest.instantiate", "guest.run", "host.memory.recall"}
    call = spans.pop("plugin.call")
    assert parent_of(call) == "b7ad6b7169203331"
    assert f"{call.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert {parent_of(span) for span in spans.values()} == {f"{call.context.span_id:016x}"}
    assert (call.attributes or {})["plugin.outcome"] == "ok"
    told = [str(span.attributes) for span in exporter.get_finished_spans()]
    assert "shoes" not in str(told), "never a body"


async def test_that_a_call_nobody_traces_begins_a_trace_and_leaves_none_behind(
    host: Host, exporter: InMemorySpanExporter
) -> None:
    await host.call(CALL)
    assert [s.name for s in exporter.get_finished_spans() if s.parent is None] == ["plugin.call"]
    assert not trace.get_current_span().get_span_context().is_valid


def test_that_without_a_tracer_nothing_is_recorded() -> None:
    with CallSpan(CALL, None) as span:
        span.finish(Outcome.OK, [Done("", "", (), 1.0, 1.0, 1.0, 1.0)])
        assert not trace.get_current_span().get_span_context().is_valid
