"""The demo company's invoices and payments, as rows and as entries in the books."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from switchgear_erp.ledger import Booking, invoice_entry, payment_entry
from switchgear_erp.models import COMPANY_CURRENCY, Direction
from switchgear_erp.totals import converted, net_minor
from switchgear_shared.demo_company import Company
from switchgear_shared.demo_company.papers import Invoice, Line

DEMO = "demo"
"""Who made the records of the demo company."""

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice of the demo with our number; a draft has none."""

    invoice: Invoice
    ref: str | None
    rate: Decimal

    @property
    def direction(self) -> Direction:
        """Whose money it is."""
        return "receivable" if self.invoice.direction == "customer" else "payable"

    @property
    def company_gross_minor(self) -> int:
        """The gross in the company's currency."""
        return self._in_company(self.invoice.gross.to_minor())

    @property
    def company_tax_minor(self) -> int:
        """The tax in the company's currency."""
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
            "created_by": DEMO,
            "created_at": noon(invoice.issued_on),
            "posted_by": DEMO if self.ref else None,
            "posted_at": noon(invoice.issued_on) if self.ref else None,
        }

    def lines(self) -> Iterator[Values]:
        """Return the rows of the invoice's lines."""
        for line in self.invoice.lines:
            yield {"invoice_id": self.invoice.id, **line_values(line, self.invoice.currency)}

    def payments(self) -> Iterator[Values]:
        """Return the rows of the invoice's payments."""
        for payment in self.invoice.payments:
            yield {
                "id": payment.id,
                "invoice_id": self.invoice.id,
                "paid_on": payment.paid_on,
                "minor": payment.amount.to_minor(),
                "created_by": DEMO,
                "created_at": noon(payment.paid_on),
            }

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
            "created_at": noon(booked_on),
        }

    def _in_company(self, minor: int) -> int:
        return converted(minor, self.invoice.currency, COMPANY_CURRENCY, self.rate)


def bills_of(company: Company) -> Iterator[Bill]:
    """Number the posted invoices without gaps, each series by date."""
    last: dict[str, int] = {}
    for invoice in sorted(company.invoices, key=lambda one: (one.issued_on, one.id)):
        ref = None
        if invoice.state != "draft":
            series = _series_name(invoice)
            last[series] = last.get(series, 0) + 1
            ref = f"{series}-{last[series]:05d}"
        yield Bill(invoice, ref, company.exchange_rates[invoice.currency])


def series_of(bills: Iterable[Bill]) -> Iterator[Values]:
    """Return the rows of the series that the invoices are numbered in."""
    last: dict[str, int] = {}
    for bill in bills:
        if bill.ref:
            series = _series_name(bill.invoice)
            last[series] = last.get(series, 0) + 1
    for series, number in last.items():
        yield {"series": series, "last_number": number}


def _series_name(invoice: Invoice) -> str:
    prefix = "INV" if invoice.direction == "customer" else "BILL"
    return f"{prefix}-{invoice.issued_on.year}"


def line_values(line: Line, currency: str) -> Values:
    """Return what lines of orders and invoices have in common."""
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


def noon(day: date) -> datetime:
    """Return the middle of the day."""
    return datetime.combine(day, time(12), UTC)
