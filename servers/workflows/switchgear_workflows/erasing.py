"""Erase what processes that are over hold of a document that was erased."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import BackendUnavailableError
from switchgear_workflows.journal import OVER, touch
from switchgear_workflows.tables import ProcessRecord, StepRecord

ERASED = "erased_at"
"""In a process's data once its document is gone: it is never taken up again."""
_REASON = "its document was erased"
_RETRY_S = 30.0


async def erase_document(session: AsyncSession, event: Event) -> None:
    """Erase it from every process about the document; kind, steps and record stay.

    Raises:
        BackendUnavailableError: a process is not over yet; delivered again, it will be.
    """
    found = await session.scalars(
        select(ProcessRecord)
        .where(
            ProcessRecord.tenant == event.tenant,
            ProcessRecord.document_id == event.data["document_id"],
        )
        .with_for_update()
    )
    for record in found.all():
        if record.state not in OVER:
            raise BackendUnavailableError(
                f"process {record.id} is {record.state}", retry_after_s=_RETRY_S
            )
        record.input = {}
        record.data = {ERASED: event.time.isoformat()}
        record.result = {k: v for k, v in record.result.items() if k == "record_uri"}
        record.reason = _REASON
        touch(record)
        await session.execute(
            update(StepRecord)
            .where(StepRecord.tenant == record.tenant, StepRecord.process_id == record.id)
            .values(detail={})
        )
