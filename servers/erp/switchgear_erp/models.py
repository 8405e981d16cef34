"""The ERP's records and answers, the same whatever system keeps them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, NewType

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page
from switchgear_shared.contracts.values import ExactDecimal, Money

PartyId = NewType("PartyId", str)
OrderId = NewType("OrderId", str)
InvoiceId = NewType("InvoiceId", str)

Role = Literal["customer", "vendor"]
OrderKind = Literal["sale", "purchase"]
OrderState = Literal["draft", "quoted", "confirmed", "processed", "cancelled"]
Direction = Literal["receivable", "payable"]
InvoiceState = Literal["draft", "posted", "paid", "cancelled"]
OrderPart = Literal["lines", "invoices"]
InvoicePart = Literal["lines", "journal"]

COMPANY_CURRENCY = "EUR"
"""The currency the books are kept in."""

MOST_LINES = 500
"""Lines one invoice may have."""


class Party(Contract):
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
    credit_limit: Money | None
    payment_days: int


class PartyPage(Page):
    """Parties, best match first."""

    items: tuple[Party, ...]


class Product(Contract):
    """Something sold or bought; price and cost are for one unit."""

    id: str
    sku: str
    name: str
    unit: str
    price: Money
    cost: Money
    tax_percent: ExactDecimal


class ProductPage(Page):
    """Products, best match first."""

    items: tuple[Product, ...]


class OrderLine(Contract):
    """One line; `unit_price` and `net` are in the order's currency."""

    number: int
    sku: str
    description: str
    quantity: ExactDecimal
    unit: str
    unit_price: ExactDecimal
    tax_percent: ExactDecimal
    net: ExactDecimal
    invoiced: ExactDecimal = Field(description="Quantity on posted invoices.")


class OrderSummary(Contract):
    """An order as lists show it."""

    id: OrderId
    ref: str
    version: str
    kind: OrderKind
    state: OrderState
    party_id: PartyId
    party_name: str
    external_ref: str | None
    ordered_on: date
    promised_on: date | None
    gross: Money


class OrderPage(Page):
    """Orders, newest first."""

    items: tuple[OrderSummary, ...]


class InvoiceSummary(Contract):
    """An invoice as lists show it; a draft has no `ref` yet."""

    id: InvoiceId
    ref: str | None
    version: str
    external_ref: str | None
    direction: Direction
    state: InvoiceState
    party_id: PartyId
    party_name: str
    issued_on: date
    due_on: date
    gross: Money
    open: Money = Field(description="Still to be paid; zero for a draft.")


class InvoicePage(Page):
    """Invoices, newest first."""

    items: tuple[InvoiceSummary, ...]


class InvoiceRef(Contract):
    """An invoice as its order shows it."""

    id: InvoiceId
    ref: str | None
    state: InvoiceState
    gross: Money


class Order(OrderSummary):
    """A sales or purchase order; parts not asked for are null."""

    net: Money
    tax: Money
    lines: tuple[OrderLine, ...] | None
    invoices: tuple[InvoiceRef, ...] | None


class InvoiceLine(Contract):
    """One line; `unit_price` and `net` are in the invoice's currency."""

    number: int
    sku: str | None
    description: str
    quantity: ExactDecimal
    unit: str
    unit_price: ExactDecimal
    tax_percent: ExactDecimal
    net: ExactDecimal


class JournalLine(Contract):
    """One side of the posting, in the company's currency."""

    account: str
    name: str
    debit: ExactDecimal
    credit: ExactDecimal


class Invoice(InvoiceSummary):
    """An invoice to a customer (receivable) or from a vendor (payable)."""

    order_id: OrderId | None
    document_id: str | None
    net: Money
    tax: Money
    company_gross: Money = Field(description="`gross` in the company's currency.")
    created_by: str
    posted_by: str | None
    posted_at: datetime | None
    paid_on: date | None
    lines: tuple[InvoiceLine, ...] | None
    journal: tuple[JournalLine, ...] | None


class DraftLine(Contract):
    """One line of an invoice to be; what is left out comes from the order or the product."""

    sku: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    description: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    quantity: ExactDecimal
    unit_price: ExactDecimal | None = Field(
        default=None, description="Net, for one unit; negative for a discount."
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

    sku: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: ExactDecimal


class Tolerance(Contract):
    """How far an invoice may be off its order; `total` is in the company's currency."""

    price_percent: ExactDecimal = Decimal(1)
    quantity_percent: ExactDecimal = Decimal(0)
    total: Money = Money(amount=Decimal("50.00"), currency=COMPANY_CURRENCY)


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


class Difference(Contract):
    """One way in which an invoice is not what was ordered and received."""

    kind: DifferenceKind
    sku: str | None
    expected: str | None
    found: str | None


class Match(Contract):
    """The outcome of a three-way match."""

    invoice_id: InvoiceId
    order_id: OrderId | None
    matched: bool
    receipts_checked: bool = Field(description="False: only the order was compared.")
    differences: tuple[Difference, ...]
    tolerance: Tolerance
