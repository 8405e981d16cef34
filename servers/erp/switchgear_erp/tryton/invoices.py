"""Listing and reading invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from switchgear_erp.models import (
    Direction,
    Invoice,
    InvoiceId,
    InvoicePage,
    InvoicePart,
    InvoiceState,
    PartyId,
)
from switchgear_erp.tryton.ids import ids_beginning, number_in
from switchgear_erp.tryton.invoice_records import (
    FIELDS,
    INVOICE,
    JOURNAL_FIELDS,
    LINE_FIELDS,
    SUMMARY_FIELDS,
    details,
    journal_of,
    lines_of,
    summary,
)
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.tryton.client import Record, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of
from switchgear_shared.storage.tryton.texts import literal

_INVOICES = "erp.tryton.invoices"
_TYPES: dict[Direction, str] = {"receivable": "out", "payable": "in"}
_STATES: dict[InvoiceState, list[str]] = {
    "draft": ["draft", "validated"],
    "posted": ["posted"],
    "paid": ["paid"],
    "cancelled": ["cancelled"],
}
_NOTHING = ["id", "=", -1]


@dataclass(frozen=True, slots=True)
class InvoiceSearch:
    """What invoices are looked for; criteria that are None do not count."""

    direction: Direction | None
    state: InvoiceState | None
    overdue: bool
    party_id: PartyId | None
    query: str | None


async def list_invoices(
    client: TrytonClient, search: InvoiceSearch, today: date, *, limit: int, cursor: str | None
) -> InvoicePage:
    """See ErpBackend."""
    domain = [["company", "=", client.company], *_domain(search, today)]
    beyond: list[Any] = []
    if cursor is not None:
        [last_id] = keys_of(_INVOICES, cursor, int)
        beyond = [["id", "<", last_id]]
    total = await client.call(INVOICE, "search_count", domain)
    page = await client.search(
        INVOICE, [*domain, *beyond], SUMMARY_FIELDS, limit=limit + 1, order=[("id", "DESC")]
    )
    records = page.records[:limit]
    is_more = len(page.records) > limit
    return InvoicePage(
        items=tuple(summary(record, today) for record in records),
        total=total,
        next_cursor=encode_cursor(_INVOICES, [records[-1]["id"]]) if is_more else None,
        truncated=is_more,
    )


async def get_invoice(
    client: TrytonClient, invoice_id: InvoiceId, today: date, *, include: Sequence[InvoicePart]
) -> Invoice:
    """See ErpBackend."""
    parts = [
        *(LINE_FIELDS if "lines" in include else ()),
        *(JOURNAL_FIELDS if "journal" in include else ()),
    ]
    record = await invoice_record(client, invoice_id, *parts)
    return Invoice(
        **details(record, today),
        lines=lines_of(record) if "lines" in include else None,
        journal=journal_of(record) if "journal" in include else None,
    )


async def invoice_record(client: TrytonClient, invoice_id: str, *fields: str) -> Record:
    """Return the record of one invoice, with FIELDS; raises NotFoundError."""
    number = number_in("invoice", invoice_id)
    found: Sequence[Record] = ()
    if number is not None:
        domain = [["id", "=", number], ["company", "=", client.company]]
        found = (await client.search(INVOICE, domain, [*FIELDS, *fields], limit=1)).records
    if not found:
        raise NotFoundError(f"there is no invoice {invoice_id}", field="invoice_id")
    return found[0]


def written(record: Record, today: date, *, changed: bool) -> WriteResult:
    """Return what a write that is done with an invoice answers."""
    now = summary(record, today)
    return WriteResult(
        id=now.id, ref=now.ref, state=now.state, version=now.version, changed=changed
    )


def _domain(search: InvoiceSearch, today: date) -> list[Any]:
    domain: list[Any] = []
    if search.direction is not None:
        domain.append(["type", "=", _TYPES[search.direction]])
    if search.state is not None:
        domain.append(["state", "in", _STATES[search.state]])
    if search.party_id is not None:
        number = number_in("party", search.party_id)
        domain.append(_NOTHING if number is None else ["party", "=", number])
    if search.overdue:
        late = [["maturity_date", "<", today], ["reconciliation", "=", None]]
        domain += [["state", "=", "posted"], ["move", "where", [["lines", "where", late]]]]
    if search.query is not None:
        pattern = f"%{literal(search.query)}%"
        called = [[field, "ilike", pattern] for field in ("number", "reference")]
        domain.append(["OR", *called, *ids_beginning("invoice", search.query)])
    return domain
