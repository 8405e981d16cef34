"""What keeps a document from being erased: a question, a process, a failure, news on the way."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.failures import Failures
from switchgear_documents.rows import open_review_of
from switchgear_documents.tables import (
    SETTLED,
    DeadLetterDecisionRecord,
    DocumentRecord,
    TraceRecord,
)
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import ConflictError
from switchgear_shared.storage.shared_tables import outbox

_UNDER_WAY = (
    "workflows.process.started",
    "workflows.process.advanced",
    "workflows.process.reverted",
)
_OVER = ("workflows.process.completed", "workflows.process.failed")
_TELLING = (
    "documents.document.received",
    "documents.document.linked",
    "documents.dead_letter.decided",
    "documents.model.asked",
    "documents.review.requested",
)
"""Events that say more of a document than ids: none of them may be published after it is gone."""


async def refuse_unsettled(
    session: AsyncSession, records: Sequence[DocumentRecord], failures: Failures
) -> None:
    """Raise ConflictError, naming it, where anything about the documents is still open."""
    ids = {record.id for record in records}
    for record in records:
        await _refuse_open(session, record)
    await _refuse_unpublished(session, records[0].tenant, ids)
    for correlation_id in dict.fromkeys(record.correlation_id for record in records):
        tenant = TenantId(records[0].tenant)
        letter_id = await failures.open_letter_about(tenant, correlation_id, ids)
        if letter_id is not None:
            raise ConflictError(
                f"dead letter {letter_id} is about document {records[0].id} and not decided on",
                field="document_id",
            )


async def _refuse_open(session: AsyncSession, record: DocumentRecord) -> None:
    review = await open_review_of(session, record.tenant, record.id)
    if review is not None:
        raise ConflictError(
            f"document {record.id} waits for review {review.id}", field="document_id"
        )
    process_id = await _process_under_way(session, record)
    if process_id is not None:
        raise ConflictError(
            f"document {record.id} is in process {process_id}, which is not over",
            field="document_id",
        )
    if record.state not in SETTLED and not await _is_given_up(session, record):
        raise ConflictError(f"document {record.id} is {record.state}", field="document_id")


async def _process_under_way(session: AsyncSession, record: DocumentRecord) -> str | None:
    """Return the process that has the document, as far as its events have come here."""
    trace = TraceRecord
    found = await session.execute(
        select(trace.type, trace.subject, trace.data)
        .where(
            trace.tenant == record.tenant,
            trace.correlation_id == record.correlation_id,
            trace.type.in_((*_UNDER_WAY, *_OVER)),
        )
        .order_by(trace.at, trace.event_id)
    )
    last: dict[str, str] = {
        row.subject: row.type for row in found if row.data.get("document_id") == record.id
    }
    return next((process for process, kind in last.items() if kind in _UNDER_WAY), None)


async def _is_given_up(session: AsyncSession, record: DocumentRecord) -> bool:
    """Say whether an operator discarded what would have taken the document further."""
    decided = DeadLetterDecisionRecord
    found = await session.execute(
        select(decided.dead_letter_id)
        .where(
            decided.tenant == record.tenant,
            decided.correlation_id == record.correlation_id,
            decided.decision == "discard",
        )
        .limit(1)
    )
    return found.first() is not None


async def _refuse_unpublished(session: AsyncSession, tenant: str, ids: Collection[str]) -> None:
    found = await session.execute(
        select(outbox.c.type)
        .where(outbox.c.tenant == tenant, outbox.c.type.in_(_TELLING))
        .where(or_(*(outbox.c.body.contains(each, autoescape=True) for each in ids)))
        .limit(1)
    )
    row = found.first()
    if row is not None:
        raise ConflictError(f"an event {row.type} is not published yet", field="document_id")
