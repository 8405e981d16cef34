"""Posting an invoice: Tryton numbers and books it in one request, which its version guards."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from switchgear_erp.days import check_ahead
from switchgear_erp.matching import allowed, quantities
from switchgear_erp.models import InvoiceLine, Tolerance
from switchgear_erp.tryton.acting import Act, check_version
from switchgear_erp.tryton.amounts import ZERO, money
from switchgear_erp.tryton.billed_orders import BilledOrder, billed_order
from switchgear_erp.tryton.ids import invoice_id, party_id
from switchgear_erp.tryton.invoice_records import (
    INVOICE,
    direction_of,
    issued_on,
    lines_of,
    order_of,
    state_of,
)
from switchgear_erp.tryton.invoices import invoice_record, written
from switchgear_erp.tryton.marks import mark_in, posting_of, with_posting
from switchgear_erp.tryton.overtaking import check_attempt, not_being_posted, wait_for_others
from switchgear_erp.tryton.periods import check_is_open
from switchgear_shared.contracts.business_event_data import InvoicePosted
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.tryton.client import Record

_ACCEPTED = ("invoice_date_future", "invoice_taxes", "invoice_payment_term")
"""Warnings about what the draft says on purpose: its day, its taxes, a day due that is over."""

_BOOKED = ("posted", "paid")


async def post(
    act: Act, named: str, *, expected_version: str | None, tolerance: Tolerance
) -> WriteResult:
    """See ErpBackend; who comes second at the same moment looks again, and finds it posted."""
    attempt = 0
    while True:
        attempt += 1
        record = await not_being_posted(act, named)
        is_ours = posting_of(record["description"]) == act.write.reference
        if state_of(record) in _BOOKED:
            if act.write.may_be_done and is_ours:
                return _posted(act, record)
            return written(record, act.today, changed=False)
        if state_of(record) != "draft":
            raise InvalidRequestError(f"invoice {named} is {state_of(record)}", field="invoice_id")
        act.write.is_absent = not is_ours
        if not is_ours:  # what made it ours had that version
            check_version(f"invoice {named}", record, expected_version)
        day = issued_on(record, act.today)
        check_ahead("issued_on", day, act.today)
        await check_is_open(act.client, "issued_on", day)
        order = await _covering_order(act, record, tolerance)
        if act.write.is_rehearsal:
            return _rehearsed(act, record)
        check_attempt(attempt, named)
        try:
            return await _send(act, record, order)
        except (ConflictError, InvalidRequestError) as error:
            await wait_for_others(act, record, error, attempt)


def _rehearsed(act: Act, record: Record) -> WriteResult:
    act.write.note(
        "invoice",
        invoice_id(record["id"]),
        {"state": "draft", "version": record["_timestamp"], "gross": _gross(record)},
        {"state": "posted", "gross": _gross(record)},
    )
    return written(record, act.today, changed=True).model_copy(update={"state": "posted"})


async def _send(act: Act, record: Record, order: BilledOrder | None) -> WriteResult:
    """Say in the invoice which write posts it, and post what says so: its version guards both."""
    number = record["id"]
    links = _links(record, order) if order is not None else []
    values: dict[str, Any] = {
        "description": with_posting(record["description"], act.write.reference),
        **({"lines": links} if links else {}),
    }
    async with act.write.undone_by(partial(_unlinked, act, number, links)):
        act.write.check_may_send()
        expected = {f"{INVOICE},{number}": record["_timestamp"]}
        await act.client.call(INVOICE, "write", [number], values, expected=expected)
        claimed = await act.read(INVOICE, number, "description")
        if posting_of(claimed["description"]) != act.write.reference:
            raise ConflictError(f"invoice {invoice_id(number)} is being posted at this moment")
        act.write.check_may_send()
        await act.client.call(
            INVOICE,
            "post",
            [number],
            expected={f"{INVOICE},{number}": claimed["_timestamp"]},
            accepting=_ACCEPTED,
        )
    with act.write.reading_back():
        return _posted(act, await invoice_record(act.client, invoice_id(number)))


async def _unlinked(act: Act, number: int, links: Sequence[Sequence[Any]]) -> None:
    """Take the lines off the order again, unless somebody else posted them meanwhile."""
    if links and (await act.read(INVOICE, number, "state"))["state"] == "draft":
        back = [["write", ids, {"origin": None}] for _, ids, _ in links]
        await act.client.call(INVOICE, "write", [number], {"lines": back})


async def _covering_order(act: Act, record: Record, tolerance: Tolerance) -> BilledOrder | None:
    """Return the order that the invoice bills, if any; raises where it does not cover it."""
    named = order_of(record)
    if named is None:
        return None
    order = await billed_order(act.client, named)
    order.check(direction_of(record))
    if order.party != record["party"]["id"]:
        raise InvalidRequestError(
            f"order {order.number} is with party {party_id(order.party)}, the invoice with "
            f"{party_id(record['party']['id'])}",
            field="invoice_id",
        )
    for sku, quantity in quantities(_of_order(record, order)).items():
        own = order.named(sku)
        if not own:
            raise InvalidRequestError(f"order {order.number} has no {sku}", field="invoice_id")
        total = sum((line.quantity for line in own), ZERO)
        before = sum((line.booked() for line in own), ZERO)
        if before + quantity > allowed(total, tolerance):
            raise InvalidRequestError(
                f"order {order.number} has {max(total - before, Decimal(0)):f} of {sku} left to "
                f"invoice, the invoice bills {quantity:f}",
                field="invoice_id",
            )
    return order


def _of_order(record: Record, order: BilledOrder) -> Sequence[InvoiceLine]:
    """Return the lines that the order must cover: those of other orders are Tryton's business."""
    origins = {line.origin for line in order.lines}
    kept = [line for line in record["lines"] if line["origin"] in origins or not line["origin"]]
    return lines_of({**record, "lines": kept})


def _links(record: Record, order: BilledOrder) -> list[list[Any]]:
    """Return the change that has lines bill the order, which had no room for them before."""
    left = {line.origin: line.left(without=()) for line in order.lines}
    links: list[list[Any]] = []
    for line in record["lines"]:
        if line["type"] != "line" or line["origin"] or not line["product"]:
            continue
        quantity = Decimal(str(line["quantity"]))
        places = [
            one for one in order.named(line["product"]["code"]) if left[one.origin] >= quantity
        ]
        if places:
            left[places[0].origin] -= quantity
            links.append(["write", [line["id"]], {"origin": places[0].origin}])
    return links


def _posted(act: Act, record: Record) -> WriteResult:
    result = written(record, act.today, changed=True)
    mark = mark_in(record["description"])
    data = InvoicePosted(
        invoice_id=result.id,
        ref=result.ref or "",
        party_id=party_id(record["party"]["id"]),
        gross=money(record["total_amount"], record["currency"]["code"]),
        document_id=mark.document if mark else None,
    )
    act.announce("erp.invoice.posted", result.id, data)
    return result


def _gross(record: Record) -> str:
    return f"{record['total_amount']} {record['currency']['code']}"
