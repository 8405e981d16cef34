"""Invoices as SQL keeps them: listing and reading."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import (
    COMPANY_CURRENCY,
    Direction,
    Invoice,
    InvoicePage,
    InvoicePart,
    InvoiceState,
    JournalLine,
    OrderId,
)
from switchgear_erp.sql import rows
from switchgear_erp.sql.listing import called, newest_first
from switchgear_erp.tables import EntryLineRow, EntryRow, InvoiceLineRow, InvoiceRow, PartyRow
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId
from switchgear_shared.errors import ConflictError, NotFoundError


async def list_invoices(
    session: AsyncSession,
    tenant: TenantId,
    *,
    direction: Direction | None,
    state: InvoiceState | None,
    overdue_on: date | None,
    party_id: str | None,
    query: str | None,
    limit: int,
    cursor: str | None,
) -> InvoicePage:
    """See ErpBackend; `overdue_on` keeps what was due before that day and is not paid."""
    statement = (
        select(InvoiceRow, PartyRow.name)
        .join(
            PartyRow, (PartyRow.tenant == InvoiceRow.tenant) & (PartyRow.id == InvoiceRow.party_id)
        )
        .where(InvoiceRow.tenant == tenant)
    )
    for column, value in (
        (InvoiceRow.direction, direction),
        (InvoiceRow.state, state),
        (InvoiceRow.party_id, party_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if overdue_on is not None:
        statement = statement.where(InvoiceRow.state == "posted", InvoiceRow.due_on < overdue_on)
    if query is not None:
        statement = statement.where(
            called(query, InvoiceRow.id, (InvoiceRow.ref, InvoiceRow.external_ref))
        )
    page = await newest_first(
        session,
        statement,
        listing="invoices",
        day=InvoiceRow.issued_on,
        id_=InvoiceRow.id,
        keys=lambda row: (row[0].issued_on, row[0].id),
        limit=limit,
        cursor=cursor,
    )
    return InvoicePage(
        items=tuple(rows.invoice_summary(row, name) for row, name in page.rows),
        total=page.total,
        next_cursor=page.next_cursor,
        truncated=page.next_cursor is not None,
    )


async def get_invoice(
    session: AsyncSession, tenant: TenantId, invoice_id: str, *, include: Sequence[InvoicePart]
) -> Invoice:
    """See ErpBackend."""
    row = await session.get(InvoiceRow, (tenant, invoice_id))
    if row is None:
        raise not_found(invoice_id)
    party_name = await session.scalar(
        select(PartyRow.name).where(PartyRow.tenant == tenant, PartyRow.id == row.party_id)
    )
    lines = None
    if "lines" in include:
        found = await line_rows(session, row)
        lines = tuple(rows.invoice_line(line, row.currency) for line in found)
    return Invoice(
        **dict(rows.invoice_summary(row, party_name or "")),
        order_id=OrderId(row.order_id) if row.order_id else None,
        document_id=row.document_id,
        net=Money.from_minor(row.net_minor, row.currency),
        tax=Money.from_minor(row.tax_minor, row.currency),
        company_gross=Money.from_minor(row.company_gross_minor, COMPANY_CURRENCY),
        created_by=row.created_by,
        posted_by=row.posted_by,
        posted_at=row.posted_at,
        paid_on=row.paid_on,
        lines=lines,
        journal=await _journal(session, row) if "journal" in include else None,
    )


async def locked_invoice(session: AsyncSession, tenant: TenantId, invoice_id: str) -> InvoiceRow:
    """Return the invoice, held against other writers until the transaction ends."""
    row = await session.scalar(
        select(InvoiceRow)
        .where(InvoiceRow.tenant == tenant, InvoiceRow.id == invoice_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise not_found(invoice_id)
    return row


async def line_rows(session: AsyncSession, invoice: InvoiceRow) -> Sequence[InvoiceLineRow]:
    """Return the invoice's lines by number."""
    found = await session.scalars(
        select(InvoiceLineRow)
        .where(InvoiceLineRow.tenant == invoice.tenant, InvoiceLineRow.invoice_id == invoice.id)
        .order_by(InvoiceLineRow.number)
    )
    return found.all()


def check_version(invoice: InvoiceRow, expected_version: str | None) -> None:
    """Raise ConflictError if the invoice moved on since it was read."""
    if expected_version is not None and expected_version != str(invoice.version):
        raise ConflictError(
            f"invoice {invoice.id} is at version {invoice.version}",
            field="expected_version",
            details={"version": str(invoice.version)},
        )


def written(invoice: InvoiceRow, *, changed: bool) -> WriteResult:
    """Return what a write that is done with `invoice` answers."""
    return WriteResult(
        id=invoice.id,
        ref=invoice.ref,
        state=invoice.state,
        version=str(invoice.version),
        changed=changed,
    )


def not_found(invoice_id: str) -> NotFoundError:
    """Return the error for an invoice that this tenant does not have."""
    return NotFoundError(f"there is no invoice {invoice_id}", field="invoice_id")


async def _journal(session: AsyncSession, invoice: InvoiceRow) -> tuple[JournalLine, ...]:
    found = await session.scalars(
        select(EntryLineRow)
        .join(
            EntryRow,
            (EntryRow.tenant == EntryLineRow.tenant) & (EntryRow.id == EntryLineRow.entry_id),
        )
        .where(
            EntryRow.tenant == invoice.tenant,
            EntryRow.invoice_id == invoice.id,
            EntryRow.kind == "invoice",
        )
        .order_by(EntryLineRow.number)
    )
    return rows.journal(found)
