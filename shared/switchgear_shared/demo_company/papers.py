"""Orders and invoices of the invented company, and the one rule that totals them."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Literal

from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company.party import Party

OrderKind = Literal["sale", "purchase"]
OrderState = Literal["quoted", "confirmed", "processed", "cancelled"]
InvoiceState = Literal["draft", "posted", "paid"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order or an invoice; fulfilled and invoiced so far count for orders only."""

    number: int
    item_id: str
    sku: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    tax_percent: Decimal
    fulfilled: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)


@dataclass(frozen=True)
class _Trade:
    currency: str
    lines: tuple[Line, ...]

    @cached_property
    def net(self) -> Money:
        """The sum of the lines, each rounded."""
        return _minor(sum(line_net(line, self.currency) for line in self.lines), self.currency)

    @cached_property
    def tax(self) -> Money:
        """The tax: by rate over the rounded lines, rounded once for each rate."""
        by_rate: dict[Decimal, int] = {}
        for line in self.lines:
            net = line_net(line, self.currency)
            by_rate[line.tax_percent] = by_rate.get(line.tax_percent, 0) + net
        total = sum(_rounded(net * rate / 100) for rate, net in by_rate.items())
        return _minor(total, self.currency)

    @cached_property
    def gross(self) -> Money:
        """Net and tax together."""
        return _minor(self.net.to_minor() + self.tax.to_minor(), self.currency)


@dataclass(frozen=True)
class Order(_Trade):
    """A sales or purchase order; `location` is the warehouse that ships or receives it."""

    id: str
    ref: str
    kind: OrderKind
    party_id: str
    state: OrderState
    ordered_on: date
    promised_on: date
    location: str
    external_ref: str | None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that moved for an invoice."""

    id: str
    paid_on: date
    amount: Money
    method: Literal["bank_transfer", "direct_debit"]


@dataclass(frozen=True)
class Invoice(_Trade):
    """An invoice; `ref` is our number, `number` the one printed on it (the vendor's own)."""

    id: str
    ref: str
    number: str
    direction: Literal["customer", "vendor"]
    party_id: str
    order_id: str
    order_ref: str
    state: InvoiceState
    issued_on: date
    due_on: date
    payments: tuple[Payment, ...]


@dataclass(frozen=True)
class SampleInvoice(_Trade):
    """A vendor's invoice that has not come in yet, for one of the sample purchase orders.

    `case` says what should become of it: straight_through, approval, usd, jpy,
    partly_received, already_invoiced, price_differs or small.
    """

    case: str
    number: str
    issued_on: date
    due_on: date
    vendor: Party
    buyer: Party
    order_id: str
    order_ref: str


def line_net(line: Line, currency: str) -> int:
    """Return the line's net amount in minor units of `currency`, rounded half up."""
    return Money(amount=_six(line.quantity * line.unit_price), currency=currency).to_minor()


def _six(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"))


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _minor(value: int, currency: str) -> Money:
    return Money.from_minor(value, currency)
