"""Shipping a sale and receiving a purchase, line by line and never more than was ordered."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, cast

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.days import check_past
from switchgear_erp.models import OrderKind
from switchgear_erp.rules import check_fulfilled
from switchgear_erp.sql.announcements import announce
from switchgear_erp.sql.orders import check_version, line_rows, locked_order, written
from switchgear_erp.tables import FulfilmentLineRow, FulfilmentRow, OrderLineRow, OrderRow
from switchgear_erp.trade import FulfilledLine, Fulfilment
from switchgear_shared.contracts.business_event_data import FulfilledLine as AnnouncedLine
from switchgear_shared.contracts.business_event_data import OrderFulfilled
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError


class _Part(NamedTuple):
    """Goods of one line of the order, of one lot."""

    line: OrderLineRow
    quantity: Decimal
    lot: str | None
    expires_on: date | None


async def fulfil(
    session: AsyncSession,
    tenant: TenantId,
    order_id: str,
    fulfilment: Fulfilment,
    *,
    expected_version: str | None,
    caller: Caller,
    now: datetime,
) -> WriteResult:
    """See ErpBackend."""
    order = await locked_order(session, tenant, order_id)
    check_version(order, expected_version)
    on = fulfilment.fulfilled_on or now.date()
    if fulfilment.fulfilled_on is not None:
        check_past("fulfilled_on", on, now.date(), earliest=order.ordered_on)
    row, parts = await record(
        session, order, fulfilment, on=on, created_by=caller.principal_id, now=now
    )
    await _announce(session, order, row, parts, caller=caller, now=now)
    return written(order, changed=True)


async def record(
    session: AsyncSession,
    order: OrderRow,
    fulfilment: Fulfilment,
    *,
    on: date,
    created_by: str,
    now: datetime,
) -> tuple[FulfilmentRow, list[_Part]]:
    """Write what was shipped or received of the locked `order`, and raise its lines.

    Raises:
        ConflictError: it is more than the order has left.
        InvalidRequestError: the order is not confirmed, or a line is not one of its.
    """
    if order.state != "confirmed":
        raise InvalidRequestError(
            f"order {order.ref} is {order.state}: only confirmed orders are fulfilled",
            field="order_id",
            details={"state": order.state},
        )
    lines = await line_rows(session, order)
    wanted = fulfilment.lines
    if wanted is None:
        wanted = _all_left(order, lines)
    else:
        check_fulfilled(wanted)
    parts = [
        part for index, line in enumerate(wanted) for part in _taken(order, lines, index, line)
    ]
    order.version += 1
    row = FulfilmentRow(
        tenant=order.tenant,
        id=new_id("ful"),
        order_id=order.id,
        fulfilled_on=on,
        location=fulfilment.location or order.location,
        created_by=created_by,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    session.add_all(
        FulfilmentLineRow(
            tenant=order.tenant,
            fulfilment_id=row.id,
            position=position,
            number=part.line.number,
            sku=part.line.sku,
            quantity=part.quantity,
            lot=part.lot,
            expires_on=part.expires_on,
        )
        for position, part in enumerate(parts, start=1)
    )
    return row, parts


def _all_left(order: OrderRow, lines: Sequence[OrderLineRow]) -> Sequence[FulfilledLine]:
    left = [
        FulfilledLine(number=line.number, quantity=line.quantity - line.fulfilled)
        for line in lines
        if line.fulfilled < line.quantity
    ]
    if not left:
        raise ConflictError(
            f"order {order.ref} is fulfilled in full already",
            field="order_id",
            details={"left": "0"},
        )
    return left


def _taken(
    order: OrderRow, lines: Sequence[OrderLineRow], index: int, wanted: FulfilledLine
) -> list[_Part]:
    """Take the goods off the order's lines of that number or SKU, the first ones first."""
    if wanted.number is None and wanted.sku is None:
        raise InvalidRequestError(
            f"line {index + 1}: give number or sku", field=f"lines.{index}.sku"
        )
    own = [
        line
        for line in lines
        if wanted.number in (None, line.number) and wanted.sku in (None, line.sku)
    ]
    name = wanted.sku if wanted.number is None else f"line {wanted.number}"
    if not own:
        raise InvalidRequestError(f"order {order.ref} has no {name}", field=f"lines.{index}")
    left = sum((line.quantity - line.fulfilled for line in own), Decimal(0))
    if wanted.quantity > left:
        raise ConflictError(
            f"order {order.ref} has {left:f} of {name} left to fulfil, not {wanted.quantity:f}",
            field=f"lines.{index}.quantity",
            details={"left": f"{left:f}"},
        )
    parts: list[_Part] = []
    rest = wanted.quantity
    for line in own:
        taken = min(rest, line.quantity - line.fulfilled)
        if taken > 0:
            line.fulfilled += taken
            rest -= taken
            parts.append(_Part(line, taken, wanted.lot, wanted.expires_on))
    return parts


async def _announce(
    session: AsyncSession,
    order: OrderRow,
    row: FulfilmentRow,
    parts: Sequence[_Part],
    *,
    caller: Caller,
    now: datetime,
) -> None:
    await session.flush()
    lines = await line_rows(session, order)
    data = OrderFulfilled(
        order_id=order.id,
        ref=order.ref,
        kind=cast("OrderKind", order.kind),
        fulfilment_id=row.id,
        location=row.location,
        lines=tuple(
            AnnouncedLine(
                number=part.line.number,
                sku=part.line.sku,
                quantity=part.quantity,
                lot=part.lot,
                expires_on=part.expires_on,
            )
            for part in parts
        ),
        is_complete=all(line.fulfilled >= line.quantity for line in lines),
    )
    try:
        await announce(session, "erp.order.fulfilled", order.id, data, caller=caller, now=now)
    except InvalidRequestError as error:
        raise InvalidRequestError(
            f"{len(parts)} lines are too much to announce: fulfil fewer at once", field="lines"
        ) from error
