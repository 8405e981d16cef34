"""Taking one process as far as it goes, forwards or back, one committed step at a time."""

from __future__ import annotations

from dataclasses import replace

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.errors import (
    ApprovalRequiredError,
    BackendUnavailableError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
)
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.storage.database import Database
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.history import history, next_to_undo, not_undone
from switchgear_workflows.journal import OVER, Journal
from switchgear_workflows.process import (
    AwaitApproval,
    Done,
    End,
    Failed,
    Kind,
    Kinds,
    NotUndone,
    Rejected,
    Settling,
    Step,
    UndoEnd,
    Work,
)
from switchgear_workflows.tables import ProcessRecord, StepRecord

_LONGEST_REASON = 500


class Advance:
    """Moves a process from step to step.

    An effect whose end is not known, because its worker was killed or its answer was lost, is
    asked for again under its own key: found, it counts; it is never sent twice under two keys,
    and never undone before it is known.
    """

    def __init__(
        self, database: Database, approvals: Approvals, kinds: Kinds, tools: ProcessTools
    ) -> None:
        self._database = database
        self._approvals = approvals
        self._kinds = kinds
        self._tools = tools
        self._journal = Journal(database)

    async def run(self, tenant: TenantId, process_id: str, cause: Event) -> None:
        """Take the process as far as it goes now.

        A step that fails for now after another was done is handed to an event of its own; else
        the failure goes to the caller, who delivers again.
        """
        has_moved = False
        while True:
            record, steps = await self._read(tenant, process_id)
            try:
                goes_on = await self._move(record, steps, cause)
            except SwitchgearError as error:
                await self._journal.note_trouble(record, self._place(record), error.message)
                if not has_moved:
                    raise
                await self._journal.hand_over(record, cause)
                return
            if not goes_on:
                return
            has_moved = True

    async def _move(
        self, record: ProcessRecord, steps: tuple[StepRecord, ...], cause: Event
    ) -> bool:
        if record.state in OVER:
            await self._withdraw_late(record, _work(record, steps, cause))
            return False
        if record.state in ("waiting_review", "suspended"):
            return False
        kind = self._kinds.of(record.process, record.process_version)
        if kind is None:
            await self._journal.suspend(record, self._missing(record))
            return False
        work = _work(record, steps, cause)
        if record.state == "compensating":
            return await self._move_back(record, steps, kind, work, cause)
        return await self._move_on(record, kind, work, cause)

    async def _move_on(self, record: ProcessRecord, kind: Kind, work: Work, cause: Event) -> bool:
        name = kind.after(record.step)
        if name is None:
            return False
        refusal = await self._refusal(record)
        if isinstance(refusal, AwaitApproval):
            return False
        step = kind.steps[name]
        if refusal is None and step.has_effect and not await self._journal.begin(record, name):
            return True
        end = refusal or await _taken(name, step, work)
        await self._journal.commit(record, kind, name, end, cause)
        return True

    async def _move_back(
        self,
        record: ProcessRecord,
        steps: tuple[StepRecord, ...],
        kind: Kind,
        work: Work,
        cause: Event,
    ) -> bool:
        await self._withdraw(record, work)
        if record.begun is not None:
            end = await _settled(record.begun, kind.steps[record.begun], work)
            await self._journal.settle(record, record.begun, end)
            return True
        name = next_to_undo(kind, steps)
        if name is None:
            await self._journal.end(record, cause)
            return True
        refusal = await self._refusal(record)
        if isinstance(refusal, AwaitApproval):
            return False
        stays = NotUndone(refusal.reason) if refusal else None
        undone = stays or await _undone(name, kind.steps[name], work)
        await self._journal.undone(record, name, undone, cause)
        return True

    async def _withdraw(self, record: ProcessRecord, work: Work) -> None:
        """Take back the approval that the process waited for, so that nobody grants it in vain.

        One that undoing waits for stays.
        """
        approval_id = record.data.get("approval_id")
        if approval_id is None or record.waits_for is not None:
            return
        approval = await self._approvals.get(TenantId(record.tenant), approval_id)
        if approval.state in ("open", "approved"):
            await self._take_back(record, work, approval_id)

    async def _withdraw_late(self, record: ProcessRecord, work: Work) -> None:
        """Take back what a step asked for after its process had turned back without it.

        The step's worker comes here when it finds that the process moved on, and who takes up
        the event of a killed one does. What the process asks for once it was taken up again stays:
        whatever was asked before a look that finds it over is of the time before.
        """
        asked = await self._approvals.asked_under(
            work.tenant, self._tools.client.principal.id, f"{record.id}:"
        )
        for approval in asked:
            now, _ = await self._read(work.tenant, record.id)
            if now.state not in OVER:
                return
            await self._take_back(record, work, approval.id)

    async def _take_back(self, record: ProcessRecord, work: Work, approval_id: str) -> None:
        await self._tools.write(
            work,
            "workflows_decide_approval",
            key=f"{record.id}:withdraw:{approval_id}",
            id=approval_id,
            decision="withdraw",
            reason=(record.reason or "its process is over")[:_LONGEST_REASON],
        )

    async def _refusal(self, record: ProcessRecord) -> Rejected | AwaitApproval | None:
        """Return None if no approval is waited for any more, Rejected if it never will come."""
        if record.waits_for is None:
            return None
        approval = await self._approvals.get(TenantId(record.tenant), record.waits_for)
        if approval.state in ("approved", "used"):
            return None
        if approval.state == "denied":
            said = f": {approval.reason}" if approval.reason else ""
            return Rejected(f"approval denied by {approval.decided_by}{said}")
        if approval.state == "withdrawn":
            return Rejected(f"approval {approval.id} was withdrawn: {approval.reason}")
        if approval.state == "expired":
            return Rejected(f"approval {approval.id} expired undecided")
        return AwaitApproval(approval.id, approval.expires_at.isoformat())

    async def _read(
        self, tenant: TenantId, process_id: str
    ) -> tuple[ProcessRecord, tuple[StepRecord, ...]]:
        async with self._database.reading() as session:
            record = await session.get(ProcessRecord, (tenant, process_id))
            if record is None:
                raise BackendUnavailableError(f"process {process_id} is not there yet")
            is_back = record.state == "compensating"
            steps = await history(session, record) if is_back else ()
        return record, tuple(steps)

    def _place(self, record: ProcessRecord) -> str:
        kind = self._kinds.of(record.process, record.process_version)
        return (kind.after(record.step) if kind else None) or record.process

    def _missing(self, record: ProcessRecord) -> str:
        known = ", ".join(str(version) for version in self._kinds.versions(record.process))
        has = f"installed: {known}" if known else "none is installed"
        return f"version {record.process_version} of {record.process} is not installed; {has}"


