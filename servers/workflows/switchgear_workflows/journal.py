"""What a process has come to, written down: one transaction for its row, step and events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.errors import BackendUnavailableError, InvalidRequestError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database
from switchgear_workflows.announcing import Cause, announce, announce_kind, event_of
from switchgear_workflows.history import history, next_to_undo, not_undone, note
from switchgear_workflows.process import (
    AwaitApproval,
    AwaitReview,
    Done,
    End,
    Failed,
    Kind,
    Rejected,
    UndoEnd,
)
from switchgear_workflows.tables import ProcessRecord

OVER = ("completed", "rejected", "cancelled", "failed")
"""The states that a process stays in by itself."""


class Journal:
    """The rows of processes and their steps.

    What is written says which version of the row it was decided on; where another worker, or a
    person, has moved the process on meanwhile, nothing is written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, seen: ProcessRecord, step: str) -> bool:
        """Note that the effect of `step` may be there from now on; False if the row moved on."""
        if seen.begun == step:
            return True
        async with self._database.writing() as session:
            record = await locked(session, TenantId(seen.tenant), seen.id)
            if record.version != seen.version:
                return False
            record.begun = step
            return True

    async def commit(
        self, seen: ProcessRecord, kind: Kind, step: str, end: End, cause: Cause
    ) -> None:
        """Write what taking the step came to."""
        async with self._database.writing() as session:
            record = await locked(session, TenantId(seen.tenant), seen.id)
            if record.version != seen.version:
                return
            if isinstance(end, AwaitReview) and record.document_id is None:
                end = Failed("; ".join(end.reasons))
            if isinstance(end, AwaitApproval) and _is_waiting_for(record, end):
                raise BackendUnavailableError("the approval is granted but not yet accepted")
            await note(session, record, step, end)
            record.begun = None
            record.waits_for = None
            record.reason = None
            touch(record)
            if isinstance(end, Done):
                record.step = step
                record.state = "running"
                record.data = {**record.data, **end.data}
                if kind.after(step) is None:
                    await self._complete(session, record, kind, cause)
            elif isinstance(end, AwaitApproval):
                await self._wait_for_approval(session, record, end, cause, state="waiting_approval")
            elif isinstance(end, AwaitReview):
                await self._wait_for_review(session, record, end, cause)
            else:
                ends_as = "rejected" if isinstance(end, Rejected) else "failed"
                await self.turn_back(session, record, kind, cause, ends_as, end.reason)

    async def settle(self, seen: ProcessRecord, step: str, end: End) -> None:
        """Write whether the step that was begun before the process turned back was done."""
        async with self._database.writing() as session:
            record = await locked(session, TenantId(seen.tenant), seen.id)
            if record.version != seen.version:
                return
            record.begun = None
            touch(record)
            if isinstance(end, Done):
                await note(session, record, step, end)
                record.data = {**record.data, **end.data}

    async def undone(self, seen: ProcessRecord, step: str, end: UndoEnd, cause: Cause) -> None:
        """Write what undoing the step came to."""
        async with self._database.writing() as session:
            record = await locked(session, TenantId(seen.tenant), seen.id)
            if record.version != seen.version:
                return
            if isinstance(end, AwaitApproval) and _is_waiting_for(record, end):
                raise BackendUnavailableError("the approval is granted but not yet accepted")
            await note(session, record, step, end)
            record.waits_for = None
            touch(record)
            if isinstance(end, AwaitApproval):
                await self._wait_for_approval(session, record, end, cause, state="compensating")

    async def turn_back(
        self,
        session: AsyncSession,
        record: ProcessRecord,
        kind: Kind,
        cause: Cause,
        ends_as: str,
        reason: str,
    ) -> None:
        """Have the process undone in the caller's transaction; it ends where nothing is to undo.

        An approval that it waited for is withdrawn on the way back.
        """
        has_waited = record.waits_for is not None
        record.state = "compensating"
        record.ends_as = ends_as
        record.reason = reason
        record.waits_for = None
        touch(record)
        is_undone = next_to_undo(kind, await history(session, record)) is None
        if is_undone and record.begun is None and not has_waited:
            await self._end(session, record, cause)
            return
        await announce_kind(session, record, "workflows.process.reverted", cause, reason=reason)

    async def end(self, seen: ProcessRecord, cause: Cause) -> None:
        """End a process that has nothing left to undo."""
        async with self._database.writing() as session:
            record = await locked(session, TenantId(seen.tenant), seen.id)
            if record.version == seen.version:
                touch(record)
                await self._end(session, record, cause)

    async def suspend(self, seen: ProcessRecord, reason: str) -> None:
        """Set a process aside that nobody here knows how to take further."""
        async with self._database.writing() as session:
            record = await locked(session, TenantId(seen.tenant), seen.id)
            if record.version == seen.version:
                record.state, record.reason = "suspended", reason
                touch(record)

    async def hand_over(self, seen: ProcessRecord, cause: Cause) -> None:
        """Have the next step tried under an event of its own, with attempts of its own."""
        async with self._database.writing() as session:
            await announce_kind(session, seen, "workflows.process.advanced", cause, step=seen.step)

    async def note_trouble(self, seen: ProcessRecord, step: str, message: str) -> None:
        """Let people see why a step that will be tried again was not done."""
        said = f"{step} is tried again: {message}"
        async with self._database.writing() as session:
            record = await locked(session, TenantId(seen.tenant), seen.id)
            if record.version == seen.version and record.state not in OVER and not record.ends_as:
                record.reason = said

    async def _complete(
        self, session: AsyncSession, record: ProcessRecord, kind: Kind, cause: Cause
    ) -> None:
        record.state = "completed"
        record.open_key = None
        record.result = kind.record_of(record.data)
        await announce_kind(
            session, record, "workflows.process.completed", cause, result=record.result
        )

    async def _end(self, session: AsyncSession, record: ProcessRecord, cause: Cause) -> None:
        record.state = record.ends_as or "failed"
        record.open_key = None
        record.waits_for = None
        await announce_kind(
            session,
            record,
            "workflows.process.failed",
            cause,
            reason=record.reason or "",
            state=record.state,
            not_undone=not_undone(await history(session, record)),
        )

    async def _wait_for_review(
        self, session: AsyncSession, record: ProcessRecord, end: AwaitReview, cause: Cause
    ) -> None:
        record.state = "waiting_review"
        record.data = {**record.data, **end.detail, "doubts": list(end.reasons)}
        await announce(
            session,
            record,
            "workflows.review.requested",
            cause,
            document_id=record.document_id,
            reasons=end.reasons,
        )

    async def _wait_for_approval(
        self,
        session: AsyncSession,
        record: ProcessRecord,
        end: AwaitApproval,
        cause: Cause,
        *,
        state: str,
    ) -> None:
        record.state = state
        record.waits_for = end.approval_id
        record.data = {**record.data, "approval_id": end.approval_id}
        await announce(
            session,
            record,
            "workflows.process.waiting",
            cause,
            state=state,
            waits_for="approval",
            approval_id=end.approval_id,
        )
        timer = event_of(record, "workflows.timer.due", cause, timer="approval")
        await emit(session, timer, at=datetime.fromisoformat(end.expires_at))


async def locked(session: AsyncSession, tenant: TenantId, process_id: str) -> ProcessRecord:
    """Return the row of a process, locked for a change; it must be there."""
    record = await session.get(ProcessRecord, (tenant, process_id), with_for_update=True)
    if record is None:
        raise InvalidRequestError(f"no process {process_id}")
    return record


def touch(record: ProcessRecord) -> None:
    """Note that the row has changed."""
    record.updated_at = utc_now()
    record.version += 1


def _is_waiting_for(record: ProcessRecord, end: AwaitApproval) -> bool:
    return record.waits_for == end.approval_id
