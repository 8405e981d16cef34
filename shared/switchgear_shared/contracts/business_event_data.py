"""What the events of the CRM, the ERP and the inventory say: one data model a type."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import ExactDecimal, Money

OrderKind = Literal["sale", "purchase"]


class InvoicePosted(Contract):
    """An invoice stands in the ledger."""

    invoice_id: str
    ref: str
    party_id: str
    gross: Money
    document_id: str | None


class PartyChanged(Contract):
    """A customer or vendor was made or put away, as the type of the event says."""

    party_id: str
    ref: str


class OrderedLine(Contract):
    """One line of an order; the quantity is in the item's unit."""

    number: int
    sku: str
    quantity: ExactDecimal


class OrderCreated(Contract):
    """An order was drafted."""

    order_id: str
    ref: str
    kind: OrderKind
    party_id: str


class OrderConfirmed(Contract):
    """An order was confirmed to its party; of a purchase, its goods are on their way."""

    order_id: str
    ref: str
    kind: OrderKind
    party_id: str
    location: str | None = Field(description="The warehouse it is for; null: the first one.")
    promised_on: date | None
    lines: tuple[OrderedLine, ...]


class OrderChanged(Contract):
    """An order was quoted, processed or cancelled, as the type of the event says."""

    order_id: str
    ref: str
    kind: OrderKind


class FulfilledLine(Contract):
    """Goods of one line that were shipped or received."""

    number: int
    sku: str
    quantity: ExactDecimal
    lot: str | None = None
    expires_on: date | None = None


class OrderFulfilled(Contract):
    """Goods of a sale left us, or goods of a purchase came in; the stock is to follow."""

    order_id: str
    ref: str
    kind: OrderKind
    fulfilment_id: str
    location: str | None = Field(description="The warehouse; null: the first one.")
    lines: tuple[FulfilledLine, ...]
    is_complete: bool


class InvoiceCreated(Contract):
    """An invoice was drafted."""

    invoice_id: str
    direction: Literal["receivable", "payable"]
    party_id: str


class InvoiceCancelled(Contract):
    """A draft was cancelled: the document that it was read from became several."""

    invoice_id: str
    document_id: str


class PaymentRecorded(Contract):
    """Money was received or paid for an invoice; `is_paid` says that nothing is left open."""

    payment_id: str
    invoice_id: str
    amount: Money
    is_paid: bool


class StockReceived(Contract):
    """Goods were booked into a location; `fulfilment_id` where the ERP reported them."""

    movement_id: str
    sku: str
    source_ref: str
    quantity: ExactDecimal
    location: str
    lot: str | None = None
    fulfilment_id: str | None = None


class StockShipped(Contract):
    """Goods left a location for a customer."""

    movement_id: str
    sku: str
    source_ref: str
    quantity: ExactDecimal
    location: str
    fulfilment_id: str | None = None


class StockReserved(Contract):
    """Stock is held for a reference until the reservation is released, used or expires."""

    reservation_id: str
    sku: str
    location: str
    quantity: ExactDecimal
    for_ref: str
    expires_at: AwareDatetime | None


class StockReleased(Contract):
    """Stock is no longer held; `reason` says why."""

    reservation_id: str
    sku: str
    location: str
    quantity: ExactDecimal
    for_ref: str
    reason: Literal["released", "expired", "shipped", "order_cancelled"]


class StockTransferred(Contract):
    """Goods went from one of our locations to another."""

    movement_id: str
    sku: str
    quantity: ExactDecimal
    from_location: str
    to_location: str


class StockAdjusted(Contract):
    """A count or a correction changed what is on hand, by `delta`."""

    movement_id: str
    sku: str
    location: str
    delta: ExactDecimal
    reason: str


class StockLow(Contract):
    """What is available of an item fell to its reorder point or below."""

    sku: str
    available: ExactDecimal
    reorder_point: ExactDecimal


class AccountChanged(Contract):
    """An account of the CRM was made or changed, or something was done with it."""

    account_id: str


class ContactChanged(Contract):
    """A contact was made or changed."""

    contact_id: str
    account_id: str | None


class OpportunityChanged(Contract):
    """An opportunity was made or changed."""

    opportunity_id: str
    account_id: str


class OpportunityMoved(Contract):
    """An opportunity went to another stage."""

    opportunity_id: str
    account_id: str
    from_stage: str
    to_stage: str


class ActivityLogged(Contract):
    """Something that was done with an account was written down."""

    activity_id: str
    about_id: str
