"""Spans by the OpenTelemetry SDK, with ids that are derived where another process must know them (tracing.py)."""

import threading
from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, set_span_in_context

from beckn_adapter.tracing import derived


class Ids(RandomIdGenerator):
    """Random ids, but for those that the span which this thread is making is to have."""

    def __init__(self) -> None:
        self.wanted = threading.local()

    def generate_span_id(self) -> int:
        return getattr(self.wanted, "span_id", 0) or super().generate_span_id()

    def generate_trace_id(self) -> int:
        return getattr(self.wanted, "trace_id", 0) or super().generate_trace_id()


class Spans:
    """This process's way to the collector. Settings beside the endpoint are the SDK's own (OTEL_…)."""

    def __init__(self) -> None:
        self._ids = Ids()
        resource = Resource.create({"service.name": "servicedrop"})  # OTEL_SERVICE_NAME and the like come before it
        self.provider = TracerProvider(id_generator=self._ids, resource=resource)
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self.provider.get_tracer("servicedrop")

    def record(
        self,
        name: str,
        key: tuple[str, ...],
        part: str,
        parent: str,
        times: tuple[int, int],
        said: Mapping[str, Any],
        *,
        failed: bool = False,
    ) -> None:
        """A span that is over. `part` is its place in the message's trace, "" for one that nobody stands below;
        `parent` the place that it stands below, "" for the root. `times`:
        nanoseconds since 1970."""
        wanted = self._ids.wanted
        wanted.trace_id, wanted.span_id = derived(128, *key), derived(64, *key, part) if part else 0
        above = Context()
        if parent:
            context = SpanContext(wanted.trace_id, derived(64, *key, parent), True, TraceFlags(TraceFlags.SAMPLED))
            above = set_span_in_context(NonRecordingSpan(context), above)
        attributes = {name: value for name, value in said.items() if value is not None}
        span = self._tracer.start_span(name, context=above, start_time=times[0], attributes=attributes)
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(times[1])
