"""Turn stored rows into the models that tools answer with, and look rows up."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.models import AttachmentRow, Document, DocumentRow
from switchgear_documents.reading.reading import EXACT, Check, FieldReading, Reading
from switchgear_documents.review_models import Review
from switchgear_documents.tables import DocumentRecord, ErasureRecord, ReviewRecord
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.observability.metrics import Metrics
from switchgear_shared.storage.database import Database


async def find_document(
    session: AsyncSession, tenant: str, document_id: str, *, lock: bool = False
) -> DocumentRecord:
    """Return the row of a document; NotFoundError where this tenant has none.

    Whoever changes a document or its reviews holds its row's lock, or two of them would each go
    on from what the other is about to replace.
    """
    record = await living_document(session, tenant, document_id, lock=lock)
    if record is None:
        raise NotFoundError(f"document {document_id} was erased", field="document_id")
    return record


async def living_document(
    session: AsyncSession, tenant: str, document_id: str, *, lock: bool = False
) -> DocumentRecord | None:
    """Do as `find_document`, but return None where the document was erased.

    A row and a tombstone are never both there, so the tombstone is asked for only without a row.
    """
    record = await session.get(DocumentRecord, (tenant, document_id), with_for_update=lock)
    if record is None and not await tombstone_of(session, tenant, document_id):
        raise NotFoundError(f"no document {document_id}", field="document_id")
    return record


async def tombstone_of(
    session: AsyncSession, tenant: str, document_id: str
) -> ErasureRecord | None:
    """Return what is left of an erased document, None where it was not."""
    return await session.get(ErasureRecord, (tenant, document_id))


async def hold(session: AsyncSession, name: str) -> None:
    """Have `name` to ourselves until the transaction ends.

    On SQLite the transaction is the only one that writes anyhow.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtext(f"switchgear.documents.{name}")
        await session.execute(select(func.pg_advisory_xact_lock(key)))


async def open_review_of(
    session: AsyncSession, tenant: str, document_id: str
) -> ReviewRecord | None:
    """Return the open review of a document, None where no one is asked."""
    return (
        await session.execute(
            select(ReviewRecord).where(
                ReviewRecord.tenant == tenant,
                ReviewRecord.document_id == document_id,
                ReviewRecord.state == "open",
            )
        )
    ).scalar_one_or_none()


async def locked_review(
    session: AsyncSession, tenant: str, review_id: str
) -> tuple[ReviewRecord, DocumentRecord]:
    """Return an open review with its document, locked for who changes either.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is decided.
    """
    review = await session.get(ReviewRecord, (tenant, review_id))
    if review is None:
        raise NotFoundError(f"no review {review_id}", field="review_id")
    record = await find_document(session, tenant, review.document_id, lock=True)
    await session.refresh(review)  # as whoever held the lock left it
    if review.state == "decided":
        raise ConflictError(
            f"review {review_id} was decided by {review.decided_by}: {review.decision}"
        )
    return review, record


def claimant(review: ReviewRecord, now: datetime) -> str | None:
    """Return who holds the review, None where nobody does or the claim has run out."""
    is_held = review.claimed_until is not None and review.claimed_until > now
    return review.claimed_by if is_held else None


def refuse_others_claim(review: ReviewRecord, party: str, now: datetime) -> None:
    """Raise ConflictError where somebody else holds the review."""
    holder = claimant(review, now)
    if holder not in (None, party):
        until = review.claimed_until.isoformat(timespec="seconds") if review.claimed_until else ""
        raise ConflictError(
            f"review {review.id} is claimed by {holder} until {until}", field="review_id"
        )


async def count_states(database: Database, metrics: Metrics) -> None:
    """Set how many documents are in each state."""
    async with database.reading() as session:
        found = await session.execute(
            select(DocumentRecord.state, func.count().label("documents")).group_by(
                DocumentRecord.state
            )
        )
        metrics.documents({row.state: row.documents for row in found})


def fields_of(record: DocumentRecord) -> tuple[FieldReading, ...]:
    """Return the fields as they stand: a reviewer's corrections in place of what was read."""
    read = Reading.model_validate(record.reading).fields if record.reading is not None else ()
    return _as_stand(record, read)


def _as_stand(record: DocumentRecord, read: tuple[FieldReading, ...]) -> tuple[FieldReading, ...]:
    kept = tuple(field for field in read if field.name not in record.corrections)
    corrected = tuple(
        FieldReading.model_validate(
            {"name": name, "value": value, "confidence": 1.0, "place": "corrected in review"}
        )
        for name, value in sorted(record.corrections.items())
    )
    return (*kept, *corrected)


