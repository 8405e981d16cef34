"""Recording a payment: Tryton's own wizard pays, and the invoice's version guards it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from switchgear_erp.days import check_past
from switchgear_erp.rules import amount_to_pay
from switchgear_erp.trade import Payment
from switchgear_erp.tryton.acting import Act, check_version
from switchgear_erp.tryton.amounts import ZERO, money
from switchgear_erp.tryton.ids import invoice_id
from switchgear_erp.tryton.invoice_records import INVOICE, name_of, open_amount, state_of
from switchgear_erp.tryton.invoices import invoice_record, written
from switchgear_erp.tryton.overtaking import check_attempt, wait_for_others
from switchgear_erp.tryton.periods import check_is_open
from switchgear_shared.contracts.business_event_data import PaymentRecorded
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import (
    BackendRejectedError,
    ConflictError,
    InvalidRequestError,
)
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record
from switchgear_shared.storage.tryton.texts import unmarked

_WIZARD = "account.invoice.pay"
_MOVE = "account.move"


@dataclass(frozen=True, slots=True)
class _Made:
    """A payment that Tryton has: its move, and what it says it is."""

    id: int
    text: str
    on: date
    amount: Decimal


async def pay(
    act: Act, named: str, payment: Payment, *, expected_version: str | None
) -> WriteResult:
    """See ErpBackend; who comes second at the same moment looks again, and pays what is open."""
    attempt = 0
    while True:
        attempt += 1
        record = await invoice_record(act.client, named)
        if state_of(record) not in ("posted", "paid"):
            raise InvalidRequestError(
                f"invoice {named} is {state_of(record)}: only posted invoices are paid",
                field="invoice_id",
                details={"state": state_of(record)},
            )
        made = await _payments(act, record)
        if act.write.may_be_done and (done := _done(act, made)):
            return _paid(act, record, done)
        act.write.is_absent = True
        _check_reference(record, payment, made)
        amount = amount_to_pay(payment, open_amount(record), name_of(record))
        check_version(f"invoice {named}", record, expected_version)
        on = payment.paid_on or act.today
        check_past("paid_on", on, act.today)
        await check_is_open(act.client, "paid_on", on)
        if act.write.is_rehearsal:
            return _rehearsed(act, record, amount, on)
        check_attempt(attempt, named)
        try:
            return await _send(act, record, payment, amount, on)
        except (ConflictError, InvalidRequestError) as error:
            await wait_for_others(act, record, error, attempt)


async def _send(act: Act, record: Record, payment: Payment, amount: Money, on: date) -> WriteResult:
    number = record["id"]
    method = await _method(act, record)
    guard = {"_timestamp": {f"{INVOICE},{number}": record["_timestamp"]}}
    text = f"{payment.reference or ''} [{act.write.reference}]".strip()
    async with (
        act.write.undone_by(_nothing),
        act.client.wizard(_WIZARD, INVOICE, number, context=guard) as wizard,
    ):
        start = await wizard.step(wizard.first, {}, is_write=False)
        if start is None:
            raise BackendRejectedError("Tryton pays in another way")
        start |= {
            "payment_method": method,
            "amount": amount.amount,
            "description": text,
            "date": on,
        }
        act.write.check_may_send()
        ask = await wizard.step("choice", {"start": start}, is_write=True)
        if ask is not None:
            if amount == open_amount(record):
                raise ConflictError(f"invoice {name_of(record)} is being paid at this moment")
            act.write.check_may_send()
            await wizard.step("pay", {"start": start, "ask": ask}, is_write=True)
    with act.write.reading_back():
        now = await invoice_record(act.client, invoice_id(number))
        done = _done(act, await _payments(act, now))
        if done is None:
            raise BackendRejectedError("Tryton has not booked the payment")
        return _paid(act, now, done)


async def _nothing() -> None:
    """Take nothing back: a step that is refused has changed nothing, nor has one before it."""


async def _method(act: Act, record: Record) -> int:
    domain = [
        ["company", "=", act.client.company],
        ["debit_account", "!=", record["account"]],
        ["credit_account", "!=", record["account"]],
    ]
    found = (await act.client.search(f"{INVOICE}.payment.method", domain, ["id"], limit=1)).records
    if not found:
        raise BackendRejectedError("Tryton has no payment method for this invoice")
    return found[0]["id"]


async def _payments(act: Act, record: Record) -> list[_Made]:
    """Return the payments of an invoice: moves that it is the origin of, beside its own."""
    domain: list[Any] = [
        ["origin", "=", f"{INVOICE},{record['id']}"],
        ["lines.account", "=", record["account"]],
    ]
    if record["move"] is not None:
        domain.append(["id", "!=", record["move"]["id"]])
    fields = ["description", "date", "lines.account"]
    amounts = [f"lines.{name}" for name in ("debit", "credit", "amount_second_currency")]
    page = await act.client.search(_MOVE, domain, [*fields, *amounts], limit=MOST_RECORDS)
    return [
        _Made(
            id=move["id"],
            text=move["description"] or "",
            on=move["date"],
            amount=sum((_of_line(line, record) for line in move["lines"]), ZERO),
        )
        for move in page.records
    ]


def _of_line(line: Record, record: Record) -> Decimal:
    if line["account"] != record["account"]:
        return ZERO
    amount = line["amount_second_currency"]
    return abs(line["debit"] - line["credit"] if amount is None else amount)


def _done(act: Act, made: list[_Made]) -> _Made | None:
    """Return the payment of this write, or the one that a person says is."""
    told = act.write.told_number("payment")
    if told is None:
        mark = f"[{act.write.reference}]"
        return next((one for one in made if one.text.endswith(mark)), None)
    found = next((one for one in made if one.id == told), None)
    if found is not None:
        act.write.check_is_free(found.text)
    return found


def _check_reference(record: Record, payment: Payment, made: list[_Made]) -> None:
    """Refuse a reference of the bank's that paid this invoice already."""
    key = _compact(payment.reference or "")
    taken = next((one for one in made if key and _compact(unmarked(one.text)) == key), None)
    if taken is not None:
        is_open = open_amount(record)
        paid = money(taken.amount, is_open.currency)
        raise ConflictError(
            f"{payment.reference} paid {paid.amount} {paid.currency} of invoice "
            f"{name_of(record)} on {taken.on} already",
            field="reference",
            details={"payment_id": f"payment-{taken.id}", "open": str(is_open.amount)},
        )


def _rehearsed(act: Act, record: Record, amount: Money, on: date) -> WriteResult:
    is_open = open_amount(record)
    left = is_open.amount - amount.amount
    state = "posted" if left else "paid"
    act.write.note(
        "invoice",
        invoice_id(record["id"]),
        {"state": "posted", "open": str(is_open.amount), "version": record["_timestamp"]},
        {"state": state, "open": str(left), "paid": str(amount.amount), "paid_on": str(on)},
    )
    return written(record, act.today, changed=True).model_copy(update={"state": state})


def _paid(act: Act, record: Record, made: _Made) -> WriteResult:
    result = written(record, act.today, changed=True)
    data = PaymentRecorded(
        payment_id=f"payment-{made.id}",
        invoice_id=result.id,
        amount=money(made.amount, record["currency"]["code"]),
        is_paid=result.state == "paid",
    )
    act.announce("erp.payment.recorded", result.id, data)
    return result


def _compact(text: str) -> str:
    return "".join(text.casefold().split())
