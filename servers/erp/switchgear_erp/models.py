"""The ERP's records and answers, the same whatever system keeps them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, NewType

from pydantic import Field

from switchgear_erp.answers import Amount, Answer, Listing, fields_of, part_of, rows_of, word
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.texts import filled, within
from switchgear_shared.contracts.values import ExactDecimal, Money

PartyId = NewType("PartyId", str)
OrderId = NewType("OrderId", str)
InvoiceId = NewType("InvoiceId", str)

Role = Literal["customer", "vendor"]
OrderKind = Literal["sale", "purchase"]
OrderState = Literal["draft", "quoted", "confirmed", "processed", "cancelled"]
Direction = Literal["receivable", "payable"]
InvoiceState = Literal["draft", "posted", "paid", "cancelled"]
OrderPart = Literal["lines", "shipments", "invoices"]
InvoicePart = Literal["lines", "journal"]

COMPANY_CURRENCY = "EUR"
"""The currency the books are kept in."""

COMPANY_COUNTRY = "DE"
"""The country of the company."""

MOST_LINES = 500
"""Lines one order, shipment or invoice may have."""


class Party(Answer):
    """A customer or vendor; a company may be both."""

    id: PartyId
    ref: str
    name: str
    roles: tuple[Role, ...]
    vat_id: str | None
    iban: str | None
    email: str | None
    city: str | None
    country: str
    currency: str
    credit_limit: Amount | None
    payment_days: int


class PartyPage(Listing):
    """Parties, best match first."""

    items: Annotated[tuple[Party, ...], rows_of(*Party.model_fields)]


class Product(Answer):
    """Something sold or bought; price and cost are for one unit."""

    id: str
    sku: str
    name: str
    unit: str
    price: Amount
    cost: Amount
    tax_percent: ExactDecimal


class ProductPage(Listing):
    """Products, best match first."""

    items: Annotated[tuple[Product, ...], rows_of(*Product.model_fields)]


class OrderLine(Answer):
    """One line; `unit_price` and `net` are in the order's currency."""

    number: int
    sku: str
    description: str
    quantity: ExactDecimal
    unit: str
    unit_price: ExactDecimal
    tax_percent: ExactDecimal
    net: ExactDecimal
    fulfilled: ExactDecimal = Field(description="Quantity shipped or received.")
    invoiced: ExactDecimal = Field(description="Quantity on posted invoices.")


class OrderSummary(Answer):
    """An order as lists show it."""

    id: OrderId
    ref: str
    version: str
    kind: Annotated[OrderKind, word()]
    state: Annotated[OrderState, word()]
    party_id: PartyId
    party_name: str
    external_ref: str | None
    ordered_on: date
    promised_on: date | None
    gross: Amount


class OrderPage(Listing):
    """Orders, newest first."""

    items: tuple[OrderSummary, ...]


class InvoiceSummary(Answer):
    """An invoice as lists show it; a draft has no `ref` yet."""

    id: InvoiceId
    ref: str | None
    version: str
    external_ref: str | None
    direction: Annotated[Direction, word()]
    state: Annotated[InvoiceState, word()]
    party_id: PartyId
    party_name: str
    issued_on: date
    due_on: date
    gross: Amount
    open: Amount = Field(description="Still to pay; zero for a draft.")


class InvoicePage(Listing):
    """Invoices, newest first."""

    items: tuple[InvoiceSummary, ...]


class InvoiceRef(Answer):
    """An invoice as its order shows it."""

    id: InvoiceId
    ref: str | None
    state: Annotated[InvoiceState, word()]
    gross: Amount


class ShipmentLine(Answer):
    """What was shipped or received of the order's line `number`."""

    number: int
    sku: str
    quantity: ExactDecimal
    lot: str | None
    expires_on: date | None


class Shipment(Answer):
    """Goods of one order that left us, or came in, at once."""

    id: str
    fulfilled_on: date
    location: str | None
    lines: tuple[ShipmentLine, ...]


