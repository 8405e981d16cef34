"""Purchase orders that wait for an invoice, and the invoices that will come for them."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from switchgear_shared.contracts.values import minor_digits
from switchgear_shared.demo_company.billing import invoice_lines, invoiced
from switchgear_shared.demo_company.papers import Invoice, Line, Order, SampleInvoice
from switchgear_shared.demo_company.party import Party
from switchgear_shared.demo_company.records import Company, Item
from switchgear_shared.demo_company.stock import StockRoom
from switchgear_shared.demo_company.trade import order_line

SMALL_ORDERS = 150
_FIRST_SMALL = 1001


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    country: str
    net: int
    line_count: int


_CASES = (
    _Case("straight_through", "DE", 403, 2),
    _Case("approval", "DE", 10_420, 3),
    _Case("usd", "US", 780, 2),
    _Case("jpy", "JP", 96_000, 2),
    _Case("partly_received", "DE", 610, 2),
    _Case("already_invoiced", "DE", 540, 1),
    _Case("price_differs", "DE", 575, 2),
)


def sample_orders(
    parties: tuple[Party, ...], items: tuple[Item, ...], today: date
) -> tuple[Order, ...]:
    """Return PO-2026-0901 and on, one for each case, as received (see `sample_invoices`)."""
    result: list[Order] = []
    for place, case in enumerate(_CASES):
        vendors = [
            party
            for party in parties
            if party.address.country == case.country and "vendor" in party.roles
        ]
        vendor = vendors[place % len(vendors)]
        chosen = [item for item in items if item.unit == "C62" and not item.is_lot_tracked]
        chosen = chosen[place * 37 :: 53][: case.line_count]
        share = Decimal(case.net) / case.line_count
        lines = [
            _line_worth(item, number, share, vendor) for number, item in enumerate(chosen, start=1)
        ]
        lines = [replace(line, fulfilled=line.quantity) for line in lines]
        if case.name == "partly_received":
            lines[0] = replace(lines[0], fulfilled=(lines[0].quantity / 2).to_integral())
        order = _purchase(901 + place, vendor, tuple(lines), today - timedelta(days=21))
        result.append(invoiced(order) if case.name == "already_invoiced" else order)
    return tuple(result)


def small_orders(
    parties: tuple[Party, ...], items: tuple[Item, ...], today: date, count: int
) -> tuple[Order, ...]:
    """Return `count` purchase orders from PO-2026-1001 on: one line, EUR, under 500 gross."""
    vendors = [party for party in parties if party.currency == "EUR" and "vendor" in party.roles]
    pieces = [item for item in items if item.unit == "C62" and not item.is_lot_tracked]
    result: list[Order] = []
    for place in range(count):
        vendor, item = vendors[place % len(vendors)], pieces[place * 7 % len(pieces)]
        worth = Decimal(60 + place * 13 % 340)
        line = _line_worth(item, 1, worth, vendor)
        line = replace(line, fulfilled=line.quantity)
        ordered_on = today - timedelta(days=14 + place % 40)
        result.append(_purchase(_FIRST_SMALL + place, vendor, (line,), ordered_on))
    return tuple(result)


def receive(room: StockRoom, orders: tuple[Order, ...], items: dict[str, Item]) -> None:
    """Take the goods of these orders in, as far as they came, ten days after they were ordered."""
    for order in orders:
        came_on = order.ordered_on + timedelta(days=10)
        for line in order.lines:
            source = (order.ref, order.id, line.number)
            room.receive(items[line.sku], order.location, line.fulfilled, came_on, order=source)


def earlier_invoice(order: Order, vendor: Party) -> Invoice:
    """Return the posted invoice that bills `order` already."""
    issued_on = order.ordered_on + timedelta(days=11)
    return Invoice(
        currency=order.currency,
        lines=invoice_lines(order.lines),
        id=f"inv_{order.id.removeprefix('ord_')}",
        ref="BILL-2026-0901",
        number=f"{_invoice_number(order)}-A",
        direction="vendor",
        party_id=vendor.id,
        order_id=order.id,
        order_ref=order.ref,
        state="posted",
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=vendor.payment_days),
        payments=(),
    )


def sample_invoices(company: Company) -> tuple[SampleInvoice, ...]:
    """Return the invoices to expect for `Company.sample_purchases`, in their order.

    straight_through and approval match (the second above the approval limit), usd and jpy match
    in their currency; partly_received bills goods that have not all come, already_invoiced bills
    again under another number, price_differs asks more than ordered.
    """
    return tuple(
        _expected(company, order, case.name)
        for order, case in zip(company.sample_purchases, _CASES, strict=True)
    )


def small_invoices(company: Company) -> tuple[SampleInvoice, ...]:
    """Return a matching invoice for every small purchase order of the company."""
    return tuple(
        _expected(company, order, "small")
        for order in company.orders
        if order.id.startswith("ord_small_")
    )


def _expected(company: Company, order: Order, case: str) -> SampleInvoice:
    vendor = company.party[order.party_id]
    issued_on = order.ordered_on + timedelta(days=12)
    lines = invoice_lines(order.lines)
    if case == "price_differs":
        dearer = (lines[0].unit_price * Decimal("1.15")).quantize(Decimal("0.01"))
        lines = (replace(lines[0], unit_price=dearer), *lines[1:])
    return SampleInvoice(
        currency=order.currency,
        lines=lines,
        case=case,
        number=_invoice_number(order),
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=vendor.payment_days),
        vendor=vendor,
        buyer=company.self,
        order_id=order.id,
        order_ref=order.ref,
    )


def _invoice_number(order: Order) -> str:
    return f"RE-{order.ordered_on:%Y}-{order.ref.rsplit('-', 1)[1]}"


def _purchase(number: int, vendor: Party, lines: tuple[Line, ...], ordered_on: date) -> Order:
    kind = "small" if number >= _FIRST_SMALL else "sample"
    return Order(
        currency=vendor.currency,
        lines=lines,
        id=f"ord_{kind}_{number:04d}",
        ref=f"PO-2026-{number:04d}",
        kind="purchase",
        party_id=vendor.id,
        state="confirmed",
        ordered_on=ordered_on,
        promised_on=ordered_on + timedelta(days=10),
        location="FRE",
        external_ref=None,
    )


def _line_worth(item: Item, number: int, worth: Decimal, vendor: Party) -> Line:
    """Return a line of about `worth` in the vendor's currency: whole pieces at a fitting price."""
    at_cost = order_line(item, number, Decimal(1), item.cost.to_minor(), vendor)
    quantity = max(Decimal(1), (worth / at_cost.unit_price).quantize(Decimal(1)))
    step = Decimal(1).scaleb(-minor_digits(vendor.currency))
    price = (worth / quantity).quantize(step, rounding=ROUND_HALF_UP)
    return replace(at_cost, quantity=quantity, unit_price=price)
