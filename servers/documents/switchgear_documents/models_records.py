"""What the documents server says of retention, legal holds and erasures."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from switchgear_documents.models import Answer, AnswerPage, TypeName, brief_rows
from switchgear_shared.contracts.results import WriteResult

HoldScope = Literal["document", "correlation"]
Basis = Literal["request", "retention"]


class HoldReceipt(WriteResult):
    """A legal hold that was placed or released."""

    document_id: str
    scope: HoldScope
    reason: str


class ErasureReceipt(WriteResult):
    """What was erased with a document: itself, and what a message brought."""

    erased_ids: tuple[str, ...]


class HoldRow(Answer):
    """A legal hold; a released one says by whom, when and why."""

    id: str
    document_id: str
    correlation_id: str
    scope: HoldScope
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None


class HoldPage(AnswerPage):
    """Legal holds, the newest first."""

    items: Annotated[
        tuple[HoldRow, ...],
        brief_rows("id, document_id, scope, reason, placed_by, placed_at, released_by and more."),
    ]


class TypeRetention(Answer):
    """How long documents of a type are kept; without a period for ever."""

    document_type: TypeName
    period: str | None
    settled_count: int = Field(description="Documents whose time counts.")
    due_count: int = Field(description="Of them, past their time.")


class DocumentRetention(Answer):
    """How long one document is kept."""

    id: str
    document_type: TypeName
    settled_at: datetime | None
    due_at: datetime | None = Field(description="Null: never, or it is not settled.")
    hold_ids: tuple[str, ...]


class Retention(Answer):
    """The retention schedule, and where one document stands in it."""

    items: tuple[TypeRetention, ...]
    document: DocumentRetention | None
