"""Posting an invoice: number, journal, order and event in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.days import check_ahead
from switchgear_erp.ledger import invoice_entry
from switchgear_erp.matching import allowed, quantities
from switchgear_erp.models import Direction, Tolerance
from switchgear_erp.sql import rows
from switchgear_erp.sql.announcements import announce
from switchgear_erp.sql.books import book, check_is_open, next_number
from switchgear_erp.sql.directory import locked_party
from switchgear_erp.sql.drafts import check_order
from switchgear_erp.sql.invoices import check_version, locked_invoice, written
from switchgear_erp.sql.invoices import line_rows as invoice_line_rows
from switchgear_erp.sql.orders import line_rows as order_line_rows
from switchgear_erp.sql.orders import locked_order
from switchgear_erp.tables import InvoiceLineRow, InvoiceRow, OrderLineRow, OrderRow
from switchgear_shared.contracts.business_event_data import InvoicePosted
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId
from switchgear_shared.errors import InvalidRequestError

_SERIES = {"receivable": "INV", "payable": "BILL"}


async def post(
    session: AsyncSession,
    tenant: TenantId,
    invoice_id: str,
    *,
    expected_version: str | None,
    caller: Caller,
    now: datetime,
    tolerance: Tolerance,
) -> WriteResult:
    """See ErpBackend."""
    invoice = await locked_invoice(session, tenant, invoice_id)
    if invoice.state in ("posted", "paid"):
        return written(invoice, changed=False)
    if invoice.state != "draft":
        raise InvalidRequestError(f"invoice {invoice_id} is {invoice.state}", field="invoice_id")
    check_version(invoice, expected_version)
    check_ahead("issued_on", invoice.issued_on, now.date())
    await check_is_open(session, tenant, "issued_on", invoice.issued_on)
    if invoice.order_id is not None:
        order = await locked_order(session, tenant, invoice.order_id)
        _check_order(invoice, order)
        _take_off_order(
            order,
            await order_line_rows(session, order),
            await invoice_line_rows(session, invoice),
            tolerance,
        )
    if invoice.direction == "receivable":
        await locked_party(session, tenant, invoice.party_id)  # its credit is checked meanwhile
    ref = await _next_ref(session, invoice)
    invoice.ref = ref
    invoice.state = "posted"
    invoice.version += 1
    invoice.posted_by = caller.principal_id
    invoice.posted_at = now
    entry = invoice_entry(
        cast("Direction", invoice.direction),
        gross_minor=invoice.company_gross_minor,
        tax_minor=invoice.company_tax_minor,
    )
    await book(session, invoice, "invoice", entry, on=invoice.issued_on, at=now)
    data = InvoicePosted(
        invoice_id=invoice.id,
        ref=ref,
        party_id=invoice.party_id,
        gross=Money.from_minor(invoice.net_minor + invoice.tax_minor, invoice.currency),
        document_id=invoice.document_id,
    )
    await announce(session, "erp.invoice.posted", invoice.id, data, caller=caller, now=now)
    return written(invoice, changed=True)


async def _next_ref(session: AsyncSession, invoice: InvoiceRow) -> str:
    series = f"{_SERIES[invoice.direction]}-{invoice.issued_on.year}"
    number = await next_number(session, TenantId(invoice.tenant), series)
    return f"{series}-{number:05d}"


def _check_order(invoice: InvoiceRow, order: OrderRow) -> None:
    check_order(order, invoice.direction)
    if invoice.party_id != order.party_id:
        raise InvalidRequestError(
            f"order {order.ref} is with party {order.party_id}, the invoice with "
            f"{invoice.party_id}",
            field="invoice_id",
        )


def _take_off_order(
    order: OrderRow,
    ordered: Sequence[OrderLineRow],
    billed: Sequence[InvoiceLineRow],
    tolerance: Tolerance,
) -> None:
    lines = (rows.invoice_line(line, order.currency) for line in billed)
    for sku, quantity in quantities(lines).items():
        own = [line for line in ordered if line.sku == sku]
        if not own:
            raise InvalidRequestError(f"order {order.ref} has no {sku}", field="invoice_id")
        total = sum((line.quantity for line in own), Decimal(0))
        before = sum((line.invoiced for line in own), Decimal(0))
        if before + quantity > allowed(total, tolerance):
            raise InvalidRequestError(
                f"order {order.ref} has {max(total - before, Decimal(0)):f} of {sku} left to "
                f"invoice, the invoice bills {quantity:f}",
                field="invoice_id",
            )
        _raise_invoiced(own, quantity)
    order.version += 1


def _raise_invoiced(lines: Sequence[OrderLineRow], quantity: Decimal) -> None:
    for line in lines:
        taken = min(quantity, max(line.quantity - line.invoiced, Decimal(0)))
        line.invoiced += taken
        quantity -= taken
    lines[-1].invoiced += quantity
