"""Goods of an order that go or come at once: which lines they are of, and how it is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from switchgear_erp.rules import check_fulfilled
from switchgear_erp.trade import FulfilledLine, Fulfilment
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.amounts import ZERO, exact
from switchgear_erp.tryton.ids import shipment_id
from switchgear_erp.tryton.lots import expiry_of
from switchgear_erp.tryton.order_lines import Line
from switchgear_erp.tryton.order_records import OrderRecord, read_again
from switchgear_erp.tryton.pricing import check_split
from switchgear_shared.contracts.business_event_data import FulfilledLine as AnnouncedLine
from switchgear_shared.contracts.business_event_data import OrderFulfilled
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS

_LONGEST_NAME = "model,2147483647"


@dataclass(frozen=True, slots=True)
class Part:
    """Goods of one line, of one lot if it names one; `field` is where the caller asked for it."""

    line: Line
    quantity: Decimal
    lot: str | None
    expires_on: date | None
    field: str


def parts_of(order: OrderRecord, fulfilment: Fulfilment) -> list[Part]:
    """Return the goods that are asked for, the order's first lines first.

    Raises:
        ConflictError: it is more than the order has left.
        InvalidRequestError: a line is not one of its, or out of bounds.
    """
    left = {line.number: line.quantity - line.fulfilled for line in order.goods}
    if fulfilment.lines is None:
        rest = [
            Part(line, left[line.number], None, None, "lines")
            for line in order.goods
            if left[line.number] > 0
        ]
        if not rest:
            raise ConflictError(
                f"order {order.ref} is fulfilled in full already",
                field="order_id",
                details={"left": "0"},
            )
        return rest
    check_fulfilled(fulfilment.lines)
    return [
        part
        for index, wanted in enumerate(fulfilment.lines)
        for part in _taken(order, left, wanted, f"lines.{index}")
    ]


def check_announcable(act: Act, order: OrderRecord, parts: Sequence[Part]) -> None:
    """Refuse what is too much for one event before anything is sent."""
    lines = [
        AnnouncedLine(
            number=part.line.number,
            sku=part.line.sku,
            quantity=part.quantity,
            lot=part.lot,
            expires_on=part.expires_on,
        )
        for part in parts
    ]
    _event(act, order, _LONGEST_NAME, lines)


def rehearsed(act: Act, order: OrderRecord, parts: Iterable[Part]) -> WriteResult:
    """Note for a preview what is fulfilled of each line, before and after."""
    fulfilled: dict[int, Decimal] = {}
    for part in parts:
        before = fulfilled.setdefault(part.line.number, part.line.fulfilled)
        fulfilled[part.line.number] = before + part.quantity
    for line in order.lines:
        if line.number in fulfilled:
            act.write.note(
                "order_line",
                f"{order.ref} {line.number}",
                {"sku": line.sku, "fulfilled": f"{line.fulfilled:f}"},
                {"sku": line.sku, "fulfilled": f"{plain(fulfilled[line.number]):f}"},
            )
    return WriteResult(id=order.id, ref=order.ref, state=order.state, version="")


async def told(act: Act, before: OrderRecord, model: str, shipment: int) -> WriteResult:
    """Announce what a shipment of the order has moved, and answer with the order as it is."""
    order = await read_again(act.client, before.kind, before.number)
    by_origin = {f"{order.kind}.line,{line.id}": line for line in order.lines}
    name = f"{model},{shipment}"
    page = await act.client.search(
        "stock.move",
        [["shipment", "=", name], ["origin", "in", [*by_origin]], ["state", "=", "done"]],
        [
            "origin",
            "quantity",
            "lot.number",
            "lot.expiration_date",
            "lot.shelf_life_expiration_date",
        ],
        limit=MOST_RECORDS,
    )
    lines = [
        AnnouncedLine(
            number=by_origin[move["origin"]].number,
            sku=by_origin[move["origin"]].sku,
            quantity=exact(move["quantity"]),
            lot=move["lot"]["number"] if move["lot"] else None,
            expires_on=expiry_of(move["lot"]) if move["lot"] else None,
        )
        for move in page.records
    ]
    act.write.announce(_event(act, order, name, lines))
    return order.written()


def _event(act: Act, order: OrderRecord, name: str, lines: Sequence[AnnouncedLine]) -> Event:
    data = OrderFulfilled(
        order_id=order.id,
        ref=order.ref,
        kind=order.kind,
        fulfilment_id=shipment_id(order.kind, name),
        location=order.location,
        lines=tuple(lines),
        is_complete=all(line.fulfilled >= line.quantity for line in order.goods),
    )
    try:
        return act.event("erp.order.fulfilled", order.id, data)
    except InvalidRequestError as error:
        raise InvalidRequestError(
            f"{len(lines)} lines are too much to announce: fulfil fewer at once", field="lines"
        ) from error


def _taken(
    order: OrderRecord, left: dict[int, Decimal], wanted: FulfilledLine, field: str
) -> list[Part]:
    place = int(field.partition(".")[2]) + 1
    if wanted.number is None and wanted.sku is None:
        raise InvalidRequestError(f"line {place}: give number or sku", field=f"{field}.sku")
    own = [
        line
        for line in order.goods
        if wanted.number in (None, line.number) and wanted.sku in (None, line.sku)
    ]
    name = wanted.sku if wanted.number is None else f"line {wanted.number}"
    if not own:
        raise InvalidRequestError(f"order {order.ref} has no {name} of goods", field=field)
    for line in own:
        check_split(line.sku, wanted.quantity, line.digits, f"{field}.quantity")
        if wanted.lot is not None and not line.is_by_lot:
            raise InvalidRequestError(f"{line.sku} has no lots", field=f"{field}.lot")
    still = sum((left[line.number] for line in own), ZERO)
    if wanted.quantity > still:
        raise ConflictError(
            f"order {order.ref} has {still:f} of {name} left to fulfil, not {wanted.quantity:f}",
            field=f"{field}.quantity",
            details={"left": f"{still:f}"},
        )
    parts: list[Part] = []
    rest = wanted.quantity
    for line in own:
        taken = min(rest, left[line.number])
        if taken > 0:
            left[line.number] -= taken
            rest -= taken
            parts.append(Part(line, taken, wanted.lot, wanted.expires_on, field))
    return parts
