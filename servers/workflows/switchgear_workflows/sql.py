"""The workflows backend on SQL rows and the approvals shared by all servers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.governance.principal import Principal
from switchgear_shared.storage.database import Database
from switchgear_workflows.answers import to_approval, to_kind, to_process, to_row
from switchgear_workflows.changes import Changes
from switchgear_workflows.history import history
from switchgear_workflows.models import (
    ApprovalDecision,
    ApprovalPage,
    ApprovalRecord,
    ApprovalRow,
    ApprovalState,
    Process,
    ProcessKinds,
    ProcessPage,
    Started,
    State,
)
from switchgear_workflows.process import Kinds
from switchgear_workflows.tables import ProcessRecord


class SqlWorkflows:
    """WorkflowsBackend over this server's process rows."""

    def __init__(self, database: Database, approvals: Approvals, kinds: Kinds) -> None:
        self._database = database
        self._approvals = approvals
        self._kinds = kinds
        self._changes = Changes(database, kinds)

    async def get_process(
        self, tenant: TenantId, *, process_id: str | None, correlation_id: str | None
    ) -> Process:
        """See WorkflowsBackend."""
        async with self._database.reading() as session:
            wanted = (
                ProcessRecord.id == process_id
                if process_id is not None
                else ProcessRecord.correlation_id == correlation_id
            )
            found = await session.execute(
                select(ProcessRecord)
                .where(ProcessRecord.tenant == tenant, wanted)
                .order_by(ProcessRecord.started_at.desc())
                .limit(1)
            )
            record = found.scalar_one_or_none()
            if record is None:
                raise NotFoundError(f"no process {process_id or f'under {correlation_id}'}")
            steps = await history(session, record)
        kind = self._kinds.of(record.process, record.process_version)
        return to_process(record, kind, steps, await self._whom(record))

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
        """See WorkflowsBackend."""
        record = ProcessRecord
        where: list[Any] = [record.tenant == tenant]
        if process is not None:
            where.append(record.process == process)
        if state is not None:
            where.append(record.state == state)
        if since is not None:
            where.append(record.started_at >= since)
        async with self._database.reading() as session:
            if cursor is not None:
                (last_id,) = decode_cursor("processes", cursor, str)
                last = await session.get(record, (tenant, last_id))
                if last is None:
                    raise InvalidRequestError("the cursor is not one of ours", field="cursor")
                where.append(
                    or_(
                        record.started_at < last.started_at,
                        and_(record.started_at == last.started_at, record.id < last.id),
                    )
                )
            found = (
                await session.execute(
                    select(record)
                    .where(*where)
                    .order_by(record.started_at.desc(), record.id.desc())
                    .limit(limit + 1)
                )
            ).scalars()
            rows = list(found)
        has_more = len(rows) > limit
        items = tuple(to_row(row) for row in rows[:limit])
        return ProcessPage(
            items=items,
            next_cursor=encode_cursor("processes", [items[-1].id]) if has_more else None,
            truncated=has_more,
        )

    async def describe(self) -> ProcessKinds:
        """See WorkflowsBackend."""
        return ProcessKinds(items=tuple(to_kind(kind) for kind in self._kinds.all()))

    async def start(self, caller: Caller, *, process: str, given: Mapping[str, Any]) -> Started:
        """See WorkflowsBackend."""
        return await self._changes.start(caller, process, given)

    async def cancel(self, caller: Caller, process_id: str, *, reason: str) -> WriteResult:
        """See WorkflowsBackend."""
        return await self._changes.cancel(caller, process_id, reason)

    async def retry(self, caller: Caller, process_id: str, *, from_step: str | None) -> WriteResult:
        """See WorkflowsBackend."""
        return await self._changes.retry(caller, process_id, from_step)

    async def list_approvals(
        self, tenant: TenantId, *, state: ApprovalState, cursor: str | None, limit: int
    ) -> ApprovalPage:
        """See WorkflowsBackend."""
        found, next_cursor = await self._approvals.list(
            tenant, state=state, cursor=cursor, limit=limit
        )
        return ApprovalPage(
            items=tuple(
                ApprovalRow(
                    id=item.id,
                    state=item.state,
                    tool=item.tool,
                    summary=item.summary[:300],
                    needs=item.kinds,
                    requested_by=item.requested_by,
                    decided_by=item.decided_by,
                    requested_at=item.created_at,
                    expires_at=item.expires_at,
                    correlation_id=item.correlation_id,
                )
                for item in found
            ),
            next_cursor=next_cursor,
            truncated=next_cursor is not None,
        )

    async def get_approval(self, tenant: TenantId, approval_id: str) -> ApprovalRecord:
        """See WorkflowsBackend."""
        return to_approval(await self._approvals.get(tenant, approval_id))

    async def requester_of(self, tenant: TenantId, approval_id: str) -> str:
        """See WorkflowsBackend."""
        return (await self._approvals.get(tenant, approval_id)).requested_by

    async def decide_approval(
        self,
        caller: Caller,
        approval_id: str,
        *,
        decision: ApprovalDecision,
        reason: str | None,
    ) -> WriteResult:
        """See WorkflowsBackend."""
        before = await self._approvals.get(caller.tenant, approval_id)
        by, said = Principal.of(caller), reason or ""
        if decision == "withdraw":
            approval = await self._approvals.withdraw(approval_id, by, said)
        else:
            approval = await self._approvals.decide(approval_id, decision, by, said)
        return WriteResult(
            id=approval.id,
            ref=approval.tool,
            state=approval.state,
            version="1",
            changed=approval.state != before.state,
        )

    async def _whom(self, record: ProcessRecord) -> str | None:
        if record.state == "waiting_review":
            return "reviewer"
        if record.waits_for is None:
            return None
        approval = await self._approvals.get(TenantId(record.tenant), record.waits_for)
        return ", ".join(approval.kinds)
