"""What the workflows server speaks of: processes, their steps, and approvals."""

from datetime import datetime
from typing import Any, Literal, NewType

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page

ProcessId = NewType("ProcessId", str)

State = Literal["running", "waiting_approval", "waiting_review", "completed", "rejected", "failed"]


ApprovalState = Literal["open", "approved", "denied", "expired", "used"]


class Step(Contract):
    """One step of a process that was done, or was refused."""

    name: str
    outcome: Literal["done", "waiting", "refused"]
    at: datetime
    detail: dict[str, Any]


class Process(Contract):
    """One process across systems, with every step it took."""

    id: str
    process: str
    state: State
    document_id: str | None
    waits_for: str | None = Field(description="Approval or review id, null when nothing waits.")
    steps: tuple[Step, ...]
    result: dict[str, Any]
    reason: str | None
    requested_by: str
    correlation_id: str
    started_at: datetime
    updated_at: datetime
    version: str


class ProcessRow(Contract):
    """A process in a list."""

    id: str
    process: str
    state: State
    step: str | None
    waits_for: str | None
    document_id: str | None
    correlation_id: str
    updated_at: datetime


class ProcessPage(Page):
    """Processes, most recently started first."""

    items: tuple[ProcessRow, ...]


class ApprovalRow(Contract):
    """A call that waits for a person's approval, or was decided."""

    id: str
    state: ApprovalState
    tool: str
    summary: str
    needs: tuple[str, ...]
    requested_by: str
    decided_by: str | None
    requested_at: datetime
    expires_at: datetime
    correlation_id: str


class ApprovalPage(Page):
    """Approvals, newest first."""

    items: tuple[ApprovalRow, ...]


class ProcessKind(Contract):
    """A kind of process: what starts it and which steps it takes."""

    process: str
    starts_with: str
    steps: tuple[str, ...]
    waits_for: tuple[str, ...]


class ProcessKinds(Contract):
    """Every kind of process."""

    items: tuple[ProcessKind, ...]
