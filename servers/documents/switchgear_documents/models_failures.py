"""What the documents server says of dead letters."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from switchgear_documents.models import Answer, AnswerPage, brief_rows
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.results import WriteResult


class DeadLetterRow(Answer):
    """An event that no handler could take."""

    id: str
    event_type: str | None
    consumer: str
    error_code: str
    error_message: str
    attempts: int
    correlation_id: str | None
    failure_group: str
    died_at: datetime


class DeadLetterPage(AnswerPage):
    """Dead letters, oldest first."""

    items: Annotated[
        tuple[DeadLetterRow, ...],
        brief_rows("id, event_type, consumer, error_code, error_message, attempts, failure_group…"),
    ]


class DeadLetterRecord(Contract):
    """One dead letter whole, or what is left of it once it was decided on."""

    id: str
    state: Literal["open", "replayed", "discarded"]
    reason: str | None = Field(description="permanent, undecodable, exhausted or poison.")
    error_code: str
    error_message: str | None
    attempts: int | None
    consumer: str
    event_type: str | None
    event_id: str | None
    correlation_id: str | None
    failure_group: str | None
    died_at: datetime
    headers: dict[str, str]
    event: dict[str, Any] | None = Field(description="The event, where its body is JSON.")
    body_base64: str | None = Field(description="The body as it came.")
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None


class DeadLetterResult(WriteResult):
    """What was decided on one letter, or on those of a failure group."""

    decided_count: int
    remaining_count: int | None = Field(description="Still in the group; null: too many to count.")
