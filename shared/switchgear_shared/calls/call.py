"""What goes into the call pipeline and what comes out of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.principal import Principal
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.toolset import Tool

Transport = Literal["stdio", "sse", "http", "inprocess", "bus"]


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call on its way through the pipeline; stages replace it, never change it."""

    tool: Tool
    server: str
    arguments: Mapping[str, Any]
    principal: Principal
    correlation_id: CorrelationId
    deadline: Deadline
    transport: Transport = "inprocess"
    traceparent: str | None = None
    taint: frozenset[str] = frozenset()
    idempotency_key: str | None = None
    is_dry_run: bool = False
    preview_digest: str | None = None
    is_settling: bool = False
    """Whether it only asks what came of its key: see Request."""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    notes: dict[str, Any] = field(default_factory=dict[str, Any])
    """What stages add for the audit row; one dict for all the replacements of a call."""

    @property
    def caller(self) -> Caller:
        """The caller as the tool may see it."""
        return self.principal.to_caller(
            self.correlation_id,
            idempotency_key=self.idempotency_key,
            traceparent=self.traceparent,
        )

    @property
    def is_write(self) -> bool:
        """Whether this call would change records for real."""
        return self.tool.effect == "write" and not self.is_dry_run

    def with_(self, **changes: Any) -> Call:
        """Return this call with some fields replaced."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer: a structured result, or an error; never both."""

    correlation_id: CorrelationId
    structured: dict[str, Any] | None = None
    error: SwitchgearError | None = None
    freshness: Freshness | None = None
    is_untrusted: bool = False

    @property
    def is_error(self) -> bool:
        """Whether this outcome is an error."""
        return self.error is not None

    def unwrap(self) -> dict[str, Any]:
        """Return the structured result, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.structured or {}

    def to_body(self) -> dict[str, Any]:
        """Return what the client reads as structured content, the freshness label included."""
        if self.error is not None:
            return self.error.to_body(self.correlation_id)
        body = dict(self.structured or {})
        if self.freshness is not None:
            body["freshness"] = self.freshness.model_dump(mode="json")
        return body


Next = Callable[[Call], Awaitable[Outcome]]


class Stage(Protocol):
    """One step of the pipeline: does its part and calls `proceed`, or answers itself."""

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Handle the call; raise a SwitchgearError to refuse it."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """A call as any transport hands it over, before its tool is known."""

    server: str
    tool: str
    arguments: Mapping[str, Any]
    principal: Principal
    correlation_id: CorrelationId
    transport: Transport = "inprocess"
    timeout_s: float | None = None
    traceparent: str | None = None
    taint: frozenset[str] = frozenset()
    is_settling: bool = False
    """A write that is not wanted any more: what came of its key is answered. One that never came
    is `not_found`, and nobody does it under this key from then on. Only our own services ask so."""


class Dispatcher(Protocol):
    """Takes a request to the server that has the tool, wherever it runs."""

    async def dispatch(self, request: Request) -> Outcome:
        """Return the outcome; a server that cannot be reached is an error outcome."""
        ...
