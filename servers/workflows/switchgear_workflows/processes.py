"""The process manager: takes each process from event to event, one committed step at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import CorrelationId, TenantId, new_id, utc_now
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import once
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database
from switchgear_workflows.journal import SOURCE, Journal, touch
from switchgear_workflows.process import Done, Kind, Rejected, Work
from switchgear_workflows.tables import ProcessRecord

_OVER = ("completed", "rejected", "failed")


class ProcessManager:
    """Durable processes: what is committed is never done again, what is not is tried again.

    A step's effect in another system carries the process's own key, so a step that was killed
    between its effect and its commit finds the effect there when it is repeated.
    """

    def __init__(self, database: Database, approvals: Approvals, kinds: Mapping[str, Kind]) -> None:
        self._database = database
        self._approvals = approvals
        self._kinds = kinds
        self._journal = Journal(database, kinds)

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumers of this server."""
        return (
            Consumer("workflows-start", "documents.document.routed", self.start),
            Consumer("workflows-advance", "workflows.process.started", self.resume),
            Consumer("workflows-approval", "governance.approval.decided", self.approval_decided),
            Consumer("workflows-review", "documents.review.decided", self.review_decided),
            Consumer("workflows-timer", "workflows.timer.due", self.timer_due),
        )

    async def start(self, event: Event) -> None:
        """Open the process that a routed document asks for; once a document."""
        kind = self._kinds.get(event.data.get("process") or "")
        if kind is None:
            return
        async with self._once("workflows-start", event) as session:
            if session is None:
                return
            now = utc_now()
            record = ProcessRecord(
                tenant=event.tenant,
                id=new_id("prc"),
                process=kind.name,
                process_version=kind.version,
                state="running",
                document_id=event.data["document_id"],
                data={},
                result={},
                requested_by=event.data["requested_by"],
                correlation_id=event.correlation_id,
                started_at=now,
                updated_at=now,
                version=1,
            )
            session.add(record)
            await emit(
                session,
                new_event(
                    "workflows.process.started",
                    source=SOURCE,
                    subject=record.id,
                    cause=event,
                    data={
                        "process_id": record.id,
                        "process": kind.name,
                        "document_id": record.document_id,
                    },
                ),
            )

    async def resume(self, event: Event) -> None:
        """Take a process as far as it goes."""
        await self._advance(event.tenant, event.data["process_id"], event)

    async def approval_decided(self, event: Event) -> None:
        """Go on with the process that waits for this approval, if one does."""
        approval_id = event.data["approval_id"]
        under_way = await self._find(
            event.tenant,
            ProcessRecord.correlation_id == event.correlation_id,
            ProcessRecord.state.not_in(_OVER),
        )
        for record in under_way:
            if approval_id in (record.waits_for, record.data.get("approval_id")):
                await self._advance(event.tenant, record.id, event)

    async def review_decided(self, event: Event) -> None:
        """Start over with the reviewed document, or end with its rejection.

        Delivered again after a later step failed, it goes on with the process that it woke.
        """
        document_id, review_id = event.data["document_id"], event.data["review_id"]
        async with self._once("workflows-review", event) as session:
            if session is not None:
                waiting = await session.scalars(
                    select(ProcessRecord)
                    .where(
                        ProcessRecord.tenant == event.tenant,
                        ProcessRecord.document_id == document_id,
                        ProcessRecord.state == "waiting_review",
                    )
                    .with_for_update()
                )
                for record in waiting:
                    await self._reviewed(session, record, event)
        woken = await self._find(
            event.tenant,
            ProcessRecord.document_id == document_id,
            ProcessRecord.state == "running",
        )
        for record in woken:
            if record.data.get("review_id") == review_id:
                await self._advance(event.tenant, record.id, event)

    async def _reviewed(self, session: AsyncSession, record: ProcessRecord, event: Event) -> None:
        by, decision = event.data["decided_by"], event.data["decision"]
        if decision == "reject":
            end = Rejected(f"rejected in review by {by}")
            await self._journal.finish(session, record, end, event)
            return
        accepted = [*record.data.get("accepted", []), *record.data.get("doubts", [])]
        record.state = "running"
        record.step = None
        record.waits_for = None
        record.data = {
            "round": int(record.data.get("round", 0)) + 1,
            "review_id": event.data["review_id"],
            "reviewed_by": by,
            "accepted": accepted if decision == "approve" else [],
        }
        touch(record)

    async def timer_due(self, event: Event) -> None:
        """Look again at a process whose approval may have expired."""
        await self._advance(event.tenant, event.data["process_id"], event)

    async def _advance(self, tenant: TenantId, process_id: str, cause: Event) -> None:
        while True:
            async with self._database.reading() as session:
                record = await self._journal.get(session, tenant, process_id)
            if record.state in _OVER or record.state == "waiting_review":
                return
            kind = self._kinds[record.process]
            step = kind.after(record.step)
            if step is None:
                return
            if record.state == "waiting_approval":
                ended = await self._ended_without_grant(record)
                if ended is None:
                    return
                if isinstance(ended, Rejected):
                    await self._journal.commit(record, step, ended, cause)
                    return
            end = await kind.steps[step](_work(record, cause))
            await self._journal.commit(record, step, end, cause)

    async def _ended_without_grant(self, record: ProcessRecord) -> Rejected | Done | None:
        """Return Done once the approval is granted, Rejected if it never will be, else None."""
        approval = await self._approvals.get(TenantId(record.tenant), record.waits_for or "")
        if approval.state in ("approved", "used"):
            return Done()
        if approval.state == "denied":
            said = f": {approval.reason}" if approval.reason else ""
            return Rejected(f"approval denied by {approval.decided_by}{said}")
        if approval.state == "expired":
            return Rejected(f"approval {approval.id} expired undecided")
        return None

    def _once(
        self, consumer: str, event: Event
    ) -> AbstractAsyncContextManager[AsyncSession | None]:
        return once(self._database, consumer, event.id, tenant=event.tenant)

    async def _find(self, tenant: TenantId, *criteria: Any) -> Sequence[ProcessRecord]:
        async with self._database.reading() as session:
            found = await session.scalars(
                select(ProcessRecord).where(ProcessRecord.tenant == tenant, *criteria)
            )
            return found.all()


def _work(record: ProcessRecord, cause: Event) -> Work:
    return Work(
        process_id=record.id,
        tenant=TenantId(record.tenant),
        document_id=record.document_id,
        requested_by=record.requested_by,
        correlation_id=CorrelationId(record.correlation_id),
        traceparent=cause.traceparent,
        data=record.data,
    )
