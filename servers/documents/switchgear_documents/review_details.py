"""All that a person needs to decide one review, in one answer."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.page_images import PageImages
from switchgear_documents.review_models import ReviewDetail
from switchgear_documents.rows import fields_of, find_document, reading_of, to_review
from switchgear_documents.tables import DocumentRecord, ReviewRecord, TraceRecord
from switchgear_documents.tracing import actor_of
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.database import Database


class ReviewDetails:
    """Looks one review up with its document, and the document's pages."""

    def __init__(self, database: Database, images: PageImages) -> None:
        self._database = database
        self._images = images

    async def get_review(self, tenant: TenantId, review_id: str) -> ReviewDetail:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            review = await session.get(ReviewRecord, (tenant, review_id))
            if review is None:
                raise NotFoundError(f"no review {review_id}", field="review_id")
            record = await find_document(session, tenant, review.document_id)
            history = await _history(session, record)
        reading = reading_of(record)
        shown = to_review(review, record.name, record.document_type, utc_now())
        return ReviewDetail.model_validate(
            {
                **shown.model_dump(),
                "media_type": record.media_type,
                "confidence": record.confidence,
                "candidates": reading.candidates if reading else (),
                "fields": fields_of(record),
                "lines": reading.lines if reading else (),
                "failed_checks": reading.failed_checks() if reading else (),
                "parts": reading.parts if reading else (),
                "pages": tuple(
                    f"documents://{record.id}/pages/{number}.png"
                    for number in range(1, pages_shown(record) + 1)
                ),
                "text": f"documents://{record.id}/text",
                "history": history,
            }
        )

    async def read_page(self, tenant: TenantId, document_id: str, page: int) -> bytes:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = await find_document(session, tenant, document_id)
        if page > pages_shown(record):
            raise NotFoundError(f"document {document_id} has no page {page} to show", field="page")
        return await self._images.png(record.sha256, page)


def pages_shown(record: DocumentRecord) -> int:
    """Return how many pages of the document can be shown as pictures."""
    is_drawn = record.media_type == "application/pdf" or record.media_type.startswith("image/")
    return record.pages or 0 if is_drawn else 0


async def _history(session: AsyncSession, record: DocumentRecord) -> list[dict[str, object]]:
    found = await session.scalars(
        select(TraceRecord)
        .where(
            TraceRecord.tenant == record.tenant,
            TraceRecord.correlation_id == record.correlation_id,
            TraceRecord.subject == record.id,
        )
        .order_by(TraceRecord.at, TraceRecord.event_id)
    )
    return [{"at": e.at, "what": e.type, "by": actor_of(e.data)} for e in found]
