"""What people and agents do to processes: start, cancel and take up again."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database
from switchgear_workflows.announcing import announce_kind
from switchgear_workflows.erasing import ERASED
from switchgear_workflows.history import history, standing
from switchgear_workflows.journal import OVER, Journal, touch
from switchgear_workflows.models import Started
from switchgear_workflows.process import Kind, Kinds
from switchgear_workflows.starting import checked_input, open_process, refuse_second
from switchgear_workflows.tables import ProcessRecord

_STANDS = ("done", "not_undone")


class Changes:
    """The writes of WorkflowsBackend on processes; each joins the caller's transaction."""

    def __init__(self, database: Database, kinds: Kinds) -> None:
        self._database = database
        self._kinds = kinds
        self._journal = Journal(database)

    async def start(self, caller: Caller, process: str, given: Mapping[str, Any]) -> Started:
        """See WorkflowsBackend."""
        kind = self._kinds.newest(process)
        if kind is None:
            known = ", ".join(known.name for known in self._kinds.all())
            raise NotFoundError(f"no process {process}, only {known}", field="process")
        checked = checked_input(kind, given)
        async with self._database.writing() as session:
            record = await open_process(
                session,
                kind,
                tenant=caller.tenant,
                given=checked,
                document_id=None,
                requested_by=caller.requested_by,
                correlation_id=caller.correlation_id,
                cause=caller,
            )
            return Started(
                id=record.id,
                ref=kind.name,
                state=record.state,
                version=str(record.version),
                correlation_id=record.correlation_id,
            )

    async def cancel(self, caller: Caller, process_id: str, reason: str) -> WriteResult:
        """See WorkflowsBackend."""
        async with self._database.writing() as session:
            record = await _found(session, caller.tenant, process_id)
            if record.ends_as == "cancelled" and record.state in ("compensating", "cancelled"):
                return _written(record, changed=False)
            if record.state in (*OVER, "compensating"):
                raise ConflictError(f"process {process_id} is {record.state}", field="id")
            kind = self._kinds.of(record.process, record.process_version)
            if kind is None:
                raise ConflictError(record.reason or f"process {process_id} is suspended")
            said = f"cancelled by {caller.requested_by}: {reason}"
            await self._journal.turn_back(session, record, kind, caller, "cancelled", said)
            return _written(record)

    async def retry(self, caller: Caller, process_id: str, from_step: str | None) -> WriteResult:
        """See WorkflowsBackend."""
        async with self._database.writing() as session:
            record = await _found(session, caller.tenant, process_id)
            kind = self._kinds.of(record.process, record.process_version)
            is_over = record.state in OVER or record.state.startswith("waiting")
            if record.state != "failed" and (is_over or from_step is not None):
                raise ConflictError(f"process {process_id} is {record.state}", field="id")
            if kind is None:
                raise ConflictError(record.reason or f"process {process_id} is suspended")
            if ERASED in record.data:
                raise ConflictError(f"the document of process {process_id} was erased", field="id")
            is_changed = record.state in ("failed", "suspended")
            if record.state == "failed":
                await _begin_anew(session, record, kind, from_step)
            elif record.state == "suspended":
                record.state = "compensating" if record.ends_as else "running"
            if is_changed:
                touch(record)
            await announce_kind(
                session, record, "workflows.process.advanced", caller, step=record.step
            )
            return _written(record, changed=is_changed)


async def _begin_anew(
    session: AsyncSession, record: ProcessRecord, kind: Kind, from_step: str | None
) -> None:
    if from_step is not None and from_step not in kind.steps:
        names = ", ".join(kind.steps)
        raise InvalidRequestError(
            f"{kind.name} has no step {from_step}, only {names}", field="from_step"
        )
    last = standing(await history(session, record))
    for name in kind.steps:
        if name == from_step or from_step is None:
            break
        if name not in last or last[name].outcome not in _STANDS:
            state = last[name].outcome if name in last else "not reached"
            raise InvalidRequestError(
                f"step {name} before {from_step} is {state}: begin there", field="from_step"
            )
    if kind.subject_of is not None:
        open_key = f"{kind.name}:{kind.subject_of(record.input)}"
        await refuse_second(session, TenantId(record.tenant), open_key)
        record.open_key = open_key
    record.attempts = {
        name: record.attempts.get(name, 0) + (name not in last or last[name].outcome not in _STANDS)
        for name in kind.steps
    }
    record.state = "running"
    record.ends_as = None
    record.reason = None
    record.step = kind.before(from_step) if from_step else None


async def _found(session: AsyncSession, tenant: TenantId, process_id: str) -> ProcessRecord:
    record = await session.get(ProcessRecord, (tenant, process_id), with_for_update=True)
    if record is None:
        raise NotFoundError(f"no process {process_id}", field="id")
    return record


def _written(record: ProcessRecord, *, changed: bool = True) -> WriteResult:
    return WriteResult(
        id=record.id,
        ref=record.process,
        state=record.state,
        version=str(record.version),
        changed=changed,
    )
