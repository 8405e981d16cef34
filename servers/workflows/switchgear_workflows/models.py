"""What the workflows server speaks of: processes, their steps, and approvals."""

from datetime import datetime
from typing import Any, Literal, NewType

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page
from switchgear_shared.contracts.results import WriteResult

ProcessId = NewType("ProcessId", str)

State = Literal[
    "running",
    "waiting_approval",
    "waiting_review",
    "compensating",
    "suspended",
    "completed",
    "rejected",
    "cancelled",
    "failed",
]
"""`compensating` is being undone; `suspended` waits for the version it was started with."""

Standing = Literal["not_reached", "waiting", "done", "refused", "failed", "undone", "not_undone"]

ApprovalState = Literal["open", "approved", "denied", "withdrawn", "expired", "used"]

ApprovalDecision = Literal["approve", "deny", "withdraw"]


class Step(Contract):
    """One step of a process that was taken or undone, or was refused."""

    name: str
    outcome: Literal["done", "waiting", "refused", "failed", "undone", "not_undone"]
    at: datetime
    detail: dict[str, Any]


class StepStanding(Contract):
    """How one step stands now; `reason` says why it was refused, failed or was not undone."""

    step: str
    state: Standing
    reason: str | None


class Process(Contract):
    """One process across systems, with every step it took."""

    id: str
    process: str
    process_version: int
    state: State
    document_id: str | None
    waits_for: str | None = Field(description="Approval id, null when none is waited for.")
    waits_for_whom: str | None = Field(description="Kind of approver, or reviewer.")
    receipt: tuple[StepStanding, ...] = Field(description="Every step as it stands.")
    steps: tuple[Step, ...] = Field(description="What was done and undone, in order.")
    input: dict[str, Any]
    result: dict[str, Any]
    reason: str | None = Field(description="Why it ended so, or is tried again.")
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


class ApprovalRecord(Contract):
    """One approval whole: the very call that would run, and what policy knew of its records.

    Secrets, files and long texts in `arguments` and `facts` are masked; `called_by` is the service
    that carries the request, where one does.
    """

    id: str
    state: ApprovalState
    server: str
    tool: str
    needs: tuple[str, ...]
    arguments: dict[str, Any]
    facts: dict[str, Any]
    requested_by: str
    called_by: str
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    correlation_id: str


class ApprovalPage(Page):
    """Approvals, newest first."""

    items: tuple[ApprovalRow, ...]


class ProcessKind(Contract):
    """A kind of process: what starts it and which steps it takes."""

    process: str
    version: int
    starts_with: tuple[str, ...]
    steps: tuple[str, ...]
    undoes: tuple[str, ...] = Field(description="Steps that are undone after a failure.")
    waits_for: tuple[str, ...]
    input_schema: dict[str, Any] | None = Field(description="Of workflows_start's `input`.")


class ProcessKinds(Contract):
    """Every kind of process."""

    items: tuple[ProcessKind, ...]


class Started(WriteResult):
    """A process that was started; follow it with workflows_get."""

    correlation_id: str
