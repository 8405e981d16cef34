"""Shipping a sale or receiving a purchase: what both ask, before the goods move next door."""

from switchgear_erp.days import check_past
from switchgear_erp.trade import Fulfilment
from switchgear_erp.tryton import receiving, shipping
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.advancing import process_confirmed
from switchgear_erp.tryton.goods import check_announcable, parts_of, rehearsed
from switchgear_erp.tryton.order_records import OrderRecord, read_order
from switchgear_erp.tryton.places import warehouse_named
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError

_ROOMS = {"sale": shipping, "purchase": receiving}


async def fulfil(
    act: Act, order_id: str, fulfilment: Fulfilment, expected_version: str | None
) -> WriteResult:
    """See ErpBackend.fulfil_order."""
    order = await read_order(act.client, order_id)
    room = _ROOMS[order.kind]
    made = await act.made(
        f"{order.kind}-shipment",
        room.SHIPMENT,
        "reference",
        ["state", "!=", "cancelled"],
        told=[[f"moves.origin.{order.kind}", "=", order.number, f"{order.kind}.line"]],
    )
    if made is not None:
        return await room.carry_on(act, order, made)
    order.check_version(expected_version)
    on = fulfilment.fulfilled_on
    if on is not None:
        check_past("fulfilled_on", on, act.today, earliest=order.ordered_on)
    if order.state != "confirmed":
        raise InvalidRequestError(
            f"order {order.ref} is {order.state}: only confirmed orders are fulfilled",
            field="order_id",
            details={"state": order.state},
        )
    parts = parts_of(order, fulfilment)
    check_announcable(act, order, parts)
    await _check_place(act, order, fulfilment.location)
    async with act.harmless():  # an order that Tryton has processed, as it would have anyway
        if not act.write.is_rehearsal:
            order = await process_confirmed(act, order)
        plan = await room.plan(act, order, parts)
    if act.write.is_rehearsal:
        return rehearsed(act, order, parts)
    return await room.begin(act, order, plan, on)


async def _check_place(act: Act, order: OrderRecord, location: str | None) -> None:
    """Refuse another warehouse than the order's, which decides in Tryton."""
    if location is None or location == order.location:
        return
    await warehouse_named(act.client, location)
    raise InvalidRequestError(
        f"order {order.ref} is for {order.location}, not {location}", field="location"
    )
