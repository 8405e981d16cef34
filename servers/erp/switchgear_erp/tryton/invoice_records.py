"""Invoices of Tryton as ours: which of its fields is which."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from switchgear_erp.models import (
    COMPANY_CURRENCY,
    InvoiceLine,
    InvoiceState,
    InvoiceSummary,
    JournalLine,
    OrderId,
)
from switchgear_erp.tryton.amounts import ZERO, exact, money, tax_percent
from switchgear_erp.tryton.due_days import TERM_FIELDS, due_day
from switchgear_erp.tryton.ids import invoice_id, order_id, party_id
from switchgear_erp.tryton.marks import mark_in
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import BackendRejectedError
from switchgear_shared.storage.tryton.client import Record
from switchgear_shared.storage.tryton.texts import unit_code

INVOICE = "account.invoice"
SUMMARY_FIELDS = (
    "_timestamp",
    "type",
    "state",
    "number",
    "reference",
    "invoice_date",
    "payment_term_date",
    "party.name",
    "currency.code",
    "total_amount",
    "amount_to_pay",
    "reconciled",
    "lines_to_pay.maturity_date",
    "lines_to_pay.reconciliation",
    *TERM_FIELDS,
)
FIELDS = (
    *SUMMARY_FIELDS,
    "description",
    "account",
    "untaxed_amount",
    "tax_amount",
    "sales",
    "purchases",
    "currency.rate",
    "company.currency.code",
    "company.currency.rate",
    "create_uid.rec_name",
    "posted_by.rec_name",
    "move.post_date",
    "lines_to_pay.debit",
    "lines_to_pay.credit",
    "reconciliation_lines.date",
)
LINE_FIELDS = tuple(
    f"lines.{name}"
    for name in (
        "type",
        "product.code",
        "product.name",
        "description",
        "quantity",
        "unit.symbol",
        "unit_price",
        "amount",
        "taxes.type",
        "taxes.rate",
        "origin",
    )
)
JOURNAL_FIELDS = tuple(
    f"move.lines.{name}" for name in ("account.code", "account.name", "debit", "credit")
)
_PIECE = "C62"
_STATES: dict[str, InvoiceState] = {
    "draft": "draft",
    "validated": "draft",
    "posted": "posted",
    "paid": "paid",
    "cancelled": "cancelled",
}


def state_of(record: Record) -> InvoiceState:
    """Return the state; what is settled is paid, even while Tryton is about to write that."""
    state = _STATES[record["state"]]
    return "paid" if state == "posted" and record["reconciled"] else state


def direction_of(record: Record) -> str:
    """Return receivable or payable."""
    return "receivable" if record["type"] == "out" else "payable"


def open_amount(record: Record) -> Money:
    """Return what is still to pay; zero unless it is posted."""
    is_open = state_of(record) == "posted"
    return money(record["amount_to_pay"] if is_open else ZERO, record["currency"]["code"])


def issued_on(record: Record, today: date) -> date:
    """Return its day; a draft to a customer without one gets that on which it is posted."""
    return record["invoice_date"] or today


def summary(record: Record, today: date) -> InvoiceSummary:
    """Return the invoice of a record with SUMMARY_FIELDS."""
    return InvoiceSummary.model_validate(_summary(record, today))


def details(record: Record, today: date) -> dict[str, Any]:
    """Return the values of an invoice without lines and journal, of a record with FIELDS."""
    currency = record["currency"]["code"]
    mark = mark_in(record["description"])
    is_booked = state_of(record) in ("posted", "paid")
    post_date = (record["move"] or {}).get("post_date") if is_booked else None
    return {
        **_summary(record, today),
        "order_id": order_of(record),
        "document_id": mark.document if mark else None,
        "net": money(record["untaxed_amount"], currency),
        "tax": money(record["tax_amount"], currency),
        "company_gross": _company_gross(record),
        "created_by": (record["create_uid"] or {}).get("rec_name") or "",
        "posted_by": (record["posted_by"] or {}).get("rec_name") if is_booked else None,
        "posted_at": datetime.combine(post_date, time(), UTC) if post_date else None,
        "paid_on": _paid_on(record),
    }


def lines_of(record: Record) -> tuple[InvoiceLine, ...]:
    """Return the lines of a record with LINE_FIELDS; titles and comments are none."""
    currency = record["currency"]["code"]
    kept = (line for line in record["lines"] if line["type"] == "line")
    return tuple(_line(number, line, currency) for number, line in enumerate(kept, start=1))


def journal_of(record: Record) -> tuple[JournalLine, ...]:
    """Return the sides of the posting of a record with JOURNAL_FIELDS, empty for a draft."""
    if state_of(record) not in ("posted", "paid"):
        return ()
    return tuple(
        JournalLine(
            account=line["account"]["code"] or "",
            name=line["account"]["name"],
            debit=money(line["debit"], COMPANY_CURRENCY).amount,
            credit=money(line["credit"], COMPANY_CURRENCY).amount,
        )
        for line in record["move"]["lines"]
    )


def order_of(record: Record) -> OrderId | None:
    """Return the order that is billed, the first where Tryton bills several at once."""
    if record["sales"]:
        return order_id("sale", min(record["sales"]))
    if record["purchases"]:
        return order_id("purchase", min(record["purchases"]))
    mark = mark_in(record["description"])
    return OrderId(mark.order) if mark and mark.order else None


def name_of(record: Record) -> str:
    """Return what an invoice is called in messages: its number, or its id while it has none."""
    return record["number"] or invoice_id(record["id"])


def _summary(record: Record, today: date) -> dict[str, Any]:
    currency = record["currency"]["code"]
    return {
        "id": invoice_id(record["id"]),
        "ref": record["number"],
        "version": record["_timestamp"],
        "external_ref": record["reference"],
        "direction": direction_of(record),
        "state": state_of(record),
        "party_id": party_id(record["party"]["id"]),
        "party_name": record["party"]["name"] or "",
        "issued_on": issued_on(record, today),
        "due_on": _due_on(record, today),
        "gross": money(record["total_amount"], currency),
        "open": open_amount(record),
    }


def _due_on(record: Record, today: date) -> date:
    lines = record["lines_to_pay"] or []
    unpaid = [line for line in lines if line["reconciliation"] is None]
    days = [line["maturity_date"] for line in unpaid or lines if line["maturity_date"]]
    if days:
        return min(days) if unpaid else max(days)
    if record["payment_term"] is None:
        return record["payment_term_date"] or issued_on(record, today)
    return due_day(record["payment_term"], record["payment_term_date"] or issued_on(record, today))


def _paid_on(record: Record) -> date | None:
    if state_of(record) != "paid":
        return None
    return max((line["date"] for line in record["reconciliation_lines"] or []), default=None)


def _company_gross(record: Record) -> Money:
    if record["lines_to_pay"]:
        booked = sum((line["debit"] - line["credit"] for line in record["lines_to_pay"]), ZERO)
        return money(booked if record["type"] == "out" else -booked, COMPANY_CURRENCY)
    currency, company = record["currency"], record["company"]["currency"]
    if currency["code"] == company["code"]:
        return money(record["total_amount"], COMPANY_CURRENCY)
    if not currency["rate"] or not company["rate"]:
        raise BackendRejectedError(f"Tryton has no exchange rate for {currency['code']}")
    return money(record["total_amount"] * company["rate"] / currency["rate"], COMPANY_CURRENCY)


def _line(number: int, line: Record, currency: str) -> InvoiceLine:
    product = line["product"] or {}
    return InvoiceLine(
        number=number,
        sku=product.get("code"),
        description=line["description"] or product.get("name") or "",
        quantity=exact(line["quantity"]),
        unit=unit_code(line["unit"]["symbol"]) if line["unit"] else _PIECE,
        unit_price=exact(line["unit_price"]),
        tax_percent=tax_percent(line["taxes"] or []),
        net=money(line["amount"] or Decimal(0), currency).amount,
    )
