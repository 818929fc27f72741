"""The trace of a hook call: one span for the call, one for each part of a guest's run."""

from types import TracebackType

from hyperpersonal_sdk.contract.outcomes import Outcome
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.frames import Done


class CallSpan:
    """`plugin.call`, under the caller's trace context. Costs next to nothing without a tracer."""

    def __init__(self, call: HookCall) -> None:
        tracer = trace.get_tracer("hyperpersonal.runtime")
        parent = None
        if call.traceparent:
            carrier = {"traceparent": call.traceparent}
            parent = TraceContextTextMapPropagator().extract(carrier)
        self._tracer = tracer
        self._span = tracer.start_span("plugin.call", context=parent)
        if self._span.is_recording():
            self._span.set_attribute("plugin.id", call.release.plugin_id)
            self._span.set_attribute("plugin.digest", call.release.digest)
            self._span.set_attribute("plugin.hook", call.hook)
            self._span.set_attribute("tenant.id", call.scope.tenant_id)

    def __enter__(self) -> "CallSpan":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._span.end()

    def finish(self, outcome: Outcome, runs: list[Done]) -> None:
        """Add what the worker measured, as child spans in its own times."""
        if not self._span.is_recording():
            return
        self._span.set_attribute("plugin.outcome", outcome.value)
        context = trace.set_span_in_context(self._span)
        for run in runs:
            start_ns = int(run.started_ms * 1e6)
            middle_ns = start_ns + int(run.instantiate_ms * 1e6)
            end_ns = middle_ns + int(run.call_ms * 1e6)
            for name, begin, end in (
                ("guest.instantiate", start_ns, middle_ns),
                ("guest.run", middle_ns, end_ns),
            ):
                child = self._tracer.start_span(name, context=context, start_time=begin)
                child.end(end_time=end)
