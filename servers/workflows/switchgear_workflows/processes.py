"""The process manager: takes each process from event to event, one committed step at a time."""

from __future__ import annotations

from collections.abc import Mapping
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
        record = await self._waiting(
            event.tenant, ProcessRecord.waits_for == event.data["approval_id"]
        )
        if record is not None:
            await self._advance(event.tenant, record.id, event)

    async def review_decided(self, event: Event) -> None:
        """Start over with the reviewed document, or end with its rejection."""
        record = await self._waiting(
            event.tenant,
            ProcessRecord.document_id == event.data["document_id"],
            ProcessRecord.state == "waiting_review",
        )
        if record is None:
            return
        async with self._once("workflows-review", event) as session:
            if session is not None:
                fresh = await self._journal.get(session, event.tenant, record.id)
                if event.data["decision"] == "reject":
                    reason = f"rejected in review by {event.data['decided_by']}"
                    await self._journal.finish(session, fresh, Rejected(reason), event)
                else:
                    fresh.state = "running"
                    fresh.step = None
                    fresh.waits_for = None
                    fresh.data = {
                        "round": int(fresh.data.get("round", 0)) + 1,
                        "reviewed_by": event.data["decided_by"],
                        "accepted": fresh.data.get("doubts", [])
                        if event.data["decision"] == "approve"
                        else [],
                        "invoice_id": fresh.data.get("invoice_id"),
                        "invoice_version": fresh.data.get("invoice_version"),
                    }
                    touch(fresh)
        await self._advance(event.tenant, record.id, event)

    async def timer_due(self, event: Event) -> None:
        """Look again at a process whose approval may have expired."""
        await self._advance(event.tenant, event.data["process_id"], event)

    async def _advance(self, tenant: TenantId, process_id: str, cause: Event) -> None:
        while True:
            async with self._database.reading() as session:
                record = await self._journal.get(session, tenant, process_id)
            if record.state in _OVER or record.state == "waiting_review":
                return
            if record.state == "waiting_approval":
                ended = await self._ended_without_grant(record)
                if ended is None:
                    return
                if isinstance(ended, Rejected):
                    await self._journal.commit(record, record.step or "", ended, cause)
                    return
            kind = self._kinds[record.process]
            step = kind.after(record.step)
            if step is None:
                return
            end = await kind.steps[step](_work(record, cause))
            await self._journal.commit(record, step, end, cause)

    async def _ended_without_grant(self, record: ProcessRecord) -> Rejected | Done | None:
        """Return Done once the approval is granted, Rejected if it never will be, else None."""
        approval = await self._approvals.get(TenantId(record.tenant), record.waits_for or "")
        if approval.state in ("approved", "used"):
            return Done()
        if approval.state == "denied":
            return Rejected(f"approval denied by {approval.decided_by}: {approval.reason or ''}")
        if approval.state == "expired":
            return Rejected(f"approval {approval.id} expired undecided")
        return None

    def _once(
        self, consumer: str, event: Event
    ) -> AbstractAsyncContextManager[AsyncSession | None]:
        return once(self._database, consumer, event.id, tenant=event.tenant)

    async def _waiting(self, tenant: TenantId, *criteria: Any) -> ProcessRecord | None:
        async with self._database.reading() as session:
            found = await session.execute(
                select(ProcessRecord).where(ProcessRecord.tenant == tenant, *criteria).limit(1)
            )
            return found.scalar_one_or_none()


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
