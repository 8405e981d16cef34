"""Making a draft, with what was left out looked up and every rule checked, and cancelling it."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.days import check_ahead, check_year
from switchgear_erp.models import InvoiceDraft, StatedTotals
from switchgear_erp.sql.announcements import announce
from switchgear_erp.sql.books import in_company_currency
from switchgear_erp.sql.directory import referred_party
from switchgear_erp.sql.draft_lines import complete_lines
from switchgear_erp.sql.invoices import written
from switchgear_erp.sql.orders import line_rows, locked_order
from switchgear_erp.tables import InvoiceLineRow, InvoiceRow, OrderRow, PartyRow
from switchgear_erp.totals import Totals, document_totals, net_minor
from switchgear_shared.contracts.business_event_data import InvoiceCancelled, InvoiceCreated
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.currencies import MINOR_DIGITS
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError


async def create(
    session: AsyncSession, tenant: TenantId, draft: InvoiceDraft, caller: Caller, now: datetime
) -> WriteResult:
    """See ErpBackend."""
    party = await referred_party(session, tenant, draft.party_id)
    _check_role(draft, party)
    order = None if draft.order_id is None else await locked_order(session, tenant, draft.order_id)
    ordered = [] if order is None else await line_rows(session, order)
    if order is not None:
        check_order(order, draft.direction)
    currency = _currency(draft, party, order)
    issued_on, due_on = _days(draft, party, now.date())
    vendor_number = _vendor_number(draft)
    earlier = await _earlier_draft(session, draft, caller, vendor_number)
    lines = await complete_lines(session, tenant, draft, ordered, currency)
    totals = document_totals(lines, currency)
    _check_totals(draft.totals, totals, currency)
    values = {
        "party_id": party.id,
        "external_ref": draft.external_ref,
        "vendor_number": vendor_number,
        "order_id": draft.order_id,
        "document_id": draft.document_id,
        "currency": currency,
        "issued_on": issued_on,
        "due_on": due_on,
        "net_minor": totals.net_minor,
        "tax_minor": totals.tax_minor,
        "company_gross_minor": await in_company_currency(
            session, tenant, totals.gross_minor, currency, issued_on
        ),
        "company_tax_minor": await in_company_currency(
            session, tenant, totals.tax_minor, currency, issued_on
        ),
    }
    if earlier is not None:
        invoice = await _rewritten(session, earlier, values)
    else:
        invoice = InvoiceRow(
            tenant=tenant,
            id=new_id("inv"),
            ref=None,
            version=1,
            direction=draft.direction,
            state="draft",
            paid_minor=0,
            created_by=caller.principal_id,
            correlation_id=caller.correlation_id,
            created_at=now,
            **values,
        )
        session.add(invoice)
    try:
        await session.flush()
    except IntegrityError as error:
        raise ConflictError(
            f"vendor number {draft.external_ref} of party {party.id} was taken just now",
            field="external_ref",
        ) from error
    session.add_all(
        InvoiceLineRow(
            tenant=tenant,
            invoice_id=invoice.id,
            number=number,
            sku=line.sku,
            description=line.description,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            tax_percent=line.tax_percent,
            net_minor=net_minor(line, currency),
        )
        for number, line in enumerate(lines, start=1)
    )
    if earlier is None:
        data = InvoiceCreated(
            invoice_id=invoice.id, direction=draft.direction, party_id=invoice.party_id
        )
        await announce(session, "erp.invoice.created", invoice.id, data, caller=caller, now=now)
    return WriteResult(id=invoice.id, ref=None, state="draft", version=str(invoice.version))


async def cancel(
    session: AsyncSession, tenant: TenantId, document_id: str, caller: Caller, now: datetime
) -> WriteResult:
    """See ErpBackend.cancel_draft."""
    found = await session.scalars(
        select(InvoiceRow)
        .where(
            InvoiceRow.tenant == tenant,
            InvoiceRow.direction == "payable",
            InvoiceRow.document_id == document_id,
        )
        .order_by(InvoiceRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    invoices = found.all()
    if not invoices:
        raise NotFoundError(f"no payable is of document {document_id}", field="document_id")
    for invoice in invoices:
        if invoice.state in ("posted", "paid"):
            raise ConflictError(
                f"invoice {invoice.ref} is {invoice.state}: it stays",
                field="document_id",
                details={"invoice_id": invoice.id, "ref": invoice.ref, "state": invoice.state},
            )
    drafts = [invoice for invoice in invoices if invoice.state == "draft"]
    for draft in drafts:
        draft.state = "cancelled"
        draft.vendor_number = None
        draft.version += 1
        data = InvoiceCancelled(invoice_id=draft.id, document_id=document_id)
        await announce(session, "erp.invoice.cancelled", draft.id, data, caller=caller, now=now)
    await session.flush()
    return written((drafts or invoices)[0], changed=bool(drafts))


def check_order(order: OrderRow, direction: str) -> None:
    """Raise InvalidRequestError unless an invoice in this direction may be made for the order."""
    if (order.kind == "sale") != (direction == "receivable"):
        raise InvalidRequestError(
            f"order {order.ref} is a {order.kind}: it has no {direction} invoices",
            field="order_id",
        )
    if order.state not in ("confirmed", "processed"):
        raise InvalidRequestError(
            f"order {order.ref} is {order.state}: only confirmed or processed orders are invoiced",
            field="order_id",
        )


def _check_role(draft: InvoiceDraft, party: PartyRow) -> None:
    role, is_held = (
        ("customer", party.is_customer)
        if draft.direction == "receivable"
        else ("vendor", party.is_vendor)
    )
    if not is_held:
        raise InvalidRequestError(f"party {party.id} is not a {role}", field="party_id")


def _currency(draft: InvoiceDraft, party: PartyRow, order: OrderRow | None) -> str:
    currency = draft.currency or (order.currency if order else party.currency)
    if currency not in MINOR_DIGITS:
        raise InvalidRequestError(f"{currency} is not an ISO 4217 currency", field="currency")
    if order is not None and currency != order.currency:
        raise InvalidRequestError(
            f"order {order.ref} is in {order.currency}, the invoice in {currency}",
            field="currency",
        )
    return currency


def _days(draft: InvoiceDraft, party: PartyRow, today: date) -> tuple[date, date]:
    issued_on = draft.issued_on or today
    check_ahead("issued_on", issued_on, today)
    due_on = draft.due_on or issued_on + timedelta(days=party.payment_days)
    check_year("due_on", due_on)
    if due_on < issued_on:
        raise InvalidRequestError(
            f"due_on {due_on} is before issued_on {issued_on}", field="due_on"
        )
    return issued_on, due_on


def _vendor_number(draft: InvoiceDraft) -> str | None:
    """Return the vendor's number as it must be unique; None for a receivable."""
    if draft.direction == "receivable":
        return None
    number = "".join((draft.external_ref or "").casefold().split())
    if not number:
        raise InvalidRequestError(
            "a payable needs the vendor's invoice number", field="external_ref"
        )
    return number


