"""The workflows port: processes and approvals, as tools need them."""

from datetime import datetime
from typing import Literal, Protocol

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId
from switchgear_workflows.models import (
    ApprovalPage,
    ApprovalState,
    Process,
    ProcessKinds,
    ProcessPage,
    State,
)


class WorkflowsBackend(Protocol):
    """Processes that survive a kill at any line, and the approvals that calls wait for."""

    async def get_process(
        self, tenant: TenantId, *, process_id: str | None, correlation_id: str | None
    ) -> Process:
        """Return one process with its steps, by either id."""
        ...

    async def list_processes(
        self,
        tenant: TenantId,
        *,
        process: str | None,
        state: State | None,
        since: datetime | None,
        cursor: str | None,
        limit: int,
    ) -> ProcessPage:
        """Return processes, most recently started first."""
        ...

    async def describe(self) -> ProcessKinds:
        """Return every kind of process."""
        ...

    async def list_approvals(
        self, tenant: TenantId, *, state: ApprovalState, cursor: str | None, limit: int
    ) -> ApprovalPage:
        """Return approvals, newest first."""
        ...

    async def requester_of(self, tenant: TenantId, approval_id: str) -> str:
        """Return who asked for the approval: the one who may not decide it."""
        ...

    async def decide_approval(
        self,
        caller: Caller,
        approval_id: str,
        *,
        decision: Literal["approve", "deny"],
        reason: str | None,
    ) -> WriteResult:
        """Approve or deny; the same decision again changes nothing, the other is a conflict."""
        ...
