"""Cancelling in Tryton what was drafted of a document that became several."""

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.billing_anew import bill_anew, billed_by, check_billing_anew
from switchgear_erp.tryton.ids import invoice_id
from switchgear_erp.tryton.invoice_records import INVOICE, state_of
from switchgear_erp.tryton.invoices import invoice_record, written
from switchgear_erp.tryton.marks import document_pattern, mark_in
from switchgear_shared.contracts.business_event_data import InvoiceCancelled
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record


async def cancel(act: Act, document_id: str) -> WriteResult:
    """See ErpBackend.cancel_draft."""
    found = await _of(act, document_id)
    for record in found:
        _check(record)
    seen = {record["id"]: record["_timestamp"] for record in found}
    drafts = [record["id"] for record in found if record["state"] != "cancelled"]
    was_done = act.write.may_be_done and not drafts
    first = drafts[0] if drafts else found[0]["id"]
    if act.write.is_rehearsal:
        for number in drafts:
            act.write.note(
                "invoice", invoice_id(number), {"state": "draft"}, {"state": "cancelled"}
            )
        return WriteResult(id=invoice_id(first), ref=None, state="cancelled", version="")
    gone = list(seen) if was_done else drafts
    orders = await billed_by(act.client, gone)
    if drafts:
        act.write.is_absent = True
        await check_billing_anew(act.client, orders)
        act.write.check_may_send()
        expected = {f"{INVOICE},{number}": seen[number] for number in drafts}
        await act.client.call(INVOICE, "cancel", drafts, expected=expected)
        act.write.is_absent = False
    await bill_anew(act, orders, gone)
    with act.write.reading_back():
        for name in map(invoice_id, gone):
            data = InvoiceCancelled(invoice_id=name, document_id=document_id)
            act.announce("erp.invoice.cancelled", name, data)
        record = await invoice_record(act.client, invoice_id(first))
        return written(record, act.today, changed=bool(drafts) or was_done)


async def _of(act: Act, document_id: str) -> list[Record]:
    domain = [
        ["type", "=", "in"],
        ["company", "=", act.client.company],
        ["description", "like", document_pattern(document_id)],
    ]
    fields = ["state", "number", "description", "reconciled", "_timestamp"]
    page = await act.client.search(INVOICE, domain, fields, limit=MOST_RECORDS)
    marked = [(record, mark_in(record["description"])) for record in page.records]
    found = [record for record, mark in marked if mark and mark.document == document_id]
    if not found:
        raise NotFoundError(f"no payable is of document {document_id}", field="document_id")
    return found


def _check(record: Record) -> None:
    """Raise ConflictError for what is posted."""
    name, state = invoice_id(record["id"]), state_of(record)
    if state in ("posted", "paid"):
        raise ConflictError(
            f"invoice {record['number'] or name} is {state}: it stays",
            field="document_id",
            details={"invoice_id": name, "ref": record["number"], "state": state},
        )
