"""When a review is due, how often it is escalated, and how long a claim holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from switchgear_documents.kinds import KINDS
from switchgear_shared.errors import InvalidRequestError


@dataclass(frozen=True)
class ReviewRules:
    """What is set for reviews; `hours_by_type` stands before `hours`."""

    hours: float = 24.0
    hours_by_type: Mapping[str, float] = field(default_factory=dict[str, float])
    escalations: int = 2
    claim_minutes: float = 30.0

    def __post_init__(self) -> None:
        unknown = sorted(self.hours_by_type.keys() - KINDS.keys())
        if unknown:
            raise InvalidRequestError(
                f"review_hours_by_type: there is no document type {unknown[0]!r}",
                field="review_hours_by_type",
            )

    @property
    def lease(self) -> timedelta:
        """How long a claim holds."""
        return timedelta(minutes=self.claim_minutes)

    def due_in(self, document_type: str | None) -> timedelta:
        """Return how long a person has for a document of this type."""
        return timedelta(hours=self.hours_by_type.get(document_type or "other", self.hours))
