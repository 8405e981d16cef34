"""What the documents server says of reviews."""

from datetime import datetime
from typing import Annotated, Literal, NewType

from pydantic import Field

from switchgear_documents.models import Answer, AnswerPage, TypeName, brief_rows
from switchgear_documents.reading.reading import (
    Check,
    FieldReading,
    InvoiceLine,
    PageRange,
    TypeCandidate,
)
from switchgear_shared.contracts.results import WriteResult

ReviewId = NewType("ReviewId", str)

Decision = Literal["approve", "reject", "correct", "part"]
ClaimFilter = Literal["mine", "unclaimed"]


class Review(Answer):
    """A question for a person about one document."""

    id: str
    document_id: str
    name: str
    state: Literal["open", "decided"]
    asked_by: Literal["documents", "workflows"]
    reasons: tuple[str, ...]
    document_type: TypeName
    decision: Literal["approve", "reject", "correct", "part", "cancelled"] | None
    decided_by: str | None
    requested_at: datetime
    due_at: datetime
    escalation: int = Field(description="How often it was escalated since it was due.")
    claimed_by: str | None
    claimed_until: datetime | None
    correlation_id: str


class HistoryStep(Answer):
    """One event of a document."""

    at: datetime
    what: str
    by: str | None


class ReviewDetail(Review):
    """All that is needed to decide one review."""

    media_type: str
    confidence: float | None
    candidates: Annotated[
        tuple[TypeCandidate, ...], brief_rows("document_type and confidence, the likeliest first.")
    ]
    fields: Annotated[tuple[FieldReading, ...], brief_rows("As documents_get_extraction has them.")]
    lines: Annotated[tuple[InvoiceLine, ...], brief_rows("As documents_get_extraction has them.")]
    failed_checks: Annotated[tuple[Check, ...], brief_rows("name and detail.")]
    parts: Annotated[
        tuple[PageRange, ...],
        brief_rows("Documents it seems to hold: first and last page, number, why."),
    ]
    pages: tuple[str, ...] = Field(
        description="Pictures (PNG) of the pages, in order; empty for what has no pages."
    )
    text: str = Field(description="Resource with the text.")
    history: Annotated[tuple[HistoryStep, ...], brief_rows("at, what, by; oldest first.")]


class ReviewClaim(WriteResult):
    """Who holds a review, and until when."""

    claimed_by: str | None
    claimed_until: datetime | None


class ReviewPage(AnswerPage):
    """Reviews, due first first."""

    items: Annotated[
        tuple[Review, ...], brief_rows("Each as documents_get_review begins: id, reasons, due_at…")
    ]
