"""The queue of reviews as people work through it: what is due first comes first."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select

from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.review_models import ClaimFilter, ReviewPage
from switchgear_documents.rows import to_review
from switchgear_documents.tables import DocumentRecord, ReviewRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.database import Database


class ReviewQueue:
    """Lists reviews."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_reviews(
        self,
        caller: Caller,
        *,
        state: str,
        claim: ClaimFilter | None,
        document_type: DocumentType | None,
        is_overdue: bool,
        reason: str | None = None,
        cursor: str | None,
        limit: int,
    ) -> ReviewPage:
        """See DocumentsBackend."""
        review, now = ReviewRecord, utc_now()
        where: list[Any] = [review.tenant == caller.tenant, review.state == state]
        if claim is not None:
            where.append(_claimed(claim, caller.requested_by, now))
        if document_type is not None:
            where.append(DocumentRecord.document_type == document_type)
        if is_overdue:
            where.append(review.due_at <= now)
        if reason is not None:
            where.append(_has_reason(reason, is_sqlite=self._database.is_sqlite))
        query = (
            select(review, DocumentRecord.name, DocumentRecord.document_type)
            .join(
                DocumentRecord,
                and_(
                    DocumentRecord.tenant == review.tenant,
                    DocumentRecord.id == review.document_id,
                ),
            )
            .order_by(review.due_at, review.id)
            .limit(limit + 1)
        )
        async with self._database.reading() as session:
            if cursor is not None:
                (last_id,) = decode_cursor("reviews", cursor, str)
                last = await session.get(review, (caller.tenant, last_id))
                if last is None:
                    raise InvalidRequestError("the cursor is not one of ours", field="cursor")
                where.append(
                    or_(
                        review.due_at > last.due_at,
                        and_(review.due_at == last.due_at, review.id > last.id),
                    )
                )
            found = (await session.execute(query.where(*where))).all()
        items = tuple(to_review(row[0], row.name, row.document_type, now) for row in found[:limit])
        has_more = len(found) > limit
        return ReviewPage(
            items=items,
            next_cursor=encode_cursor("reviews", [items[-1].id]) if has_more else None,
            truncated=has_more,
        )


def _has_reason(part: str, *, is_sqlite: bool) -> Any:
    """Return the condition for reviews with a reason that holds `part`, in any case.

    Each reason is looked at as text: in the JSON around it letters beyond ASCII are escaped.
    """
    split = func.json_each if is_sqlite else func.json_array_elements_text
    said = split(ReviewRecord.reasons).table_valued("value", name="said")
    return exists(select(1).select_from(said).where(said.c.value.icontains(part, autoescape=True)))


def _claimed(claim: ClaimFilter, by: str, now: datetime) -> Any:
    """Return the condition for reviews that `by` holds, or that nobody holds any more."""
    review = ReviewRecord
    if claim == "mine":
        return and_(review.claimed_by == by, review.claimed_until > now)
    return or_(review.claimed_until.is_(None), review.claimed_until <= now)
