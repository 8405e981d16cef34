"""Making an invoice: Tryton's own draft for the order is taken, or a new one is made."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from switchgear_erp.models import InvoiceDraft
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.billed_orders import billed_order
from switchgear_erp.tryton.company import Company, company_of
from switchgear_erp.tryton.draft_header import (
    check_days,
    check_vendor_number,
    currency_of,
    earlier_draft,
    header_of,
)
from switchgear_erp.tryton.draft_values import Plan, values_of
from switchgear_erp.tryton.ids import invoice_id
from switchgear_erp.tryton.invoice_records import (
    INVOICE,
    LINE_FIELDS,
    direction_of,
    issued_on,
    lines_of,
)
from switchgear_erp.tryton.invoices import invoice_record, written
from switchgear_erp.tryton.marks import Mark, mark_in, work_of
from switchgear_erp.tryton.parties import check_role, party_named
from switchgear_erp.tryton.product_defaults import defaults_of
from switchgear_erp.tryton.reckoning import Reckoned, check_totals, reckoned
from switchgear_erp.tryton.rivals import check_alone
from switchgear_erp.tryton.wanted_lines import wanted_lines
from switchgear_shared.contracts.business_event_data import InvoiceCreated
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError
from switchgear_shared.storage.tryton.client import Record


async def create(act: Act, draft: InvoiceDraft) -> WriteResult:
    """See ErpBackend."""
    party = await party_named(act.client, draft.party_id)
    company = await company_of(act.client)
    check_role(party, company, "customer" if draft.direction == "receivable" else "vendor")
    theirs = [["party", "=", party["id"]]]
    made = await act.made("invoice", INVOICE, "description", told=theirs)
    if made is not None:
        return await _done(act, made, None)
    plan = await _plan(act, draft, party, company)
    values = await values_of(act.client, plan)
    if act.write.is_rehearsal:
        return _rehearsed(act, plan)
    act.write.check_may_send()
    if plan.target is None:
        return await _made(act, plan, values)
    number = plan.target["id"]
    try:
        await act.client.call(
            INVOICE,
            "write",
            [number],
            values,
            expected={f"{INVOICE},{number}": plan.target["_timestamp"]},
        )
    except ConflictError as error:
        raise _being_changed(number) from error
    with act.write.reading_back():
        return await _done(act, number, plan.totals)


async def _plan(act: Act, draft: InvoiceDraft, party: Record, company: Company) -> Plan:
    order = None
    if draft.order_id is not None:
        order = await billed_order(act.client, draft.order_id)
        order.check(draft.direction)
    currency = await currency_of(act.client, draft, party, order, company, act.today)
    check_days(draft, act.today)
    check_vendor_number(draft)
    work = work_of(act.caller.correlation_id)
    earlier = await earlier_draft(act.client, draft, work)
    target = earlier or (order.free_draft if order else None)
    mark = Mark(
        reference=act.write.reference,
        document=draft.document_id,
        work=work if draft.document_id else None,
        order=str(order.id) if order else None,
        is_anew=earlier is not None,
    )
    header = await header_of(act, draft, party, order, currency, mark)
    skus = [line.sku for line in draft.lines or () if line.sku is not None]
    lines = await wanted_lines(
        act.client,
        draft,
        order,
        await defaults_of(act.client, header.about, skus),
        without=[] if target is None else [target],
        is_own_currency=currency.is_own,
    )
    if earlier is None and not any(line.origin for line in lines):
        target = None
    totals = reckoned(lines, currency.code)
    check_totals(draft.totals, totals, currency.code)
    taken = None
    if target is not None:
        taken = await invoice_record(act.client, invoice_id(target), *LINE_FIELDS)
        if earlier is None and mark_in(taken["description"]) is not None:  # since we chose it
            raise _being_changed(taken["id"])
    return Plan(draft, order, header, lines, totals, taken, is_earlier=earlier is not None)


def _being_changed(number: int) -> ConflictError:
    return ConflictError(
        f"invoice {invoice_id(number)} is being changed at this moment", field="order_id"
    )


async def _made(act: Act, plan: Plan, values: Mapping[str, Any]) -> WriteResult:
    [number] = await act.client.call(INVOICE, "create", [values])
    async with act.write.undone_by(partial(act.client.call, INVOICE, "delete", [number])):
        await check_alone(act, plan.draft, plan.order, number)
    with act.write.reading_back():
        return await _done(act, number, plan.totals)


async def _done(act: Act, number: int, totals: Reckoned | None) -> WriteResult:
    record = await invoice_record(act.client, invoice_id(number))
    mark = mark_in(record["description"])
    if mark is None or not mark.is_anew:
        result = written(record, act.today, changed=True)
        data = InvoiceCreated(
            invoice_id=result.id,
            direction="receivable" if record["type"] == "out" else "payable",
            party_id=f"party-{record['party']['id']}",
        )
        act.announce("erp.invoice.created", result.id, data)
    caveat = None
    if totals is not None and (totals.net, totals.tax) != (
        record["untaxed_amount"],
        record["tax_amount"],
    ):
        caveat = (
            f"Tryton reckons {record['total_amount']} {record['currency']['code']}, "
            f"{record['tax_amount']} of it tax"
        )
    return written(record, act.today, changed=True).model_copy(update={"caveat": caveat})


def _rehearsed(act: Act, plan: Plan) -> WriteResult:
    taken = plan.target
    before = None if taken is None else _as_is(taken, act.today)
    key = str(plan.order.id) if plan.order else plan.draft.external_ref or plan.draft.party_id
    after = {
        "direction": plan.draft.direction,
        "party_id": plan.draft.party_id,
        "external_ref": plan.draft.external_ref,
        "currency": plan.header.currency.code,
        "issued_on": str(plan.draft.issued_on or act.today),
        "net": str(plan.totals.net),
        "tax": str(plan.totals.tax),
        "gross": str(plan.totals.gross),
        "lines": [
            f"{line.quantity:f} {line.sku or line.description} at {line.unit_price:f}"
            for line in plan.lines
        ],
    }
    act.write.note("invoice", key, before, after)
    number = "" if taken is None else invoice_id(taken["id"])
    return WriteResult(id=number, ref=None, state="draft", version="")


def _as_is(record: Record, today: date) -> dict[str, object]:
    return {
        "id": invoice_id(record["id"]),
        "version": record["_timestamp"],
        "direction": direction_of(record),
        "external_ref": record["reference"],
        "issued_on": str(issued_on(record, today)),
        "gross": str(record["total_amount"]),
        "lines": [
            f"{line.quantity:f} {line.sku or line.description} at {line.unit_price:f}"
            for line in lines_of(record)
        ],
    }
