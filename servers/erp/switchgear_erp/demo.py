"""The ERP's part of the demo company: parties, products, orders, invoices and their entries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.ledger import Booking, invoice_entry, payment_entry
from switchgear_erp.models import COMPANY_CURRENCY, Direction
from switchgear_erp.sql.books import chart, insert_missing
from switchgear_erp.tables import (
    AccountRow,
    Base,
    EntryLineRow,
    EntryRow,
    ExchangeRateRow,
    InvoiceLineRow,
    InvoiceRow,
    OrderLineRow,
    OrderRow,
    PartyRow,
    ProductRow,
    SeriesRow,
)
from switchgear_erp.totals import converted, net_minor
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.demo_company import Company, demo_company
from switchgear_shared.demo_company.papers import Invoice, Line
from switchgear_shared.storage.database import Database

_RATES_FROM = date(2020, 1, 1)
_DOMESTIC_TAX = Decimal(19)
_DEMO = "demo"

Values = dict[str, Any]


async def load_demo(
    database: Database, *, tenant: TenantId = DEFAULT_TENANT, company: Company | None = None
) -> bool:
    """Load the company unless the tenant has parties already; return whether it was loaded."""
    company = company or demo_company()
    async with database.writing() as session:
        known = await session.scalar(
            select(func.count()).select_from(PartyRow).where(PartyRow.tenant == tenant)
        )
        if known:
            return False
        await _load(session, tenant, company)
    return True


async def _load(session: AsyncSession, tenant: TenantId, company: Company) -> None:
    bills = list(_bills(company))
    unposted = {bill.invoice.order_id for bill in bills if not bill.ref}
    await insert_missing(session, AccountRow, chart(tenant))
    tables: tuple[tuple[type[Base], Iterable[Values]], ...] = (
        (ExchangeRateRow, _rates(company)),
        (PartyRow, _parties(company)),
        (ProductRow, _products(company)),
        (OrderRow, _orders(company)),
        (OrderLineRow, _order_lines(company, unposted)),
        (InvoiceRow, (bill.row() for bill in bills)),
        (InvoiceLineRow, (line for bill in bills for line in bill.lines())),
        (EntryRow, (entry for bill in bills for entry, _ in bill.entries())),
        (EntryLineRow, (side for bill in bills for side in bill.sides())),
        (SeriesRow, _series(bills)),
    )
    for table, rows in tables:
        values = [{"tenant": tenant, **row} for row in rows]
        if values:
            await session.execute(insert(table), values)
    posted = update(InvoiceRow).where(InvoiceRow.tenant == tenant, InvoiceRow.ref.is_not(None))
    await session.execute(posted.values(state="posted"))
    await session.execute(posted.where(InvoiceRow.paid_on.is_not(None)).values(state="paid"))


@dataclass(frozen=True, slots=True)
class _Bill:
    """An invoice of the demo with our number; a draft has none."""

    invoice: Invoice
    ref: str | None
    rate: Decimal

    @property
    def direction(self) -> Direction:
        return "receivable" if self.invoice.direction == "customer" else "payable"

    @property
    def company_gross_minor(self) -> int:
        return self._in_company(self.invoice.gross.to_minor())

    @property
    def company_tax_minor(self) -> int:
        return self._in_company(self.invoice.tax.to_minor())

    def row(self) -> Values:
        """Return the invoice as a draft; its state is set when its lines are there."""
        invoice = self.invoice
        is_payable = self.direction == "payable"
        return {
            "id": invoice.id,
            "ref": self.ref,
            "version": 2 if self.ref else 1,
            "direction": self.direction,
            "state": "draft",
            "party_id": invoice.party_id,
            "external_ref": invoice.number if is_payable else None,
            "vendor_number": invoice.number.casefold() if is_payable else None,
            "order_id": invoice.order_id,
            "document_id": None,
            "currency": invoice.currency,
            "issued_on": invoice.issued_on,
            "due_on": invoice.due_on,
            "net_minor": invoice.net.to_minor(),
            "tax_minor": invoice.tax.to_minor(),
            "company_gross_minor": self.company_gross_minor,
            "company_tax_minor": self.company_tax_minor,
            "paid_minor": sum(payment.amount.to_minor() for payment in invoice.payments),
            "paid_on": invoice.payments[-1].paid_on if invoice.state == "paid" else None,
            "created_by": _DEMO,
            "created_at": _noon(invoice.issued_on),
            "posted_by": _DEMO if self.ref else None,
            "posted_at": _noon(invoice.issued_on) if self.ref else None,
        }

    def lines(self) -> Iterator[Values]:
        """Return the rows of the invoice's lines."""
        for line in self.invoice.lines:
            yield {"invoice_id": self.invoice.id, **_line(line, self.invoice.currency)}

    def entries(self) -> Iterator[tuple[Values, Iterable[Booking]]]:
        """Return the journal entries with their sides: the posting, then each payment."""
        if not self.ref:
            return
        posting = invoice_entry(
            self.direction,
            gross_minor=self.company_gross_minor,
            tax_minor=self.company_tax_minor,
        )
        yield self._entry("je", "invoice", self.invoice.issued_on), posting
        for payment in self.invoice.payments:
            paid = self._in_company(payment.amount.to_minor())
            sides = payment_entry(self.direction, booked_minor=paid, paid_minor=paid)
            yield self._entry(payment.id, "payment", payment.paid_on), sides

    def sides(self) -> Iterator[Values]:
        """Return the rows of all sides of all entries."""
        for entry, sides in self.entries():
            for number, side in enumerate(sides, start=1):
                yield {
                    "entry_id": entry["id"],
                    "number": number,
                    "account": side.account,
                    "minor": side.minor,
                }

    def _entry(self, name: str, kind: str, booked_on: date) -> Values:
        return {
            "id": f"{name}_{self.invoice.id}",
            "kind": kind,
            "booked_on": booked_on,
            "invoice_id": self.invoice.id,
            "created_at": _noon(booked_on),
        }

    def _in_company(self, minor: int) -> int:
        return converted(minor, self.invoice.currency, COMPANY_CURRENCY, self.rate)


