"""The invoices and payments that follow from orders whose goods have moved."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company.papers import Invoice, InvoiceState, Line, Order, Payment
from switchgear_shared.demo_company.party import Party


def bill(
    random: Random,
    orders: tuple[Order, ...],
    moved_on: Mapping[str, date],
    parties: Mapping[str, Party],
    today: date,
) -> tuple[tuple[Order, ...], tuple[Invoice, ...]]:
    """Return the orders as far as invoiced, and their invoices by date."""
    billed: list[Order] = []
    drafts: list[Invoice] = []
    for order in orders:
        is_complete = all(line.fulfilled == line.quantity for line in order.lines)
        issued_on = moved_on.get(order.id, today) + timedelta(
            days=random.randint(0, 2 if order.kind == "sale" else 8)
        )
        if order.state != "confirmed" or not is_complete or issued_on >= today:
            billed.append(order)
            continue
        party = parties[order.party_id]
        drafts.append(_invoice(random, order, party, issued_on, today))
        billed.append(invoiced(order))
    return tuple(billed), _numbered(drafts)


def invoiced(order: Order) -> Order:
    """Return the order with everything on it invoiced: processed."""
    lines = tuple(replace(line, invoiced=line.quantity) for line in order.lines)
    return replace(order, lines=lines, state="processed")


def invoice_lines(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return an order's lines as an invoice bills them."""
    return tuple(replace(line, fulfilled=Decimal(0), invoiced=Decimal(0)) for line in lines)


def vendor_number(party: Party, issued_on: date, serial: int) -> str:
    """Return an invoice number as this vendor writes them."""
    initials = "".join(word[0] for word in party.name.split()[:2] if word[0].isalpha()).upper()
    return f"{initials}{issued_on:%y}-{serial:05d}"


def _invoice(random: Random, order: Order, party: Party, issued_on: date, today: date) -> Invoice:
    is_sale = order.kind == "sale"
    due_on = issued_on + timedelta(days=party.payment_days)
    invoice = Invoice(
        currency=order.currency,
        lines=invoice_lines(order.lines),
        id="",
        ref="",
        number="" if is_sale else vendor_number(party, issued_on, random.randint(100, 89_999)),
        direction="customer" if is_sale else "vendor",
        party_id=party.id,
        order_id=order.id,
        order_ref=order.ref,
        state="posted",
        issued_on=issued_on,
        due_on=due_on,
        payments=(),
    )
    luck = random.random()
    is_old = due_on < today - timedelta(days=10)
    if is_sale and issued_on > today - timedelta(days=20) and luck < 0.2:  # noqa: PLR2004 - one in 5
        return replace(invoice, state="draft")
    if luck < (0.92 if is_old else 0.2):
        paid_on = min(due_on + timedelta(days=random.randint(-10, 9)), today)
        return _paid(invoice, max(paid_on, issued_on), share_percent=100, state="paid")
    if luck < (0.96 if is_old else 0.3):
        paid_on = issued_on + (today - issued_on) // 2
        return _paid(invoice, paid_on, share_percent=random.choice((30, 50)), state="posted")
    return invoice


def _paid(invoice: Invoice, on: date, *, share_percent: int, state: InvoiceState) -> Invoice:
    minor = invoice.gross.to_minor() * share_percent // 100
    amount = Money.from_minor(minor, invoice.currency)
    return replace(invoice, state=state, payments=(Payment("", on, amount, "bank_transfer"),))


def _numbered(invoices: list[Invoice]) -> tuple[Invoice, ...]:
    serials: dict[tuple[str, int], int] = {}
    result: list[Invoice] = []
    payment_count = 0
    for invoice in sorted(invoices, key=lambda one: (one.issued_on, one.order_id)):
        prefix = "INV" if invoice.direction == "customer" else "BILL"
        key = (prefix, invoice.issued_on.year)
        serials[key] = serials.get(key, 0) + 1
        ref = f"{prefix}-{invoice.issued_on.year}-{serials[key]:04d}"
        payments: list[Payment] = []
        for payment in invoice.payments:
            payment_count += 1
            payments.append(replace(payment, id=f"pay_{payment_count:05d}"))
        result.append(
            replace(
                invoice,
                id=f"inv_{len(result) + 1:05d}",
                ref=ref,
                number=invoice.number or ref,
                payments=tuple(payments),
            )
        )
    return tuple(result)
