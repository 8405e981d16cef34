"""The three-way match: an invoice against its order and what was received."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from switchgear_erp.models import (
    Difference,
    DifferenceKind,
    Invoice,
    InvoiceLine,
    Match,
    Order,
    OrderLine,
    Received,
    Tolerance,
)
from switchgear_erp.totals import net_minor
from switchgear_shared.contracts.values import Money

ZERO = Decimal(0)


def match(
    invoice: Invoice,
    order: Order | None,
    receipts: Sequence[Received] | None,
    tolerance: Tolerance,
) -> Match:
    """Compare an invoice with its order, both with their lines, and the order's receipts.

    Without `receipts` those recorded on the order count, where there are any.
    """
    lines = invoice.lines or ()
    if receipts is None and order is not None:
        receipts = _recorded(order)
    if order is None:
        found = [_difference("unknown_item", line.sku, None, line.description) for line in lines]
    else:
        found = [
            *_header_differences(invoice, order),
            *_item_differences(invoice, order, receipts, tolerance),
            *_total_difference(invoice, order, tolerance),
        ]
    return Match(
        invoice_id=invoice.id,
        order_id=order.id if order else None,
        matched=not found,
        receipts_checked=order is not None and receipts is not None,
        differences=tuple(found),
        tolerance=tolerance,
    )


def quantities(lines: Iterable[InvoiceLine]) -> dict[str, Decimal]:
    """Return how much of each SKU the lines bill; lines without one bill no goods."""
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.sku is not None:
            billed[line.sku] += line.quantity
    return dict(billed)


def allowed(quantity: Decimal, tolerance: Tolerance) -> Decimal:
    """Return `quantity` with what the tolerance adds."""
    return quantity * (100 + tolerance.quantity_percent) / 100


def _header_differences(invoice: Invoice, order: Order) -> Iterable[Difference]:
    if invoice.party_id != order.party_id:
        yield _difference("party", None, order.party_id, invoice.party_id)
    if invoice.gross.currency != order.gross.currency:
        yield _difference("currency", None, order.gross.currency, invoice.gross.currency)


def _item_differences(
    invoice: Invoice, order: Order, receipts: Sequence[Received] | None, tolerance: Tolerance
) -> Iterable[Difference]:
    ordered = _by_sku(order)
    received = _received(receipts)
    own = quantities(invoice.lines or ())
    is_booked = invoice.state in ("posted", "paid")
    for line in invoice.lines or ():
        if line.sku not in ordered:
            yield _difference("unknown_item", line.sku, None, line.description)
            continue
        price = _nearest_price(line, ordered[line.sku])
        if abs(line.unit_price - price) > abs(price) * tolerance.price_percent / 100:
            yield _difference("price", line.sku, price, line.unit_price)
    for sku, billed in own.items():
        if sku not in ordered:
            continue
        total = sum((line.quantity for line in ordered[sku]), ZERO)
        before = sum((line.invoiced for line in ordered[sku]), ZERO) - (billed if is_booked else 0)
        before = max(before, ZERO)
        if before and before >= total:
            yield _difference("already_invoiced", sku, ZERO, billed)
        elif before + billed > allowed(total, tolerance):
            yield _difference("quantity_over_ordered", sku, total - before, billed)
        if received is not None:
            there = received.get(sku, ZERO)
            if before < total and before + billed > allowed(there, tolerance):
                yield _difference("quantity_over_received", sku, max(there - before, ZERO), billed)


def _total_difference(invoice: Invoice, order: Order, tolerance: Tolerance) -> Iterable[Difference]:
    ordered = _by_sku(order)
    currency = invoice.gross.currency
    if currency != order.gross.currency or not invoice.gross.amount:
        return
    expected = found = 0
    for line in invoice.lines or ():
        if line.sku in ordered:
            price = _nearest_price(line, ordered[line.sku])
            expected += net_minor(line.model_copy(update={"unit_price": price}), currency)
            found += net_minor(line, currency)
    rate = invoice.company_gross.amount / invoice.gross.amount
    apart = abs(Money.from_minor(found - expected, currency).amount) * rate
    if apart > tolerance.total.amount:
        yield _difference(
            "total",
            None,
            Money.from_minor(expected, currency).amount,
            Money.from_minor(found, currency).amount,
        )


def _by_sku(order: Order) -> Mapping[str | None, list[OrderLine]]:
    by_sku: dict[str | None, list[OrderLine]] = {}
    for line in order.lines or ():
        by_sku.setdefault(line.sku, []).append(line)
    return by_sku


def _recorded(order: Order) -> Sequence[Received] | None:
    return [
        Received(sku=line.sku, quantity=line.fulfilled)
        for line in order.lines or ()
        if line.fulfilled > 0
    ] or None


def _received(receipts: Sequence[Received] | None) -> dict[str, Decimal] | None:
    if receipts is None:
        return None
    received: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in receipts:
        received[receipt.sku] += receipt.quantity
    return received


def _nearest_price(line: InvoiceLine, ordered: Sequence[OrderLine]) -> Decimal:
    return min((own.unit_price for own in ordered), key=lambda price: abs(price - line.unit_price))


def _difference(
    kind: DifferenceKind, sku: str | None, expected: Decimal | str | None, found: Decimal | str
) -> Difference:
    return Difference(kind=kind, sku=sku, expected=_text(expected), found=_text(found))


def _text(value: Decimal | str | None) -> str | None:
    return format(value, "f") if isinstance(value, Decimal) else value
