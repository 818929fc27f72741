"""Where traces go: to an OpenTelemetry collector, if the operator named one; else nowhere."""

import asyncio
from contextlib import AsyncExitStack

from hyperpersonal_core.kit.tracing import Traces

TRACES_PATH = "/v1/traces"
SEND_DEADLINE_S = 5.0
SERVICE = "hyperpersonal"


def open_traces(stack: AsyncExitStack, endpoint: str) -> Traces:
    """Traces to the collector at `endpoint`; what was not sent yet is sent when the stack closes.

    Args:
        stack: closes the exporter.
        endpoint: base address of an OTLP collector over HTTP, `http://host:4318`; empty: none,
            and the exporter is not even loaded.

    Source: OTLP 1.0, "OTLP/HTTP Request": traces go to `/v1/traces` under the base address.
    """
    if not endpoint:
        return Traces()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    address = endpoint.rstrip("/").removesuffix(TRACES_PATH) + TRACES_PATH
    exporter = OTLPSpanExporter(endpoint=address, timeout=SEND_DEADLINE_S)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(exporter))

    async def close() -> None:
        await asyncio.to_thread(provider.shutdown)

    stack.push_async_callback(close)
    return Traces(provider.get_tracer(SERVICE))
