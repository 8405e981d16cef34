"""The workflows port: processes and approvals, as tools need them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId
from switchgear_workflows.models import (
    ApprovalDecision,
    ApprovalPage,
    ApprovalRecord,
    ApprovalState,
    Process,
    ProcessKinds,
    ProcessPage,
    Started,
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
        """Return every kind of process, in the version that new ones start with."""
        ...

    async def start(self, caller: Caller, *, process: str, given: Mapping[str, Any]) -> Started:
        """Start a process under the caller's correlation.

        Raises:
            NotFoundError: no such kind.
            InvalidRequestError: the input is not of its schema, or a call cannot start it.
            ConflictError: one about the same subject is open.
        """
        ...

    async def cancel(self, caller: Caller, process_id: str, *, reason: str) -> WriteResult:
        """Have a process undone, step by step; again for one that was cancelled changes nothing.

        Raises:
            ConflictError: it is over, or being undone for another reason.
        """
        ...

    async def retry(self, caller: Caller, process_id: str, *, from_step: str | None) -> WriteResult:
        """Take a failed process up again, from its start or from `from_step`.

        What is still done is found and not done again. A suspended one goes on if its version is
        back; one that is under way is only looked at again.

        Raises:
            InvalidRequestError: an effect before `from_step` is not there.
            ConflictError: it ended otherwise, or another about the same subject is open.
        """
        ...

    async def list_approvals(
        self, tenant: TenantId, *, state: ApprovalState, cursor: str | None, limit: int
    ) -> ApprovalPage:
        """Return approvals, newest first."""
        ...

    async def get_approval(self, tenant: TenantId, approval_id: str) -> ApprovalRecord:
        """Return one approval with the whole call that it is for."""
        ...

    async def requester_of(self, tenant: TenantId, approval_id: str) -> str:
        """Return who asked for the approval: the one who may not decide it."""
        ...

    async def decide_approval(
        self,
        caller: Caller,
        approval_id: str,
        *,
        decision: ApprovalDecision,
        reason: str | None,
    ) -> WriteResult:
        """Approve or deny; the same decision again changes nothing, the other is a conflict.

        Who asked may withdraw: then nobody decides it any more, and what was granted is not used.
        One that is over stays as it is.
        """
        ...
