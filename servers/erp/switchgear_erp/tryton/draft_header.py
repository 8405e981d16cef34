"""What an invoice to be says above its lines: party, currency, days and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from switchgear_erp.days import check_ahead, check_year
from switchgear_erp.models import InvoiceDraft
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.billed_orders import BilledOrder
from switchgear_erp.tryton.company import Company
from switchgear_erp.tryton.ids import invoice_id, number_in
from switchgear_erp.tryton.invoice_records import INVOICE, state_of
from switchgear_erp.tryton.marks import Mark, mark_in, pattern_of
from switchgear_shared.contracts.currencies import MINOR_DIGITS
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.tryton.client import (
    MOST_RECORDS,
    Record,
    TrytonClient,
    without_labels,
)
from switchgear_shared.storage.tryton.texts import literal

_SIDES = {"receivable": "customer_currency", "payable": "supplier_currency"}


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of Tryton; `is_own` says that the company reckons in it."""

    id: int
    code: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Header:
    """What goes above the lines: `own` always, `of_party` where the party is new to the invoice.

    `about` is what the lines' defaults hang on.
    """

    currency: Currency
    about: Mapping[str, Any]
    own: Mapping[str, Any]
    of_party: Mapping[str, Any]


async def currency_of(
    client: TrytonClient,
    draft: InvoiceDraft,
    party: Record,
    order: BilledOrder | None,
    company: Company,
    today: date,
) -> Currency:
    """Return the currency that the invoice is in; raises InvalidRequestError.

    It is that of the order, or the one asked for, the party's or the company's.
    """
    own = party[_SIDES[draft.direction]]
    code = draft.currency or (order.currency if order else own["code"] if own else company.currency)
    if code not in MINOR_DIGITS:
        raise InvalidRequestError(f"{code} is not an ISO 4217 currency", field="currency")
    if order is not None and code != order.currency:
        raise InvalidRequestError(
            f"order {order.number} is in {order.currency}, the invoice in {code}", field="currency"
        )
    if code == company.currency:
        return Currency(company.currency_id, code, is_own=True)
    day = draft.issued_on or today
    found = await client.search(
        "currency.currency", [["code", "=", code]], ["rate"], limit=1, context={"date": day}
    )
    if not found.records or not found.records[0]["rate"]:
        raise InvalidRequestError(
            f"there is no exchange rate for {code} on {day}", field="currency"
        )
    return Currency(found.records[0]["id"], code, is_own=False)


def check_days(draft: InvoiceDraft, today: date) -> None:
    """Raise InvalidRequestError for days that are far off or the wrong way round."""
    issued_on = draft.issued_on or today
    check_ahead("issued_on", issued_on, today)
    if draft.due_on is None:
        return
    check_year("due_on", draft.due_on)
    if draft.due_on < issued_on:
        raise InvalidRequestError(
            f"due_on {draft.due_on} is before issued_on {issued_on}", field="due_on"
        )


def check_vendor_number(draft: InvoiceDraft) -> None:
    """Raise InvalidRequestError for a payable without the vendor's number."""
    if draft.direction == "payable" and not _compact(draft.external_ref):
        raise InvalidRequestError(
            "a payable needs the vendor's invoice number", field="external_ref"
        )


async def earlier_draft(client: TrytonClient, draft: InvoiceDraft, work: str) -> int | None:
    """Return the draft that this one takes the place of: its document was read anew.

    It has the vendor's number, or was made in the same piece of work before vendor or number
    were corrected.

    Raises:
        ConflictError: another invoice of the vendor has the number.
    """
    if draft.direction != "payable":
        return None
    taken = next(iter(await with_vendor_number(client, draft)), None)
    if taken is None:
        return await _of_document(client, draft, work)
    mark = mark_in(taken["description"])
    if taken["state"] == "draft" and mark and mark.document == draft.document_id is not None:
        return taken["id"]
    raise number_is_taken(draft, taken)


def number_is_taken(draft: InvoiceDraft, taken: Record) -> ConflictError:
    """Return the refusal of a vendor's number that another invoice has."""
    name, state = invoice_id(taken["id"]), state_of(taken)
    return ConflictError(
        f"vendor number {draft.external_ref} of party {draft.party_id} is on invoice "
        f"{taken['number'] or name} already, which is {state}",
        field="external_ref",
        details={"invoice_id": name, "ref": taken["number"], "state": state},
    )


async def with_vendor_number(client: TrytonClient, draft: InvoiceDraft) -> list[Record]:
    """Return the invoices of the vendor that have the draft's number, the oldest first."""
    number = _compact(draft.external_ref)
    domain = [
        ["type", "=", "in"],
        ["state", "!=", "cancelled"],
        ["party", "=", number_in("party", draft.party_id)],
        ["reference", "ilike", f"%{'%'.join(literal(one) for one in number)}%"],
    ]
    fields = ["state", "number", "reference", "description", "reconciled"]
    page = await client.search(INVOICE, domain, fields, limit=MOST_RECORDS)
    return [record for record in page.records if _compact(record["reference"]) == number]


async def header_of(
    act: Act,
    draft: InvoiceDraft,
    party: Record,
    order: BilledOrder | None,
    currency: Currency,
    mark: Mark,
) -> Header:
    """Return what Tryton proposes for the party, and what the draft says."""
    about = {
        "type": "out" if draft.direction == "receivable" else "in",
        "company": act.client.company,
        "currency": currency.id,
        "party": party["id"],
    }
    proposed = await act.client.call(INVOICE, "on_change", about, ["type", "party"])
    of_party = {**about, **without_labels(proposed)}
    if order is not None and order.payment_term is not None:
        of_party["payment_term"] = order.payment_term
    own: dict[str, Any] = {"description": mark.text()}
    if draft.external_ref is not None:
        own["reference"] = draft.external_ref
    issued_on = draft.issued_on or (act.today if draft.direction == "payable" else None)
    if issued_on is not None:
        own["invoice_date"] = issued_on
    if draft.due_on is not None:
        own |= {"payment_term": None, "payment_term_date": draft.due_on}
    return Header(currency, {**about, "invoice_date": issued_on}, own, of_party)


async def _of_document(client: TrytonClient, draft: InvoiceDraft, work: str) -> int | None:
    if draft.document_id is None:
        return None
    domain = [
        ["type", "=", "in"],
        ["state", "=", "draft"],
        ["description", "like", pattern_of(draft.document_id, work)],
    ]
    found = (await client.search(INVOICE, domain, ["id"], limit=1)).records
    return found[0]["id"] if found else None


def _compact(number: str | None) -> str:
    return "".join((number or "").casefold().split())