class Order(OrderSummary):
    """A sales or purchase order; parts not asked for are null."""

    location: str | None
    net: Amount
    tax: Amount
    lines: Annotated[tuple[OrderLine, ...] | None, part_of(*OrderLine.model_fields)]
    shipments: Annotated[
        tuple[Shipment, ...] | None,
        part_of("id", "fulfilled_on", "location", f"lines: {', '.join(ShipmentLine.model_fields)}"),
    ]
    invoices: Annotated[tuple[InvoiceRef, ...] | None, part_of(*InvoiceRef.model_fields)]


class InvoiceLine(Answer):
    """One line; `unit_price` and `net` are in the invoice's currency."""

    number: int
    sku: str | None
    description: str
    quantity: ExactDecimal
    unit: str
    unit_price: ExactDecimal
    tax_percent: ExactDecimal
    net: ExactDecimal


class JournalLine(Answer):
    """One side of the posting, in the company's currency."""

    account: str
    name: str
    debit: ExactDecimal
    credit: ExactDecimal


class Invoice(InvoiceSummary):
    """An invoice to a customer (receivable) or from a vendor (payable)."""

    order_id: OrderId | None
    document_id: str | None
    net: Amount
    tax: Amount
    company_gross: Amount
    created_by: str
    posted_by: str | None
    posted_at: datetime | None
    paid_on: date | None
    lines: Annotated[tuple[InvoiceLine, ...] | None, part_of(*InvoiceLine.model_fields)]
    journal: Annotated[tuple[JournalLine, ...] | None, part_of(*JournalLine.model_fields)]


class DraftLine(Contract):
    """One line of an invoice to be; what is left out comes from the order or the product."""

    sku: Annotated[str, within(64, filled)] | None = None
    description: Annotated[str, within(500, filled)] | None = None
    quantity: ExactDecimal
    unit_price: ExactDecimal | None = Field(
        default=None, description="Net; negative for a discount."
    )
    tax_percent: ExactDecimal | None = None


class StatedTotals(Contract):
    """Totals as printed on the paper."""

    net: ExactDecimal | None = None
    tax: ExactDecimal | None = None
    gross: ExactDecimal | None = None


class InvoiceDraft(Contract):
    """What is known of an invoice before it is one."""

    direction: Direction
    party_id: PartyId
    lines: tuple[DraftLine, ...] | None = None
    external_ref: str | None = None
    document_id: str | None = None
    issued_on: date | None = None
    due_on: date | None = None
    currency: str | None = None
    order_id: OrderId | None = None
    totals: StatedTotals = StatedTotals()


class Received(Contract):
    """Goods that came in for an order, as the inventory reports them."""

    sku: Annotated[str, within(64, filled)]
    quantity: ExactDecimal


class Tolerance(Answer):
    """How far an invoice may be off its order; `total` is in the company's currency."""

    price_percent: ExactDecimal = Decimal(1)
    quantity_percent: ExactDecimal = Decimal(0)
    total: Amount = Money(amount=Decimal("50.00"), currency=COMPANY_CURRENCY)


DifferenceKind = Literal[
    "price",
    "quantity_over_ordered",
    "quantity_over_received",
    "unknown_item",
    "already_invoiced",
    "currency",
    "party",
    "total",
]


class Difference(Answer):
    """One way in which an invoice is not what was ordered and received."""

    kind: Annotated[DifferenceKind, word()]
    sku: str | None
    expected: str | None
    found: str | None


class Match(Answer):
    """The outcome of a three-way match."""

    invoice_id: InvoiceId
    order_id: OrderId | None
    matched: bool
    receipts_checked: bool = Field(description="False: only the order was compared.")
    differences: tuple[Difference, ...]
    tolerance: Annotated[Tolerance, fields_of(*Tolerance.model_fields)]
