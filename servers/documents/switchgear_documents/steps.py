"""What each step does to a document and announces, in the caller's transaction."""

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents import duplicates
from switchgear_documents.intake import SOURCE
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.reviews import ask
from switchgear_documents.routing import announce_route, doubts, process_of, show
from switchgear_documents.rows import reading_of
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.event_data import DocumentModelAsked
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.messaging.outbox import emit


async def extract(session: AsyncSession, record: DocumentRecord, cause: Event) -> Event:
    """Show the fields read; returns the event that says which checks failed."""
    reading = reading_of(record)
    failed = reading.failed_checks() if reading else ()
    show(record)
    duplicates.mark(record)
    move(record, "extracted")
    extracted = new_event(
        "documents.document.extracted",
        source=SOURCE,
        subject=record.id,
        cause=cause,
        data={
            "document_id": record.id,
            "document_type": record.document_type or "other",
            "confidence": record.confidence or 0.0,
            "checks_failed": tuple(check.name for check in failed),
        },
    )
    await emit(session, extracted)
    return extracted


async def route(
    session: AsyncSession, record: DocumentRecord, cause: Event, rules: ReviewRules
) -> None:
    """Send the document on, or to a person where there is doubt."""
    reading = reading_of(record)
    reasons = doubts(record, reading) if reading else ("nothing was read",)
    if process_of(record) is not None:
        reasons += await duplicates.doubts_of_another(session, record)
    if reasons:
        await ask(session, record, reasons, asked_by=SOURCE, cause=cause, rules=rules)
        return
    move(record, "routed")
    await announce_route(session, record, cause)


def model_asked(record: DocumentRecord, decision: DocumentModelAsked, cause: Event) -> Event:
    """Return the event that a language model was asked about the document."""
    return new_event(
        "documents.model.asked",
        source=SOURCE,
        subject=record.id,
        cause=cause,
        data=decision.model_dump(mode="json"),
    )


def move(record: DocumentRecord, state: str) -> None:
    """Have the document in another state."""
    record.state = state
    record.updated_at = utc_now()
    record.version += 1
