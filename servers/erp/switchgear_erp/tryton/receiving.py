"""Goods of a purchase that come: one supplier shipment over the moves that it still expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.amounts import exact
from switchgear_erp.tryton.goods import Part, told
from switchgear_erp.tryton.lots import known_lot, ready_lot
from switchgear_erp.tryton.order_records import OrderRecord
from switchgear_erp.tryton.places import warehouse_named
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import BackendRejectedError, InvalidRequestError
from switchgear_shared.storage.tryton.client import Record
from switchgear_shared.storage.tryton.incoming import INCOMING as SHIPMENT
from switchgear_shared.storage.tryton.incoming import give_back
from switchgear_shared.storage.tryton.texts import marked

_COPIED = ("product", "unit", "from_location", "to_location", "unit_price", "currency", "origin")
_FIELDS = (*_COPIED, "quantity", "state", "shipment", "_timestamp")


@dataclass(frozen=True, slots=True)
class Share:
    """What of one part goes on one expected move."""

    move: Record
    part: Part
    quantity: Decimal


Plan = Sequence[Share]


async def plan(act: Act, order: OrderRecord, parts: Sequence[Part]) -> Plan:
    """Return which expected moves take the goods in.

    Raises:
        InvalidRequestError: a lot is missing, or expires on another day.
        BackendRejectedError: shipments in Tryton have the rest of them already.
    """
    for part in parts:
        line = part.line
        if line.is_by_lot and part.lot is None:
            raise InvalidRequestError(f"{line.sku} is lot-tracked", field=part.field)
        if part.lot is not None:
            await known_lot(act, line.product_id, line.sku, part.lot, part.expires_on, part.field)
    if order.record["state"] == "confirmed":  # a rehearsal: nothing is expected yet
        return ()
    moves = await _expected(act, order)
    left = {move["id"]: exact(move["quantity"]) for move in moves}
    shares: list[Share] = []
    for part in parts:
        rest = part.quantity
        for move in moves:
            if move["origin"] == f"purchase.line,{part.line.id}":
                share = min(rest, left[move["id"]])
                if share > 0:
                    left[move["id"]] -= share
                    rest -= share
                    shares.append(Share(move, part, share))
        if rest > 0:
            raise BackendRejectedError(
                f"{part.line.sku} of {order.ref} is on a shipment in Tryton already: receive it "
                "there"
            )
    return shares


async def begin(act: Act, order: OrderRecord, goods: Plan, on: date | None) -> WriteResult:
    """Make the shipment, under our name for the write, and carry on."""
    async with act.harmless():  # a lot without goods
        shipment = await _shipment(act, order, goods, on)
        expected = {f"stock.move,{share.move['id']}": share.move["_timestamp"] for share in goods}
        act.write.check_may_send()
        [made] = await act.client.call(SHIPMENT, "create", [shipment], expected=expected)
    return await _carry_on(act, order, made, goods)


async def carry_on(act: Act, order: OrderRecord, shipment_id: int) -> WriteResult:
    """Take the shipment that an earlier attempt made to done."""
    return await _carry_on(act, order, shipment_id, ())


async def _carry_on(act: Act, order: OrderRecord, shipment_id: int, goods: Plan) -> WriteResult:
    for state, step in (("draft", "receive"), ("received", "do")):
        shipment = await act.read(SHIPMENT, shipment_id, "state")
        if shipment["state"] == state:
            act.write.check_may_send()
            moves = {share.move["id"]: share.move for share in goods}
            async with act.write.undone_by(
                partial(give_back, act.client, shipment_id, moves, state)
            ):
                await act.client.call(SHIPMENT, step, [shipment_id])
    return await told(act, order, SHIPMENT, shipment_id)


async def _shipment(act: Act, order: OrderRecord, goods: Plan, on: date | None) -> dict[str, Any]:
    """Return what the shipment is made from, once Tryton has its lots."""
    lots: dict[tuple[int, str], int] = {}
    for share in goods:
        part = share.part
        if part.lot is not None and (part.line.product_id, part.lot) not in lots:
            key = (part.line.product_id, part.lot)
            lots[key] = await ready_lot(act, *key, part.expires_on)
    warehouse = await warehouse_named(act.client, order.location)
    return {
        "supplier": order.record["party"]["id"],
        "warehouse": warehouse.id,
        "warehouse_input": warehouse.entrance,
        "warehouse_storage": warehouse.storage,
        "reference": marked(order.ref, act.write.reference),
        "effective_date": on,
        "incoming_moves": _incoming(goods, lots),
    }


async def _expected(act: Act, order: OrderRecord) -> list[Record]:
    numbers = [
        move["id"]
        for line in order.goods
        for move in line.record["moves"] or []
        if move["state"] == "draft" and not move["shipment"]
    ]
    if not numbers:
        return []
    moves: list[Record] = await act.client.call("stock.move", "read", numbers, [*_FIELDS])
    still = [move for move in moves if move["state"] == "draft" and not move["shipment"]]
    return sorted(still, key=lambda move: move["id"])


def _incoming(goods: Plan, lots: dict[tuple[int, str], int]) -> list[Any]:
    """Return the change of a new shipment's moves: those expected, and copies for more lots."""
    begun: set[int] = set()
    changes: list[Any] = []
    for share in goods:
        part = share.part
        lot = lots[part.line.product_id, part.lot] if part.lot is not None else None
        values: dict[str, Any] = {"quantity": float(share.quantity), "lot": lot}
        if share.move["id"] in begun:
            copied = {name: share.move[name] for name in _COPIED}
            changes.append(["create", [{**copied, **values}]])
            continue
        begun.add(share.move["id"])
        changes += [["add", [share.move["id"]]], ["write", [share.move["id"]], values]]
    return changes
