"""Who works on a review: claimed for a while, renewed, given back, or handed to another."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from switchgear_documents.intake import SOURCE
from switchgear_documents.review_models import ReviewClaim
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.rows import claimant, locked_review, refuse_others_claim
from switchgear_documents.tables import DocumentRecord, ReviewRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database

MayDecide = Callable[[str, str], Awaitable[bool]]
"""Whether the party of that id in that tenant decides reviews."""


class ReviewClaims:
    """Claims on open reviews; one that has run out is none."""

    def __init__(
        self,
        database: Database,
        rules: ReviewRules,
        may_decide: MayDecide,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._rules = rules
        self._may_decide = may_decide
        self._now = now

    async def claim_review(self, caller: Caller, review_id: str, *, to: str | None) -> ReviewClaim:
        """See DocumentsBackend."""
        holder = to or caller.requested_by
        is_assigned = holder != caller.requested_by
        if is_assigned and not await self._may_decide(holder, caller.tenant):
            raise InvalidRequestError(f"{holder} is no party who decides reviews", field="to")
        async with self._database.writing() as session:
            review, record = await locked_review(session, caller.tenant, review_id)
            now = self._now()
            if not is_assigned:
                refuse_others_claim(review, holder, now)
            until = now + self._rules.lease
            review.claimed_by, review.claimed_until = holder, until
            review.version += 1
            data = {
                "claimed_by": holder,
                "claimed_until": until.isoformat(),
                "assigned_by": caller.requested_by if is_assigned else None,
            }
            await emit(session, _event("claimed", review, record, caller, data))
            return _receipt(review, record)

    async def release_review(self, caller: Caller, review_id: str) -> ReviewClaim:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            review, record = await locked_review(session, caller.tenant, review_id)
            now = self._now()
            refuse_others_claim(review, caller.requested_by, now)
            is_held = claimant(review, now) is not None
            if is_held:
                review.claimed_by = review.claimed_until = None
                review.version += 1
                data = {"released_by": caller.requested_by}
                await emit(session, _event("released", review, record, caller, data))
            return _receipt(review, record, changed=is_held)


def _event(
    what: str,
    review: ReviewRecord,
    record: DocumentRecord,
    caller: Caller,
    data: Mapping[str, str | None],
) -> Event:
    return new_event(
        f"documents.review.{what}",
        source=SOURCE,
        subject=record.id,
        caller=caller.model_copy(update={"correlation_id": record.correlation_id}),
        data={"review_id": review.id, "document_id": record.id, **data},
    )


def _receipt(review: ReviewRecord, record: DocumentRecord, *, changed: bool = True) -> ReviewClaim:
    return ReviewClaim(
        id=review.id,
        state=review.state,
        version=str(review.version),
        ref=record.name,
        changed=changed,
        claimed_by=review.claimed_by,
        claimed_until=review.claimed_until,
    )
