"""An order as invoices see it: its lines, and what bills them already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from switchgear_erp.models import Direction, OrderId, OrderKind
from switchgear_erp.tryton.amounts import ZERO, exact, tax_percent
from switchgear_erp.tryton.ids import MODELS, order_id, order_in
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.tryton.client import Record, TrytonClient

_FIELDS = (
    "state",
    "number",
    "party",
    "invoice_party",
    "currency.code",
    "payment_term",
    "invoices_recreated",
    *(
        f"lines.{name}"
        for name in (
            "type",
            "product.code",
            "product.name",
            "description",
            "quantity",
            "unit.digits",
            "unit_price",
            "taxes.type",
            "taxes.rate",
            "moves",
            "invoice_lines.quantity",
            "invoice_lines.invoice.state",
            "invoice_lines.invoice.number",
            "invoice_lines.invoice.reference",
            "invoice_lines.invoice.description",
            "invoice_lines.invoice.create_date",
            "invoice_lines.invoice.write_date",
        )
    ),
)
_BILLED = ("confirmed", "processing", "done")
_STATES = {"quotation": "quoted"}
_BOOKED = ("posted", "paid")


@dataclass(frozen=True, slots=True)
class Bill:
    """A line of an invoice that bills a line of an order."""

    invoice: int
    state: str
    quantity: Decimal
    is_free: bool


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line of an order; `origin` is what a line that bills it refers to.

    `note` is a description of its own, other than the product's name.
    """

    origin: str
    sku: str | None
    product: int | None
    description: str
    note: str | None
    quantity: Decimal
    unit: int | None
    digits: int | None
    unit_price: Decimal
    tax_percent: Decimal
    taxes: tuple[int, ...]
    moves: tuple[int, ...]
    bills: tuple[Bill, ...]

    def left(self, *, without: Collection[int]) -> Decimal:
        """Return what no invoice bills, those in `without` not counted."""
        return self.quantity - sum(
            (bill.quantity for bill in self.bills if bill.invoice not in without), ZERO
        )

    def booked(self, *, without: Collection[int] = ()) -> Decimal:
        """Return what posted invoices bill."""
        return sum(
            (
                bill.quantity
                for bill in self.bills
                if bill.state in _BOOKED and bill.invoice not in without
            ),
            ZERO,
        )


@dataclass(frozen=True, slots=True)
class BilledOrder:
    """An order, its lines and the invoices that bill them."""

    id: OrderId
    kind: OrderKind
    number: str
    state: str
    party: int
    currency: str
    payment_term: int | None
    lines: tuple[OrderedLine, ...]

    @property
    def free_draft(self) -> int | None:
        """The draft that Tryton made for the order and nobody has worked on, if there is one."""
        free = {bill.invoice for line in self.lines for bill in line.bills if bill.is_free}
        return min(free, default=None)

    def named(self, sku: str | None) -> Sequence[OrderedLine]:
        """Return the lines that order a SKU."""
        return [line for line in self.lines if sku is not None and line.sku == sku]

    def check(self, direction: Direction | str) -> None:
        """Raise InvalidRequestError unless it may be billed in this direction."""
        if (self.kind == "sale") != (direction == "receivable"):
            raise InvalidRequestError(
                f"order {self.number} is a {self.kind}: it has no {direction} invoices",
                field="order_id",
            )
        if self.state not in _BILLED:
            raise InvalidRequestError(
                f"order {self.number} is {_STATES.get(self.state, self.state)}: only confirmed or "
                "processed orders are invoiced",
                field="order_id",
            )


async def billed_order(client: TrytonClient, named: str) -> BilledOrder:
    """Return an order by our id; raises NotFoundError."""
    missing = NotFoundError(f"there is no order {named}", field="order_id")
    found = order_in(named)
    if found is None:
        raise missing
    kind, number = found
    page = await client.search(MODELS[kind], [["id", "=", number]], _FIELDS, limit=1)
    if not page.records:
        raise missing
    record = page.records[0]
    recreated = set(record["invoices_recreated"] or [])
    return BilledOrder(
        id=order_id(kind, number),
        kind=kind,
        number=record["number"] or order_id(kind, number),
        state=record["state"],
        party=record["invoice_party"] or record["party"],
        currency=record["currency"]["code"],
        payment_term=record["payment_term"],
        lines=tuple(
            _line(f"{kind}.line,{line['id']}", line, recreated)
            for line in record["lines"]
            if line["type"] == "line"
        ),
    )


def _line(origin: str, line: Record, recreated: Collection[int]) -> OrderedLine:
    product: dict[str, Any] = line["product"] or {}
    return OrderedLine(
        origin=origin,
        sku=product.get("code"),
        product=product.get("id"),
        description=line["description"] or product.get("name") or "",
        note=line["description"] or None,
        quantity=exact(line["quantity"]),
        unit=line["unit"]["id"] if line["unit"] else None,
        digits=line["unit"]["digits"] if line["unit"] else None,
        unit_price=exact(line["unit_price"]),
        tax_percent=tax_percent(line["taxes"] or []),
        taxes=tuple(tax["id"] for tax in line["taxes"] or []),
        moves=tuple(line["moves"] or []),
        bills=tuple(
            _bill(one)
            for one in line["invoice_lines"] or []
            if one["invoice"] is not None and one["invoice"]["id"] not in recreated
        ),
    )


def _bill(line: Record) -> Bill:
    invoice = line["invoice"]
    is_named = any(invoice[name] for name in ("number", "reference", "description"))
    is_untouched = invoice["write_date"] in (None, invoice["create_date"])  # of one transaction
    return Bill(
        invoice=invoice["id"],
        state=invoice["state"],
        quantity=exact(line["quantity"]),
        is_free=invoice["state"] == "draft" and is_untouched and not is_named,
    )
