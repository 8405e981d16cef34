"""The way spans leave this process: the OpenTelemetry SDK and OTLP over HTTP.

Apart from traces.py because importing this takes longer than a server's whole start should.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from switchgear_shared.observability.trace_context import TraceContext


def otlp_processor(endpoint: str) -> SpanProcessor:
    """Return what sends spans to `endpoint` in batches, from a thread of its own."""
    if urlsplit(endpoint).path in {"", "/"}:
        endpoint = f"{endpoint.rstrip('/')}/v1/traces"
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))


class Exporter:
    """The spans of one service on their way out."""

    def __init__(self, service: str, processor: SpanProcessor) -> None:
        # A provider of our own, not the global one: the MCP SDK would trace every message on it.
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("switchgear")

    def start(
        self, name: str, parent: TraceContext | None, attributes: Mapping[str, Any]
    ) -> tuple[Span, TraceContext]:
        """Start a span under `parent`, or a trace; the sampler decides whether it is recorded."""
        context = Context()
        if parent is not None:
            flags = TraceFlags(TraceFlags.SAMPLED if parent.is_sampled else TraceFlags.DEFAULT)
            ids = int(parent.trace_id, 16), int(parent.span_id, 16)
            remote = NonRecordingSpan(SpanContext(*ids, is_remote=True, trace_flags=flags))
            context = set_span_in_context(remote, context)
        started = self._tracer.start_span(name, context=context, attributes=attributes)
        ours = started.get_span_context()
        return started, TraceContext(
            f"{ours.trace_id:032x}", f"{ours.span_id:016x}", ours.trace_flags.sampled
        )

    def shutdown(self) -> None:
        """Send what waits; blocks for seconds if the endpoint does not answer."""
        self._provider.shutdown()


def mark_failed(span: Span, code: str) -> None:
    """Give `span` the status of an error."""
    span.set_status(Status(StatusCode.ERROR, code))
    span.set_attribute("error.type", code)
