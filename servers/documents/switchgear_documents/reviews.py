"""Ask a person about a document, and carry their decision on."""

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.intake import SOURCE
from switchgear_documents.models import Decision, ReviewPage
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.routing import announce_route, show
from switchgear_documents.rows import find_document, open_review_of, to_review
from switchgear_documents.tables import DocumentRecord, ReviewRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id, utc_now
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database


async def ask(
    session: AsyncSession,
    record: DocumentRecord,
    reasons: tuple[str, ...],
    *,
    asked_by: str,
    cause: Event,
) -> None:
    """Open a review in the caller's transaction; one that is open takes the reasons in."""
    review = await open_review_of(session, record.tenant, record.id)
    if review is not None:
        review.reasons = [*review.reasons, *(r for r in reasons if r not in review.reasons)]
        review.version += 1
        return
    review = ReviewRecord(
        tenant=record.tenant,
        id=new_id("rev"),
        document_id=record.id,
        state="open",
        asked_by=asked_by,
        reasons=list(reasons),
        requested_at=utc_now(),
        correlation_id=record.correlation_id,
        version=1,
    )
    session.add(review)
    record.state = "in_review"
    record.updated_at = utc_now()
    record.version += 1
    await emit(
        session,
        new_event(
            "documents.review.requested",
            source=SOURCE,
            subject=record.id,
            cause=cause,
            data={"review_id": review.id, "document_id": record.id, "reasons": reasons},
        ),
    )


class Reviews:
    """The queue of reviews and their decisions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_reviews(
        self, tenant: TenantId, *, state: str, cursor: str | None, limit: int
    ) -> ReviewPage:
        """See DocumentsBackend."""
        query = (
            select(ReviewRecord, DocumentRecord.name)
            .join(
                DocumentRecord,
                and_(
                    DocumentRecord.tenant == ReviewRecord.tenant,
                    DocumentRecord.id == ReviewRecord.document_id,
                ),
            )
            .where(ReviewRecord.tenant == tenant, ReviewRecord.state == state)
            .order_by(ReviewRecord.requested_at, ReviewRecord.id)
            .limit(limit + 1)
        )
        async with self._database.reading() as session:
            if cursor is not None:
                (last_id,) = decode_cursor("reviews", cursor, str)
                last = await session.get(ReviewRecord, (tenant, last_id))
                if last is None:
                    raise InvalidRequestError("the cursor is not one of ours", field="cursor")
                query = query.where(
                    or_(
                        ReviewRecord.requested_at > last.requested_at,
                        and_(
                            ReviewRecord.requested_at == last.requested_at,
                            ReviewRecord.id > last.id,
                        ),
                    )
                )
            found = (await session.execute(query)).all()
        items = tuple(to_review(review, name) for review, name in found[:limit])
        has_more = len(found) > limit
        return ReviewPage(
            items=items,
            next_cursor=encode_cursor("reviews", [items[-1].id]) if has_more else None,
            truncated=has_more,
        )

    async def decide(
        self,
        caller: Caller,
        review_id: str,
        *,
        decision: Decision,
        document_type: DocumentType | None,
        fields: dict[str, str],
        reason: str | None,
    ) -> WriteResult:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            review = await session.get(ReviewRecord, (caller.tenant, review_id))
            if review is None:
                raise NotFoundError(f"no review {review_id}", field="review_id")
            record = await find_document(session, caller.tenant, review.document_id, lock=True)
            await session.refresh(review)  # as whoever held the lock left it
            if review.state == "decided":
                raise ConflictError(
                    f"review {review_id} was decided by {review.decided_by}: {review.decision}"
                )
            review.state = "decided"
            review.decision = decision
            review.decided_by = caller.requested_by
            review.decision_reason = reason
            review.decided_at = utc_now()
            review.version += 1
            decided = new_event(
                "documents.review.decided",
                source=SOURCE,
                subject=record.id,
                caller=caller.model_copy(update={"correlation_id": record.correlation_id}),
                data={
                    "review_id": review.id,
                    "document_id": record.id,
                    "decision": decision,
                    "decided_by": caller.requested_by,
                },
            )
            await emit(session, decided)
            if decision == "correct":
                record.corrections = {**record.corrections, **fields}
                record.document_type = document_type or record.document_type
                show(record)
            record.state = "rejected" if decision == "reject" else "routed"
            record.updated_at = utc_now()
            record.version += 1
            if decision != "reject" and review.asked_by == SOURCE:
                await announce_route(session, record, decided)
            return WriteResult(
                id=review.id, state=record.state, version=str(review.version), ref=record.name
            )