async def _taken(name: str, step: Step, work: Work) -> End:
    try:
        return await step.take(work)
    except SwitchgearError as error:
        refusal = _definite(name, error)
        if isinstance(error, ApprovalRequiredError):
            return _approval(error)
        if isinstance(error, PolicyDeniedError):
            return Rejected(error.message)
        return Failed(refusal)


async def _settled(name: str, step: Step, work: Work) -> End:
    """Find out whether a step was done before its process turned back; do none of it.

    One that was done in part counts as done, so that it is undone.
    """
    asked = Settling()
    try:
        end = await step.take(replace(work, settling=asked))
    except SwitchgearError as error:
        if not (isinstance(error, NotFoundError) and asked.not_done):
            raise BackendUnavailableError(
                f"whether {name} was done is not known: {error.message}",
                retry_after_s=error.retry_after_s,
                outcome="unknown",
            ) from error
        end = Failed(error.message)
    if asked.not_done and not asked.done:
        return Failed(f"{name} was not done")
    if asked.done and not isinstance(end, Done):
        return Done(detail={"is_partial": True})
    return end


async def _undone(name: str, step: Step, work: Work) -> UndoEnd:
    if step.undo is None:
        return NotUndone(step.stays or "nothing takes it back")
    try:
        return await step.undo(work)
    except SwitchgearError as error:
        refusal = _definite(name, error)
        if isinstance(error, ApprovalRequiredError):
            return _approval(error)
        return NotUndone(refusal)


def _approval(error: ApprovalRequiredError) -> AwaitApproval:
    return AwaitApproval(error.details["approval_id"], error.details["expires_at"])


def _definite(name: str, error: SwitchgearError) -> str:
    """Return what the refusal says; raise what may end otherwise when it is tried again."""
    if error.outcome == "unknown":
        raise BackendUnavailableError(
            f"the outcome of {name} is not known: {error.message}",
            retry_after_s=error.retry_after_s,
            outcome="unknown",
        ) from error
    if error.retryable:
        raise error
    return f"{error.code}: {error.message}"


def _work(record: ProcessRecord, steps: tuple[StepRecord, ...], cause: Event) -> Work:
    return Work(
        process_id=record.id,
        tenant=TenantId(record.tenant),
        document_id=record.document_id,
        requested_by=record.requested_by,
        correlation_id=CorrelationId(record.correlation_id),
        traceparent=cause.traceparent,
        data=record.data,
        input=record.input,
        attempts=record.attempts,
        kept=frozenset(not_undone(steps)),
    )
