"""The process manager: takes each process from event to event, one committed step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import ConflictError
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import once
from switchgear_shared.storage.database import Database
from switchgear_workflows.advancing import Advance
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.erasing import erase_document
from switchgear_workflows.journal import OVER, Journal, touch
from switchgear_workflows.process import Kind, Kinds
from switchgear_workflows.starting import checked_input, open_process
from switchgear_workflows.tables import ProcessRecord

DOCUMENT_ROUTED = "documents.document.routed"
_ENDING = {"reject": "rejected", "part": "parted"}
"""Decisions of a review after which nothing is left to do with the document itself."""


class ProcessManager:
    """Durable processes: what is committed is never done again, what is not is tried again.

    A step's effect in another system carries the process's own key, so a step that was killed
    between its effect and its commit finds the effect there when it is repeated.
    """

    def __init__(
        self, database: Database, approvals: Approvals, kinds: Kinds, tools: ProcessTools
    ) -> None:
        self._database = database
        self._kinds = kinds
        self._journal = Journal(database)
        self._advance = Advance(database, approvals, kinds, tools)

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumers of this server."""
        by_event = [
            Consumer(_starter(kind), type_, partial(self.start_by_event, kind.name))
            for kind in self._kinds.all()
            if kind.input_of is not None
            for type_ in kind.starts_with
            if type_ not in (DOCUMENT_ROUTED, "workflows_start")
        ]
        return (
            Consumer("workflows-start", DOCUMENT_ROUTED, self.start),
            *by_event,
            Consumer("workflows-advance", "workflows.process.started", self.resume),
            Consumer("workflows-continue", "workflows.process.advanced", self.resume),
            Consumer("workflows-compensate", "workflows.process.reverted", self.resume),
            Consumer("workflows-approval", "governance.approval.decided", self.approval_decided),
            Consumer("workflows-review", "documents.review.decided", self.review_decided),
            Consumer("workflows-timer", "workflows.timer.due", self.timer_due),
            Consumer("workflows-erase", "documents.document.erased", self.erase),
        )

    async def start(self, event: Event) -> None:
        """Open the process that a routed document asks for; once a document."""
        kind = self._kinds.newest(event.data.get("process") or "")
        if kind is None or DOCUMENT_ROUTED not in kind.starts_with:
            return
        async with self._once("workflows-start", event) as session:
            if session is None:
                return
            await open_process(
                session,
                kind,
                tenant=event.tenant,
                given={},
                document_id=event.data["document_id"],
                requested_by=event.data["requested_by"],
                correlation_id=event.correlation_id,
                cause=event,
            )

    async def start_by_event(self, name: str, event: Event) -> None:
        """Open the process that an event asks for, unless one about the same is under way."""
        kind = self._kinds.newest(name)
        given = kind.input_of(event) if kind and kind.input_of else None
        if kind is None or given is None:
            return
        async with self._once(_starter(kind), event) as session:
            if session is None:
                return
            try:
                await open_process(
                    session,
                    kind,
                    tenant=event.tenant,
                    given=checked_input(kind, given),
                    document_id=None,
                    requested_by=event.source,
                    correlation_id=event.correlation_id,
                    cause=event,
                )
            except ConflictError:
                return

    async def resume(self, event: Event) -> None:
        """Take a process as far as it goes, forwards or back."""
        await self._advance.run(event.tenant, event.data["process_id"], event)

    async def approval_decided(self, event: Event) -> None:
        """Go on with the process that waits for this approval, if one does.

        One that is over since is looked at too: a worker killed under this event may have asked
        for an approval when it was.
        """
        approval_id = event.data["approval_id"]
        found = await self._find(event.tenant, ProcessRecord.correlation_id == event.correlation_id)
        for record in found:
            if record.state in OVER or approval_id in (
                record.waits_for,
                record.data.get("approval_id"),
            ):
                await self._advance.run(event.tenant, record.id, event)

    async def review_decided(self, event: Event) -> None:
        """Start over with the reviewed document, or end with its rejection or parting.

        Delivered again after a later step failed, it goes on with the process that it woke; one
        that is over since is looked at too, see `approval_decided`.
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
                for record in waiting.all():
                    await self._reviewed(session, record, event)
        woken = await self._find(
            event.tenant,
            ProcessRecord.document_id == document_id,
            ProcessRecord.state.in_(("running", *OVER)),
        )
        for record in woken:
            if record.state in OVER or record.data.get("review_id") == review_id:
                await self._advance.run(event.tenant, record.id, event)

    async def _reviewed(self, session: AsyncSession, record: ProcessRecord, event: Event) -> None:
        by, decision = event.data["decided_by"], event.data["decision"]
        kind = self._kinds.of(record.process, record.process_version)
        if decision in _ENDING and kind is not None:
            reason = f"{_ENDING[decision]} in review by {by}"
            record.data = {**record.data, "is_parted": decision == "part"}
            await self._journal.turn_back(session, record, kind, event, "rejected", reason)
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
        await self._advance.run(event.tenant, event.data["process_id"], event)

    async def erase(self, event: Event) -> None:
        """Erase this server's copy of a document that was erased."""
        async with self._once("workflows-erase", event) as session:
            if session is not None:
                await erase_document(session, event)
        await self._database.truncate_log()

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


def _starter(kind: Kind) -> str:
    return f"workflows-start-{kind.name.replace('_', '-')}"
