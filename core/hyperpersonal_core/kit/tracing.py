"""Traces that cross processes: a span here, its `traceparent` in headers and envelopes.

Nothing is recorded unless the wiring passes a tracer; without one a span costs one `if`.
Source: W3C Trace Context, section 3.2 (traceparent), version 00.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
)

_FORMAT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def traceparent() -> str:
    """The present span as others may name it, or an empty text when nobody traces."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return ""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def parent_of(text: str) -> Context | None:
    """The context a `traceparent` names; None for an empty or malformed one (never an error)."""
    match = _FORMAT.fullmatch(text)
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    if not context.is_valid:
        return None
    return trace.set_span_in_context(NonRecordingSpan(context))


class Traces:
    """Opens spans. `tracer` None: does nothing."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer

    @property
    def tracer(self) -> Tracer | None:
        """For parts that open spans by themselves."""
        return self._tracer

    @contextmanager
    def span(self, name: str, parent: str = "", **attributes: str | int | float) -> Iterator[None]:
        """A span around the block, under `parent` (a traceparent) or the present span.

        `attributes` hold ids and numbers only, never bodies or secrets.
        """
        if self._tracer is None:
            yield
            return
        kind = SpanKind.CONSUMER if parent else SpanKind.INTERNAL
        with self._tracer.start_as_current_span(
            name, parent_of(parent), kind, attributes=attributes
        ):
            yield