def _bills(company: Company) -> Iterator[_Bill]:
    """Number the posted invoices without gaps, each series by date."""
    last: dict[str, int] = {}
    for invoice in sorted(company.invoices, key=lambda one: (one.issued_on, one.id)):
        ref = None
        if invoice.state != "draft":
            series = _series_of(invoice)
            last[series] = last.get(series, 0) + 1
            ref = f"{series}-{last[series]:05d}"
        yield _Bill(invoice, ref, company.exchange_rates[invoice.currency])


def _series(bills: Iterable[_Bill]) -> Iterator[Values]:
    last: dict[str, int] = {}
    for bill in bills:
        if bill.ref:
            series = _series_of(bill.invoice)
            last[series] = last.get(series, 0) + 1
    for series, number in last.items():
        yield {"series": series, "last_number": number}


def _series_of(invoice: Invoice) -> str:
    prefix = "INV" if invoice.direction == "customer" else "BILL"
    return f"{prefix}-{invoice.issued_on.year}"


def _rates(company: Company) -> Iterator[Values]:
    for currency, rate in company.exchange_rates.items():
        if currency != COMPANY_CURRENCY:
            yield {"currency": currency, "valid_from": _RATES_FROM, "rate": rate}


def _parties(company: Company) -> Iterator[Values]:
    for party in company.accounts:
        limit = party.credit_limit
        yield {
            "id": party.id,
            "ref": party.ref,
            "name": party.name,
            "is_customer": "customer" in party.roles,
            "is_vendor": "vendor" in party.roles,
            "vat_id": party.tax_id,
            "iban": party.iban,
            "email": party.email,
            "city": party.address.city,
            "country": party.address.country,
            "currency": party.currency,
            "credit_limit_minor": None if limit is None else limit.to_minor(),
            "payment_days": party.payment_days,
        }


def _products(company: Company) -> Iterator[Values]:
    for item in company.items:
        yield {
            "id": item.id,
            "sku": item.sku,
            "name": item.name,
            "unit": item.unit,
            "currency": item.price.currency,
            "price_minor": item.price.to_minor(),
            "cost_minor": item.cost.to_minor(),
            "tax_percent": _DOMESTIC_TAX,
        }


def _orders(company: Company) -> Iterator[Values]:
    for order in company.orders:
        yield {
            "id": order.id,
            "ref": order.ref,
            "version": 1,
            "kind": order.kind,
            "state": order.state,
            "party_id": order.party_id,
            "external_ref": order.external_ref,
            "currency": order.currency,
            "ordered_on": order.ordered_on,
            "promised_on": order.promised_on,
            "net_minor": order.net.to_minor(),
            "tax_minor": order.tax.to_minor(),
        }


def _order_lines(company: Company, unposted: set[str]) -> Iterator[Values]:
    for order in company.orders:
        for line in order.lines:
            yield {
                "order_id": order.id,
                "invoiced": Decimal(0) if order.id in unposted else line.invoiced,
                **_line(line, order.currency),
            }


def _line(line: Line, currency: str) -> Values:
    return {
        "number": line.number,
        "sku": line.sku,
        "description": line.description,
        "quantity": line.quantity,
        "unit": line.unit,
        "unit_price": line.unit_price,
        "tax_percent": line.tax_percent,
        "net_minor": net_minor(line, currency),
    }


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
