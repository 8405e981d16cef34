"""Taking an order from state to state by Tryton's buttons, after our own checks."""

import asyncio
from collections.abc import Mapping, Sequence

from switchgear_erp.models import OrderState
from switchgear_erp.order_progress import LineProgress, check_is_done, check_is_untouched
from switchgear_erp.transitions import transition
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.company import company_of
from switchgear_erp.tryton.credit import check_credit, exceeded
from switchgear_erp.tryton.ids import party_id
from switchgear_erp.tryton.order_lines import Line
from switchgear_erp.tryton.order_records import OrderRecord, read_again, read_order
from switchgear_erp.tryton.parties import party_named
from switchgear_shared.contracts.business_event_data import (
    OrderChanged,
    OrderConfirmed,
    OrderedLine,
)
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import (
    BackendRejectedError,
    ConflictError,
    InvalidRequestError,
    PolicyDeniedError,
)
from switchgear_shared.storage.tryton.refusals import TrytonWarningError

_BUTTONS: Mapping[str, str] = {
    "quote": "quote",
    "confirm": "confirm",
    "process": "process",
    "withdraw": "cancel",
    "decline": "cancel",
}
_WAY: Sequence[OrderState] = ("draft", "quoted", "confirmed", "processed")
_ATTEMPTS = 5
_UNPROCESSED = "Tryton has yet to process it: its shipments and invoices are made then"
_WAIT_S = 0.2


async def advance(
    act: Act, order_id: str, to: OrderState, expected_version: str | None
) -> WriteResult:
    """See ErpBackend.advance_order."""
    order = await read_order(act.client, order_id)
    if order.state == to and not act.write.may_be_done:
        return order.written(changed=False)
    if act.write.may_be_done and _has_reached(order.state, to):
        event = _event(act, order, to)
        return await _done(act, await _processed(act, order), event)
    act.write.is_absent = True
    order.check_version(expected_version)
    name = transition(order.ref, order.state, to)
    await _check(act, order, name)
    event = _event(act, order, to)
    if act.write.is_rehearsal:
        act.write.note(
            "order",
            order.ref,
            {"state": order.state, "version": order.version},
            {"state": to},
        )
        return WriteResult(id=order.id, ref=order.ref, state=to, version="")
    act.write.check_may_send()
    return await _press(act, order, to, _BUTTONS[name], event)


async def process_confirmed(act: Act, order: OrderRecord) -> OrderRecord:
    """Have Tryton do what it does after a confirmation, if it has not done so yet."""
    if order.record["state"] != "confirmed":
        return order
    act.write.check_may_send()
    await act.client.call(order.model, "process", [order.number])
    return await read_again(act.client, order.kind, order.number)


def _has_reached(state: OrderState, to: OrderState) -> bool:
    """Whether an order is where an earlier attempt was to take it, or has gone on from there."""
    if state == to:
        return True
    return {state, to} <= {*_WAY} and _WAY.index(state) > _WAY.index(to)


async def _processed(act: Act, order: OrderRecord) -> OrderRecord:
    """Carry on where an earlier attempt broke off between confirmation and processing."""
    if act.write.is_look:
        return order
    try:
        return await process_confirmed(act, order)
    except PolicyDeniedError:  # the button is the administrators'; the confirmation holds
        return order


async def _press(
    act: Act, order: OrderRecord, to: OrderState, button: str, event: Event
) -> WriteResult:
    """Press a button once with effect; what others did meanwhile is looked at, not overwritten."""
    for attempt in range(_ATTEMPTS):
        try:
            await act.client.call(order.model, button, [order.number], expected=order.expected)
        except (ConflictError, InvalidRequestError, TrytonWarningError) as error:
            now = await read_again(act.client, order.kind, order.number)
            if now.state == to:
                return now.written(changed=False)
            if button == "confirm":
                await _check_credit(act, now)
            if not isinstance(error, ConflictError):
                error.field = error.field or "to"
                raise
            now.check_version(order.version)
            if attempt == _ATTEMPTS - 1:
                raise
            # Tryton locks the books for a credit limit and waits for no lock.
            await asyncio.sleep(_WAIT_S * (attempt + 1))
        else:
            break
    return await _done(act, await read_again(act.client, order.kind, order.number), event)


async def _done(act: Act, order: OrderRecord, event: Event) -> WriteResult:
    act.write.announce(event)
    is_waiting = order.record["state"] == "confirmed"
    return order.written(caveat=_UNPROCESSED if is_waiting else None)


def _event(act: Act, order: OrderRecord, to: OrderState) -> Event:
    """Return what is announced; raises InvalidRequestError where it is too much."""
    if to != "confirmed":
        changed = OrderChanged(order_id=order.id, ref=order.ref, kind=order.kind)
        return act.event(f"erp.order.{to}", order.id, changed)
    confirmed = OrderConfirmed(
        order_id=order.id,
        ref=order.ref,
        kind=order.kind,
        party_id=party_id(order.record["party"]["id"]),
        location=order.location,
        promised_on=order.promised_on,
        lines=tuple(
            OrderedLine(number=line.number, sku=line.sku, quantity=line.quantity)
            for line in order.lines
            if line.sku
        ),
    )
    return act.event("erp.order.confirmed", order.id, confirmed)


async def _check(act: Act, order: OrderRecord, name: str) -> None:
    if name == "confirm":
        await _check_credit(act, order)
    elif name == "process":
        _check_is_done(order)
    elif name == "cancel":
        check_is_untouched(order.ref, _progress(order.lines))
        raise BackendRejectedError(
            f"Tryton does not cancel order {order.ref} once it is confirmed: cancel its shipments "
            "and invoices there"
        )


async def _check_credit(act: Act, order: OrderRecord) -> None:
    if order.kind != "sale":
        return
    company = await company_of(act.client)
    party = await party_named(act.client, party_id(order.record["party"]["id"]))
    credit = await check_credit(
        act.client,
        company,
        party,
        order.record["untaxed_amount"],
        order.record["currency"]["id"],
        act.today,
    )
    if credit is not None and credit.is_exceeded:
        raise InvalidRequestError(
            exceeded(party, credit, company), field="to", details=credit.model_dump(mode="json")
        )


def _check_is_done(order: OrderRecord) -> None:
    check_is_done(order.ref, _progress(order.goods), _progress(order.lines))
    if order.record["invoice_state"] not in {"paid", "none"}:
        raise InvalidRequestError(
            f"order {order.ref} is not done: Tryton completes it when its invoices are paid",
            field="to",
            details={"invoice_state": order.record["invoice_state"]},
        )


def _progress(lines: Sequence[Line]) -> list[LineProgress]:
    return [
        LineProgress(str(line.sku or line.number), line.quantity, line.fulfilled, line.invoiced)
        for line in lines
    ]
