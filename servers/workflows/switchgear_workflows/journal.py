"""What a process has come to, written down: one transaction for its row, step and events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.errors import BackendUnavailableError, InvalidRequestError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database
from switchgear_workflows.process import AwaitApproval, AwaitReview, Done, End, Kind, Rejected
from switchgear_workflows.tables import ProcessRecord, StepRecord

SOURCE = "workflows"


class Journal:
    """The rows of processes and their steps."""

    def __init__(self, database: Database, kinds: Mapping[str, Kind]) -> None:
        self._database = database
        self._kinds = kinds

    async def commit(self, seen: ProcessRecord, step: str, end: End, cause: Event) -> None:
        """Write what the step came to, unless another worker has moved the process on."""
        async with self._database.writing() as session:
            record = await self.get(session, TenantId(seen.tenant), seen.id, lock=True)
            if record.version != seen.version:
                return
            await self._note(session, record, step, end)
            if isinstance(end, Done):
                record.step = step
                record.state = "running"
                record.waits_for = None
                record.data = {**record.data, **end.data}
                touch(record)
                if self._kinds[record.process].after(step) is None:
                    await self.finish(session, record, end, cause)
            elif isinstance(end, AwaitApproval):
                await self._wait_for_approval(session, record, end, cause)
            elif isinstance(end, AwaitReview):
                record.state = "waiting_review"
                record.data = {**record.data, **end.detail, "doubts": list(end.reasons)}
                touch(record)
                await emit(
                    session,
                    new_event(
                        "workflows.review.requested",
                        source=SOURCE,
                        subject=record.id,
                        cause=cause,
                        data={
                            "process_id": record.id,
                            "document_id": record.document_id,
                            "reasons": end.reasons,
                        },
                    ),
                )
            else:
                await self.finish(session, record, end, cause)

    async def _wait_for_approval(
        self, session: AsyncSession, record: ProcessRecord, end: AwaitApproval, cause: Event
    ) -> None:
        if record.state == "waiting_approval" and record.waits_for == end.approval_id:
            raise BackendUnavailableError("the approval is granted but not yet accepted")
        record.state = "waiting_approval"
        record.waits_for = end.approval_id
        record.data = {**record.data, "approval_id": end.approval_id}
        touch(record)
        await emit(
            session,
            new_event(
                "workflows.process.waiting",
                source=SOURCE,
                subject=record.id,
                cause=cause,
                data={
                    "process_id": record.id,
                    "state": record.state,
                    "waits_for": "approval",
                    "approval_id": end.approval_id,
                },
            ),
        )
        await emit(
            session,
            new_event(
                "workflows.timer.due",
                source=SOURCE,
                subject=record.id,
                cause=cause,
                data={"process_id": record.id, "timer": "approval"},
            ),
            at=datetime.fromisoformat(end.expires_at),
        )

    async def finish(
        self, session: AsyncSession, record: ProcessRecord, end: Done | Rejected, cause: Event
    ) -> None:
        """End a process in the caller's transaction, and announce how it ended."""
        record.waits_for = None
        touch(record)
        if isinstance(end, Rejected):
            record.state = "rejected"
            record.reason = end.reason
            type_, data = "workflows.process.failed", {"reason": end.reason}
        else:
            record.state = "completed"
            record.result = self._kinds[record.process].record_of(record.data)
            type_, data = "workflows.process.completed", {"result": record.result}
        await emit(
            session,
            new_event(
                type_,
                source=SOURCE,
                subject=record.id,
                cause=cause,
                data={
                    "process_id": record.id,
                    "process": record.process,
                    "document_id": record.document_id,
                    **data,
                },
            ),
        )

    async def _note(
        self, session: AsyncSession, record: ProcessRecord, step: str, end: End
    ) -> None:
        count = await session.scalar(
            select(func.count()).where(
                StepRecord.tenant == record.tenant, StepRecord.process_id == record.id
            )
        )
        outcome, detail = _described(end)
        session.add(
            StepRecord(
                tenant=record.tenant,
                process_id=record.id,
                number=(count or 0) + 1,
                name=step,
                outcome=outcome,
                detail=detail,
                at=utc_now(),
            )
        )

    async def get(
        self, session: AsyncSession, tenant: TenantId, process_id: str, *, lock: bool = False
    ) -> ProcessRecord:
        """Return the row of a process, locked for a change if asked; it must be there."""
        record = await session.get(ProcessRecord, (tenant, process_id), with_for_update=lock)
        if record is None:
            raise InvalidRequestError(f"no process {process_id}")
        return record


def touch(record: ProcessRecord) -> None:
    """Note that the row has changed."""
    record.updated_at = utc_now()
    record.version += 1


def _described(end: End) -> tuple[str, dict[str, Any]]:
    if isinstance(end, Done):
        return "done", dict(end.detail)
    if isinstance(end, AwaitApproval):
        return "waiting", {"approval_id": end.approval_id, "expires_at": end.expires_at}
    if isinstance(end, AwaitReview):
        return "waiting", {"reasons": list(end.reasons)}
    return "refused", {"reason": end.reason}
