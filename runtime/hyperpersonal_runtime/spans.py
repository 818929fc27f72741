"""The trace of a hook call: one span for the call, one for each part of a guest's run, one for
each host call that takes time. Ids and names only, never what was said.

Without a tracer a span costs one `if`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Token
from types import TracebackType

from hyperpersonal_sdk.contract.outcomes import Outcome
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.frames import Done
from hyperpersonal_runtime.journal import Entry


class CallSpan:
    """`plugin.call`, under the caller's trace context. What the plugin calls is under it."""

    def __init__(self, call: HookCall, tracer: Tracer | None) -> None:
        self._call = call
        self._tracer = tracer
        self._span: Span | None = None
        self._token: Token[Context] | None = None

    def __enter__(self) -> "CallSpan":
        if self._tracer is not None:
            self._span = self._tracer.start_span("plugin.call", _parent(self._call))
            self._span.set_attributes(_attributes(self._call))
            self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._span is not None and self._token is not None:
            context.detach(self._token)
            self._span.end()

    def finish(self, outcome: Outcome, runs: list[Done]) -> None:
        """Add what the worker measured, as child spans in its own times."""
        if self._tracer is None or self._span is None:
            return
        self._span.set_attribute("plugin.outcome", outcome.value)
        for run in runs:
            start_ns = int(run.started_ms * 1e6)
            middle_ns = start_ns + int(run.instantiate_ms * 1e6)
            end_ns = middle_ns + int(run.call_ms * 1e6)
            for name, begin, end in (
                ("guest.instantiate", start_ns, middle_ns),
                ("guest.run", middle_ns, end_ns),
            ):
                self._tracer.start_span(name, start_time=begin).end(end_time=end)


@contextmanager
def host_call(tracer: Tracer | None, entry: Entry) -> Iterator[None]:
    """A host call while it is performed, under the present span."""
    if tracer is None:
        yield
        return
    attributes: dict[str, str | bool] = {
        "hostcall.path": entry.path,
        "hostcall.write": entry.write,
    }
    with tracer.start_as_current_span(f"host.{entry.name}", attributes=attributes):
        yield


def _parent(call: HookCall) -> Context | None:
    if not call.traceparent:
        return None
    return TraceContextTextMapPropagator().extract({"traceparent": call.traceparent})


def _attributes(call: HookCall) -> dict[str, str]:
    return {
        "plugin.id": call.release.plugin_id,
        "plugin.digest": call.release.digest,
        "plugin.hook": call.hook,
        "tenant.id": call.scope.tenant_id,
    }
