"""What each type of event says: one data model a type, and the registry of them all."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from switchgear_shared.contracts import business_event_data as business
from switchgear_shared.contracts import process_event_data as process
from switchgear_shared.contracts.model import Contract

Ratio = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Bytes = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class DocumentReceived(Contract):
    """A document came in and its bytes are stored."""

    document_id: str
    name: str
    media_type: str
    sha256: Sha256
    size_bytes: Bytes
    submitted_by: str


class DocumentClassified(Contract):
    """A document's type was recognised."""

    document_id: str
    document_type: str
    confidence: Ratio
    classifier: str


class DocumentExtracted(Contract):
    """A document's fields were read and checked."""

    document_id: str
    document_type: str
    confidence: Ratio
    checks_failed: tuple[str, ...]


class DocumentModelAsked(Contract):
    """A language model was asked about a document, or passed over for a reason.

    `cost_micro` is in millionths of the operator's currency; after a failure it is what the call
    may have cost.
    """

    document_id: str
    task: Literal["classify", "extract"]
    model: str
    outcome: Literal["answered", "failed", "skipped"]
    reason: str | None
    cost_micro: Count
    input_tokens: Count
    output_tokens: Count
    latency_ms: Count


class DocumentRouted(Contract):
    """A document was handed to its process; without one it is only filed."""

    document_id: str
    document_type: str
    process: str | None
    requested_by: str


class DocumentFiled(Contract):
    """A document reached its end and is kept."""

    document_id: str


class DocumentLinked(Contract):
    """Somebody said that a document belongs to a record."""

    document_id: str
    record_uri: str
    linked_by: str


class DocumentErased(Contract):
    """A document and all that it said are gone; its copies elsewhere are to go too.

    `basis` is a person's request or the retention schedule.
    """

    document_id: str
    document_type: str | None
    basis: Literal["request", "retention"]
    erased_by: str
    reason: str


class HoldPlaced(Contract):
    """A document, or all under its correlation ID, is not to be erased."""

    hold_id: str
    document_id: str
    scope: Literal["document", "correlation"]
    placed_by: str


class HoldReleased(Contract):
    """A legal hold is over."""

    hold_id: str
    document_id: str
    scope: Literal["document", "correlation"]
    released_by: str


class ReviewRequested(Contract):
    """A person is asked to look at a document."""

    review_id: str
    document_id: str
    reasons: tuple[str, ...]


class ReviewDecided(Contract):
    """A person decided on a document."""

    review_id: str
    document_id: str
    decision: Literal["approve", "reject", "correct", "part"]
    decided_by: str


class ReviewCancelled(Contract):
    """Nobody needs to decide any more: the process that asked is over."""

    review_id: str
    document_id: str
    reason: str


class ReviewClaimed(Contract):
    """A person took a review on until a moment, or was given it by another."""

    review_id: str
    document_id: str
    claimed_by: str
    claimed_until: AwareDatetime
    assigned_by: str | None


class ReviewReleased(Contract):
    """A person gave a review back to the queue."""

    review_id: str
    document_id: str
    released_by: str


class ReviewDue(Contract):
    """The moment by which a review was to be decided has come."""

    review_id: str
    document_id: str
    level: int


class ReviewEscalated(Contract):
    """A review is overdue; `level` counts from 1."""

    review_id: str
    document_id: str
    level: int
    due_at: AwareDatetime
    claimed_by: str | None


class TimerDue(Contract):
    """The moment that a process set itself has come."""

    process_id: str
    timer: str


class ApprovalRequested(Contract):
    """A policy wants another person's approval."""

    approval_id: str
    tool: str


class ApprovalDecided(Contract):
    """A person approved or refused, nobody did in time, or who asked took it back."""

    approval_id: str
    decision: Literal["approved", "denied", "expired", "withdrawn"]
    decided_by: str


class DeadLetterDecided(Contract):
    """An operator had a dead letter replayed, or discarded it for a reason."""

    dead_letter_id: str
    died_at: AwareDatetime
    decision: Literal["replay", "discard"]
    decided_by: str
    reason: str | None
    edits: dict[str, Any] | None
    event_type: str | None
    consumer: str


class EventDeadLettered(Contract):
    """No handler could take an event; it is kept for an operator."""

    dead_letter_id: str
    event_id: str
    event_type: str
    consumer: str
    cause: Literal["permanent", "undecodable", "exhausted", "poison"]
    error_code: str
    failure_group: str
    attempts: int


EVENT_DATA: dict[str, type[Contract]] = {
    "crm.account.changed": business.AccountChanged,
    "crm.activity.logged": business.ActivityLogged,
    "crm.contact.changed": business.ContactChanged,
    "crm.opportunity.changed": business.OpportunityChanged,
    "crm.opportunity.created": business.OpportunityChanged,
    "crm.opportunity.moved": business.OpportunityMoved,
    "documents.dead_letter.decided": DeadLetterDecided,
    "documents.document.classified": DocumentClassified,
    "documents.document.erased": DocumentErased,
    "documents.document.extracted": DocumentExtracted,
    "documents.model.asked": DocumentModelAsked,
    "documents.document.filed": DocumentFiled,
    "documents.document.linked": DocumentLinked,
    "documents.document.received": DocumentReceived,
    "documents.document.routed": DocumentRouted,
    "documents.hold.placed": HoldPlaced,
    "documents.hold.released": HoldReleased,
    "documents.review.claimed": ReviewClaimed,
    "documents.review.decided": ReviewDecided,
    "documents.review.due": ReviewDue,
    "documents.review.escalated": ReviewEscalated,
    "documents.review.released": ReviewReleased,
    "documents.review.requested": ReviewRequested,
    "documents.review.cancelled": ReviewCancelled,
    "erp.invoice.cancelled": business.InvoiceCancelled,
    "erp.invoice.created": business.InvoiceCreated,
    "erp.invoice.posted": business.InvoicePosted,
    "erp.order.cancelled": business.OrderChanged,
    "erp.order.confirmed": business.OrderConfirmed,
    "erp.order.created": business.OrderCreated,
    "erp.order.fulfilled": business.OrderFulfilled,
    "erp.order.processed": business.OrderChanged,
    "erp.order.quoted": business.OrderChanged,
    "erp.party.created": business.PartyChanged,
    "erp.party.deactivated": business.PartyChanged,
    "erp.payment.recorded": business.PaymentRecorded,
    "governance.approval.decided": ApprovalDecided,
    "governance.approval.requested": ApprovalRequested,
    "inventory.stock.adjusted": business.StockAdjusted,
    "inventory.stock.below_reorder_point": business.StockLow,
    "inventory.stock.received": business.StockReceived,
    "inventory.stock.released": business.StockReleased,
    "inventory.stock.reserved": business.StockReserved,
    "inventory.stock.shipped": business.StockShipped,
    "inventory.stock.transferred": business.StockTransferred,
    "workflows.process.advanced": process.ProcessAdvanced,
    "messaging.event.dead_lettered": EventDeadLettered,
    "workflows.process.completed": process.ProcessCompleted,
    "workflows.process.failed": process.ProcessFailed,
    "workflows.process.reverted": process.ProcessReverted,
    "workflows.process.started": process.ProcessStarted,
    "workflows.process.waiting": process.ProcessWaiting,
    "workflows.review.requested": process.ProcessReviewRequested,
    "workflows.timer.due": TimerDue,
}
"""The data model of every type of event; a server of a company's own adds its types here."""
