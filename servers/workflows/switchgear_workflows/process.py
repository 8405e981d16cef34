"""What a process is made of: named steps, each with one of four ends."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from switchgear_shared.contracts.values import CorrelationId, TenantId


@dataclass(frozen=True, slots=True)
class Done:
    """The step's effect is there; `data` is kept for the steps that follow."""

    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class AwaitApproval:
    """The step waits until a person grants or denies the approval; then it is taken again."""

    approval_id: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class AwaitReview:
    """A person must look at the document; then the process starts over with what they say."""

    reasons: tuple[str, ...]
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Rejected:
    """The process ends without a record."""

    reason: str


End = Done | AwaitApproval | AwaitReview | Rejected


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is given: the process's identity and the data of the steps before."""

    process_id: str
    tenant: TenantId
    document_id: str | None
    requested_by: str
    correlation_id: CorrelationId
    traceparent: str | None
    data: Mapping[str, Any]

    def key(self, step: str) -> str:
        """Return the idempotency key of a step's effect: the same however often it is tried."""
        attempt = self.data.get("round", 0)
        return f"{self.process_id}:{step}:{attempt}"


Step = Callable[[Work], Awaitable[End]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of process: its steps in order. `version` rises when their meaning changes."""

    name: str
    version: int
    starts_with: str
    waits_for: tuple[str, ...]
    steps: Mapping[str, Step]
    record_of: Callable[[Mapping[str, Any]], dict[str, Any]]

    def after(self, step: str | None) -> str | None:
        """Return the step that follows `step`, the first for None, None at the end."""
        names = list(self.steps)
        position = 0 if step is None else names.index(step) + 1
        return names[position] if position < len(names) else None