async def _earlier_draft(
    session: AsyncSession, draft: InvoiceDraft, caller: Caller, number: str | None
) -> InvoiceRow | None:
    """Return the draft that this one takes the place of: its document was read anew.

    It has the vendor's number, or was made in the same piece of work before vendor or number
    were corrected.
    """
    if number is None:
        return None
    own = (InvoiceRow.tenant == caller.tenant, InvoiceRow.direction == "payable")
    taken = await _held(
        session, *own, InvoiceRow.party_id == draft.party_id, InvoiceRow.vendor_number == number
    )
    if taken is None and draft.document_id is not None:
        return await _held(
            session,
            *own,
            InvoiceRow.state == "draft",
            InvoiceRow.document_id == draft.document_id,
            InvoiceRow.correlation_id == caller.correlation_id,
        )
    if taken is None:
        return None
    if taken.state == "draft" and taken.document_id == draft.document_id is not None:
        return taken
    raise ConflictError(
        f"vendor number {draft.external_ref} of party {draft.party_id} is on invoice "
        f"{taken.ref or taken.id} already, which is {taken.state}",
        field="external_ref",
        details={"invoice_id": taken.id, "ref": taken.ref, "state": taken.state},
    )


async def _held(session: AsyncSession, *criteria: ColumnElement[bool]) -> InvoiceRow | None:
    """Return the first such invoice, held against other writers until the transaction ends."""
    return await session.scalar(
        select(InvoiceRow)
        .where(*criteria)
        .order_by(InvoiceRow.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def _rewritten(
    session: AsyncSession, invoice: InvoiceRow, values: dict[str, Any]
) -> InvoiceRow:
    """Return the draft with new contents and without its lines: its document was read anew."""
    for line in await session.scalars(
        select(InvoiceLineRow).where(
            InvoiceLineRow.tenant == invoice.tenant, InvoiceLineRow.invoice_id == invoice.id
        )
    ):
        await session.delete(line)
    for name, value in values.items():
        setattr(invoice, name, value)
    invoice.version += 1
    return invoice


def _check_totals(stated: StatedTotals, totals: Totals, currency: str) -> None:
    if totals.net_minor < 0 or totals.gross_minor <= 0:
        gross = Money.from_minor(totals.gross_minor, currency).amount
        raise InvalidRequestError(f"the lines add up to {gross} {currency}", field="lines")
    for name, said, minor in (
        ("net", stated.net, totals.net_minor),
        ("tax", stated.tax, totals.tax_minor),
        ("gross", stated.gross, totals.gross_minor),
    ):
        reckoned = Money.from_minor(minor, currency).amount
        if said is not None and said != reckoned:
            raise InvalidRequestError(
                f"{name} is stated as {said:f} {currency}, the lines make {reckoned}",
                field=f"totals.{name}",
            )
