"""Recording a payment: journal, invoice and event in one transaction, never more than is open."""

from datetime import datetime
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.days import check_past
from switchgear_erp.ledger import PAYABLES, RECEIVABLES, payment_entry
from switchgear_erp.models import Direction
from switchgear_erp.rules import amount_to_pay
from switchgear_erp.sql.announcements import announce
from switchgear_erp.sql.books import book, check_is_open, in_company_currency
from switchgear_erp.sql.invoices import check_version, locked_invoice, written
from switchgear_erp.tables import EntryLineRow, EntryRow, InvoiceRow, PaymentRow
from switchgear_erp.trade import Payment
from switchgear_shared.contracts.business_event_data import PaymentRecorded
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError


async def pay(
    session: AsyncSession,
    tenant: TenantId,
    invoice_id: str,
    payment: Payment,
    *,
    expected_version: str | None,
    caller: Caller,
    now: datetime,
) -> WriteResult:
    """See ErpBackend."""
    invoice = await locked_invoice(session, tenant, invoice_id)
    if invoice.state not in ("posted", "paid"):
        raise InvalidRequestError(
            f"invoice {invoice_id} is {invoice.state}: only posted invoices are paid",
            field="invoice_id",
            details={"state": invoice.state},
        )
    key = await _free_key(session, invoice, payment)
    minor = amount_to_pay(payment, _money_open(invoice), invoice.ref or "").to_minor()
    check_version(invoice, expected_version)
    on = payment.paid_on or now.date()
    check_past("paid_on", on, now.date())
    await check_is_open(session, tenant, "paid_on", on)
    row = PaymentRow(
        tenant=tenant,
        id=new_id("pay"),
        invoice_id=invoice.id,
        paid_on=on,
        minor=minor,
        reference=payment.reference,
        reference_key=key,
        created_by=caller.principal_id,
        created_at=now,
    )
    session.add(row)
    sides = payment_entry(
        cast("Direction", invoice.direction),
        booked_minor=await _booked(session, invoice, minor),
        paid_minor=await in_company_currency(session, tenant, minor, invoice.currency, on),
    )
    await book(session, invoice, "payment", sides, on=on, at=now)
    invoice.paid_minor += minor
    invoice.version += 1
    is_paid = _open(invoice) == 0
    if is_paid:
        invoice.state = "paid"
        invoice.paid_on = on
    data = PaymentRecorded(
        payment_id=row.id,
        invoice_id=invoice.id,
        amount=Money.from_minor(minor, invoice.currency),
        is_paid=is_paid,
    )
    await announce(session, "erp.payment.recorded", invoice.id, data, caller=caller, now=now)
    return written(invoice, changed=True)


async def _free_key(session: AsyncSession, invoice: InvoiceRow, payment: Payment) -> str | None:
    """Return the bank's reference as it must be unique; the invoice is locked, so it stays free."""
    key = "".join((payment.reference or "").casefold().split())
    if not key:
        return None
    taken = await session.scalar(
        select(PaymentRow).where(
            PaymentRow.tenant == invoice.tenant,
            PaymentRow.invoice_id == invoice.id,
            PaymentRow.reference_key == key,
        )
    )
    if taken is not None:
        amount = Money.from_minor(taken.minor, invoice.currency).amount
        raise ConflictError(
            f"{payment.reference} paid {amount} {invoice.currency} of invoice {invoice.ref} on "
            f"{taken.paid_on} already",
            field="reference",
            details={"payment_id": taken.id, "open": str(_money_open(invoice).amount)},
        )
    return key


async def _booked(session: AsyncSession, invoice: InvoiceRow, minor: int) -> int:
    """Return what the payment takes off the open item; the last one takes all that is left."""
    account, sign = (RECEIVABLES, 1) if invoice.direction == "receivable" else (PAYABLES, -1)
    left = await session.scalar(
        select(func.sum(EntryLineRow.minor))
        .join(
            EntryRow,
            (EntryRow.tenant == EntryLineRow.tenant) & (EntryRow.id == EntryLineRow.entry_id),
        )
        .where(
            EntryRow.tenant == invoice.tenant,
            EntryRow.invoice_id == invoice.id,
            EntryLineRow.account == account,
        )
    )
    open_minor = _open(invoice)
    return (2 * sign * int(left or 0) * minor + open_minor) // (2 * open_minor)


def _open(invoice: InvoiceRow) -> int:
    return invoice.net_minor + invoice.tax_minor - invoice.paid_minor


def _money_open(invoice: InvoiceRow) -> Money:
    return Money.from_minor(_open(invoice), invoice.currency)