def storable(text: str) -> str:
    """Return the text as every database keeps it: PostgreSQL refuses the NUL character."""
    return text.replace("\0", "")


def reading_of(record: DocumentRecord) -> Reading | None:
    """Return what was read, with the fields as they stand; None where nothing could be read."""
    if record.reading is None:
        return None
    reading = Reading.model_validate(record.reading)
    return reading.model_copy(update={"fields": _as_stand(record, reading.fields)})


def as_told(reading: Reading, record: DocumentRecord, *, is_part: bool) -> Reading:
    """Return the reading under the type that the sender named, if one did and it is another.

    Structured formats know better; of a file that brought others the type is theirs. A part of a
    bundle stays what it reads as, and is doubted: not all of a stack need be of one type.
    """
    told = record.given_type
    if told in (None, reading.document_type) or reading.format in EXACT or reading.attachments:
        return reading
    if is_part:
        detail = f"it reads as {reading.document_type}, its file was handed in as {told}"
        check = Check(name="type_fits_sender", passed=False, detail=detail)
        return reading.model_copy(update={"checks": (*reading.checks, check)})
    return reading.model_copy(
        update={"document_type": told, "confidence": 1.0, "classifier": "sender"}
    )


def to_row(record: DocumentRecord, snippet: str | None) -> DocumentRow:
    """Return the document as a list shows it."""
    return DocumentRow.model_validate(
        {
            "id": record.id,
            "name": record.name[:80],
            "state": record.state,
            "document_type": record.document_type,
            "party": record.party[:60] if record.party else None,
            "number": record.number[:40] if record.number else None,
            "total_gross": record.total_gross,
            "currency": record.currency,
            "received_at": record.received_at,
            "correlation_id": record.correlation_id,
            "snippet": snippet,
        }
    )


async def to_document(
    session: AsyncSession, record: DocumentRecord, links: tuple[str, ...]
) -> Document:
    """Return the document as `get` shows it, with the documents that its attachments are."""
    names = Document.model_fields.keys() - {"version", "attachments", "links"}
    values: dict[str, Any] = {name: getattr(record, name) for name in names}
    brought = await _attachments(session, record)
    return Document.model_validate(
        {**values, "version": str(record.version), "attachments": brought, "links": links}
    )


async def _attachments(session: AsyncSession, record: DocumentRecord) -> tuple[AttachmentRow, ...]:
    """Look attachments up by their bytes: an earlier message may have brought them first."""
    read = Reading.model_validate(record.reading).attachments if record.reading else ()
    if not read:
        return ()
    found = await session.execute(
        select(DocumentRecord.sha256, DocumentRecord.id).where(
            DocumentRecord.tenant == record.tenant,
            DocumentRecord.sha256.in_({attachment.sha256 for attachment in read}),
        )
    )
    ids = {row.sha256: row.id for row in found}
    return tuple(
        AttachmentRow(id=ids[attachment.sha256], name=attachment.name[:80])
        for attachment in read
        if attachment.sha256 in ids
    )


def newest_of(tenant: str, correlation_id: str) -> Select[DocumentRecord]:
    """Return the query for the document under a correlation ID: what was handed in last.

    A message comes before what it brought, which shares its ID.
    """
    return (
        select(DocumentRecord)
        .where(DocumentRecord.tenant == tenant, DocumentRecord.correlation_id == correlation_id)
        .order_by(
            DocumentRecord.parent_id.is_not(None),
            DocumentRecord.received_at.desc(),
            DocumentRecord.id.desc(),
        )
        .limit(1)
    )


def to_review(review: ReviewRecord, name: str, document_type: str | None, now: datetime) -> Review:
    """Return a review as lists show it."""
    holder = claimant(review, now)
    return Review.model_validate(
        {
            "document_type": document_type,
            "due_at": review.due_at,
            "escalation": review.escalation,
            "claimed_by": holder,
            "claimed_until": review.claimed_until if holder else None,
            "id": review.id,
            "document_id": review.document_id,
            "name": name,
            "state": review.state,
            "asked_by": review.asked_by,
            "reasons": tuple(review.reasons),
            "decision": review.decision,
            "decided_by": review.decided_by,
            "requested_at": review.requested_at,
            "correlation_id": review.correlation_id,
        }
    )
