"""A trace goes through the sandbox: the call and the parts of its run, under the caller's span."""

import pytest
from fakes.plugins import agent
from hyperpersonal_runtime.frames import Done
from hyperpersonal_runtime.spans import CallSpan
from hyperpersonal_runtime.testing import SandboxServer
from hyperpersonal_sdk.contract.outcomes import Outcome
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    return spans


def test_that_a_call_is_a_span_with_the_parts_of_its_run(
    sandbox_server: SandboxServer, exporter: InMemorySpanExporter
) -> None:
    sandbox_server.call(agent("return 'x'"), "reply", {}, traceparent=PARENT)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"plugin.call", "guest.instantiate", "guest.run"}
    call, run = spans["plugin.call"], spans["guest.run"]
    assert call.parent is not None
    assert f"{call.parent.span_id:x}" == "b7ad6b7169203331"
    assert f"{run.context.trace_id:x}" == "af7651916cd43dd8448eb211c80319c"
    assert run.parent is not None
    assert run.parent.span_id == call.context.span_id
    assert (call.attributes or {})["plugin.outcome"] == "ok"
    assert "x" not in str(call.attributes), "never a body"


def test_that_without_a_tracer_nothing_is_recorded() -> None:
    with CallSpan(agent("return 'x'")) as span:
        span.finish(Outcome.OK, [Done("", "", (), 1.0, 1.0, 1.0, 1.0)])
