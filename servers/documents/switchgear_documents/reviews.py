"""Ask a person about a document, and carry their decision on."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.duplicates import mark
from switchgear_documents.intake import SOURCE
from switchgear_documents.page_ranges import plan, refuse_half_parted
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.review_models import Decision
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.routing import announce_route, show
from switchgear_documents.rows import (
    claimant,
    locked_review,
    open_review_of,
    refuse_others_claim,
)
from switchgear_documents.tables import DocumentRecord, ReviewRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import new_id, utc_now
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database


async def ask(
    session: AsyncSession,
    record: DocumentRecord,
    reasons: tuple[str, ...],
    *,
    asked_by: str,
    cause: Event,
    rules: ReviewRules,
) -> None:
    """Open a review in the caller's transaction; one that is open takes the reasons in.

    The timer of when it is due is set with it.
    """
    review = await open_review_of(session, record.tenant, record.id)
    if review is not None:
        review.reasons = [*review.reasons, *(r for r in reasons if r not in review.reasons)]
        review.version += 1
        return
    now = utc_now()
    review = ReviewRecord(
        tenant=record.tenant,
        id=new_id("rev"),
        document_id=record.id,
        state="open",
        asked_by=asked_by,
        reasons=list(reasons),
        requested_at=now,
        due_at=now + rules.due_in(record.document_type),
        escalation=0,
        correlation_id=record.correlation_id,
        version=1,
    )
    session.add(review)
    record.state = "in_review"
    record.updated_at = now
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
    if rules.escalations:
        await set_timer(session, review, review.due_at, cause)


async def cancel(session: AsyncSession, record: DocumentRecord, reason: str, cause: Event) -> None:
    """Close the document's review, if it is open: nobody needs the answer any more."""
    review = await open_review_of(session, record.tenant, record.id)
    if review is None:
        return
    review.state, review.decision = "decided", "cancelled"
    review.claimed_by = review.claimed_until = None
    review.decided_by, review.decision_reason = cause.source, reason
    review.decided_at = utc_now()
    review.version += 1
    await emit(
        session,
        new_event(
            "documents.review.cancelled",
            source=SOURCE,
            subject=record.id,
            cause=cause,
            data={"review_id": review.id, "document_id": record.id, "reason": reason},
        ),
    )


async def set_timer(
    session: AsyncSession, review: ReviewRecord, at: datetime, cause: Event
) -> None:
    """Have it told at a moment that the review is due, unless it was decided by then."""
    due = new_event(
        "documents.review.due",
        source=SOURCE,
        subject=review.document_id,
        cause=cause,
        data={
            "review_id": review.id,
            "document_id": review.document_id,
            "level": review.escalation + 1,
        },
    )
    await emit(session, due, at=at)


async def escalate(
    session: AsyncSession, review: ReviewRecord, due: Event, rules: ReviewRules
) -> None:
    """Raise an open review by the level its timer is for, and set the timer of the next.

    A decided review stays as it is, and so does one whose level was raised before.
    """
    if review.state != "open" or review.escalation != due.data["level"] - 1:
        return
    review.escalation += 1
    review.version += 1
    now = utc_now()
    await emit(
        session,
        new_event(
            "documents.review.escalated",
            source=SOURCE,
            subject=review.document_id,
            cause=due,
            data={
                "review_id": review.id,
                "document_id": review.document_id,
                "level": review.escalation,
                "due_at": review.due_at.isoformat(),
                "claimed_by": claimant(review, now),
            },
        ),
    )
    if review.escalation < rules.escalations:
        await set_timer(session, review, now + (review.due_at - review.requested_at), due)


class Reviews:
    """Decisions on reviews."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def decide_review(
        self,
        caller: Caller,
        review_id: str,
        *,
        decision: Decision,
        document_type: DocumentType | None,
        fields: dict[str, str],
        reason: str | None,
        parts: str | None = None,
    ) -> WriteResult:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            review, record = await locked_review(session, caller.tenant, review_id)
            refuse_others_claim(review, caller.requested_by, utc_now())
            if parts is not None:
                plan(record, parts)
            elif decision != "reject":
                refuse_half_parted(record, document_type)
            review.state = "decided"
            review.claimed_by = review.claimed_until = None
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
                mark(record)
            record.state = "rejected" if decision == "reject" else "routed"
            record.updated_at = utc_now()
            record.version += 1
            if decision in ("approve", "correct") and review.asked_by == SOURCE:
                await announce_route(session, record, decided)
            return WriteResult(
                id=review.id, state=record.state, version=str(review.version), ref=record.name
            )
