import pytest
from hyperpersonal_core.kit.tracing import Traces, parent_of, traceparent
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


def recording() -> tuple[Traces, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Traces(provider.get_tracer("test")), exporter


def test_that_without_a_tracer_nothing_happens() -> None:
    with Traces().span("turn.run", conversation_id="7"):
        assert traceparent() == ""


def test_that_a_span_continues_what_another_process_began() -> None:
    traces, exporter = recording()
    with traces.span("message.append"):
        told = traceparent()
    with traces.span("turn.run", parent=told, offset=3):
        pass
    first, second = exporter.get_finished_spans()
    assert second.parent is not None
    assert second.context.trace_id == first.context.trace_id
    assert second.parent.span_id == first.context.span_id
    assert second.attributes == {"offset": 3}


@pytest.mark.parametrize("text", ["", "00-zz-1-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_that_a_bad_traceparent_is_nobody(text: str) -> None:
    assert parent_of(text) is None
