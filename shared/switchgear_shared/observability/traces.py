"""Traces: spans that follow a call through servers, events and processes."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from switchgear_shared.errors import SwitchgearError
from switchgear_shared.observability.masking import escape_unprintable, mask_values
from switchgear_shared.observability.trace_context import (
    TraceContext,
    next_context,
    parse_traceparent,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span as ExportedSpan

    from switchgear_shared.observability.otlp import Exporter

Attribute = str | bool | int | float

_current: ContextVar[TraceContext | None] = ContextVar("current_trace", default=None)
_exporter: Exporter | None = None


def configure(
    endpoint: str | None, service: str, *, processor: SpanProcessor | None = None
) -> None:
    """Export spans to an OTLP/HTTP endpoint under the name `service`; without one, none are.

    `/v1/traces` is added to an endpoint without a path. `processor` takes the spans in its place.
    Calling it again ends the first export. OTEL_* variables hold, the sampler's included.
    """
    global _exporter  # noqa: PLW0603 - one export a process, as its logs
    shutdown()
    if endpoint is None and processor is None:
        return
    from switchgear_shared.observability import otlp  # noqa: PLC0415 - 0.3 s, only where needed

    _exporter = otlp.Exporter(service, processor or otlp.otlp_processor(endpoint or ""))


def shutdown() -> None:
    """Send what waits and stop exporting; blocks for seconds if the endpoint does not answer."""
    global _exporter
    exporter, _exporter = _exporter, None
    if exporter is not None:
        exporter.shutdown()


def current_traceparent() -> str | None:
    """Return the traceparent of the span we are in; None outside any."""
    context = _current.get()
    return context.traceparent if context else None


def span(name: str, traceparent: str | None = None, **attributes: Attribute | None) -> Span:
    """Return a span to enter: child of `traceparent`, else of the span we are in, else the first.

    A malformed `traceparent` begins a new trace.
    """
    parent = _current.get() if traceparent is None else parse_traceparent(traceparent)
    return Span(name, parent, attributes)


class Span:
    """One step of a trace: a context manager that tells when and how it ended.

    Without an endpoint it only carries the trace on. An exception ends it as failed, by its
    code: messages stay in the log.
    """

    __slots__ = ("_attributes", "_name", "_parent", "_token", "context", "exported")

    context: TraceContext
    exported: ExportedSpan | None
    """OpenTelemetry's own span; None without an endpoint."""

    def __init__(
        self, name: str, parent: TraceContext | None, attributes: dict[str, Attribute | None]
    ) -> None:
        self._name = name
        self._parent = parent
        self._attributes = attributes
        self._token: Token[TraceContext | None] | None = None
        self.exported = None

    @property
    def traceparent(self) -> str:
        """What to hand to whatever is called inside this span."""
        return self.context.traceparent

    def set(self, **attributes: Attribute | None) -> None:
        """Add attributes, with secrets masked; None is left out."""
        if self.exported is not None:
            self.exported.set_attributes(_masked(attributes))

    def fail(self, code: str) -> None:
        """Mark the step as failed with an error's code, where no exception leaves it."""
        if self.exported is not None:
            from switchgear_shared.observability.otlp import mark_failed  # noqa: PLC0415 - loaded

            mark_failed(self.exported, code)

    def __enter__(self) -> Self:
        if _exporter is None:
            self.context = next_context(self._parent)
        else:
            self.exported, self.context = _exporter.start(
                escape_unprintable(self._name), self._parent, _masked(self._attributes)
            )
        self._token = _current.set(self.context)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
        if self.exported is not None:
            if error is not None:
                self.fail(_code(error))
            self.exported.end()


def _code(error: BaseException) -> str:
    if isinstance(error, SwitchgearError):
        return error.code
    return "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__


def _masked(attributes: dict[str, Attribute | None]) -> dict[str, Any]:
    return {
        name: escape_unprintable(value) if isinstance(value, str) else value
        for name, value in mask_values(attributes).items()
        if value is not None
    }
