"""Goods that come in for a purchase: one supplier shipment over the moves that it still expects."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from switchgear_inventory.models import MOST_STOCK, LocationCode, ReceiptLine
from switchgear_inventory.tryton.acting import Act
from switchgear_inventory.tryton.expecting import (
    PURCHASE,
    Expected,
    Share,
    expected_of,
    purchase_of,
)
from switchgear_inventory.tryton.levels import ZERO, Shelves, shelves_of
from switchgear_inventory.tryton.lots import known_lot, ready_lot
from switchgear_inventory.tryton.places import Warehouse, places_of
from switchgear_inventory.tryton.products import Product, products_in, products_of
from switchgear_shared.contracts.business_event_data import StockReceived
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record
from switchgear_shared.storage.tryton.incoming import INCOMING, give_back
from switchgear_shared.storage.tryton.texts import marked, unmarked

_COPIED = ("product", "unit", "from_location", "to_location", "unit_price", "currency", "origin")


async def receive(
    act: Act, lines: Sequence[ReceiptLine], location: LocationCode, source_ref: str
) -> WriteResult:
    """See InventoryBackend.receive."""
    places = await places_of(act.client)
    warehouse = places.one(location)
    products = await products_of(act.client, [line.sku for line in lines])
    for place, (product, line) in enumerate(zip(products, lines, strict=True)):
        product.check(line.quantity, f"lines.{place}.quantity")
        product.check_lot(line.lot, f"lines.{place}.lot", is_needed=True)
    purchase = await purchase_of(act, source_ref)
    if (made := await act.shipment(INCOMING)) is not None:
        return await _carry_on(act, made, warehouse, purchase, ())
    shelves = await shelves_of(act.client, places, places.warehouses, {*products}, act.today)
    _check_room(shelves, products, lines)
    lots = [
        await known_lot(act, product, line.lot, line.expires_on, "expires_on")
        if line.lot is not None
        else None
        for product, line in zip(products, lines, strict=True)
    ]
    expected = await expected_of(act, places, warehouse, purchase, products)
    shares = [
        share
        for place, (product, line) in enumerate(zip(products, lines, strict=True))
        for share in expected.allot(product, line, f"lines.{place}")
    ]
    if act.write.is_rehearsal:
        return _rehearsed(act, shelves, warehouse, shares, expected, source_ref)
    act.write.check_may_send()
    ready: dict[str, dict[int, int]] = {}
    for product, line, lot_id in zip(products, lines, lots, strict=True):
        if line.lot is not None:
            lot = await ready_lot(act, product, lot_id, line.lot, line.expires_on)
            ready.setdefault(line.lot, {})[product.id] = lot
    shipment = {
        "supplier": purchase["party"],
        "warehouse": warehouse.id,
        "warehouse_input": warehouse.entrance,
        "warehouse_storage": warehouse.storage,
        "reference": marked(source_ref, act.write.reference),
        "incoming_moves": _incoming(shares, ready),
    }
    [made] = await act.client.call(
        INCOMING,
        "create",
        [shipment],
        expected={f"stock.move,{share.move['id']}": share.move["_timestamp"] for share in shares},
    )
    return await _carry_on(act, made, warehouse, purchase, shares)


def _check_room(
    shelves: Shelves, products: Sequence[Product], lines: Sequence[ReceiptLine]
) -> None:
    """Refuse what would be more of an item than can be kept."""
    totals = {
        product_id: sum((shelf.on_hand for shelf in each), ZERO)
        for product_id, each in shelves.items()
    }
    for place, (product, line) in enumerate(zip(products, lines, strict=True)):
        totals[product.id] += line.quantity
        if totals[product.id] > MOST_STOCK:
            raise InvalidRequestError(
                f"more than {MOST_STOCK} of {product.sku} cannot be kept",
                field=f"lines.{place}.quantity",
            )


def _incoming(shares: Sequence[Share], lots: dict[str, dict[int, int]]) -> list[Any]:
    """Return the change of a new shipment's moves: those expected, and copies for more lots."""
    begun: set[int] = set()
    changes: list[Any] = []
    for share in shares:
        lot = lots[share.line.lot][share.product.id] if share.line.lot is not None else None
        values: dict[str, Any] = {"quantity": float(share.quantity), "lot": lot}
        if share.move["id"] in begun:
            copied = {name: share.move[name] for name in _COPIED}
            changes.append(["create", [{**copied, **values}]])
            continue
        begun.add(share.move["id"])
        changes += [["add", [share.move["id"]]], ["write", [share.move["id"]], values]]
    return changes


def _rehearsed(
    act: Act,
    shelves: Shelves,
    warehouse: Warehouse,
    shares: Sequence[Share],
    expected: Expected,
    source_ref: str,
) -> WriteResult:
    comes: dict[int, Decimal] = {}
    for share in shares:
        comes[share.product.id] = comes.get(share.product.id, ZERO) + share.quantity
    for product_id, quantity in comes.items():
        shelf = next(one for one in shelves[product_id] if one.warehouse == warehouse)
        act.note(shelf, quantity)
        act.write.note(
            "purchase",
            f"{expected.purchase['number']} {shelf.product.sku}",
            {"incoming": str(shelf.incoming)},
            {"incoming": str(plain(shelf.incoming - quantity))},
        )
    is_all = expected.is_whole and not any(expected.left.values())
    return WriteResult(
        id="", ref=source_ref, state="received" if is_all else "partly_received", version=""
    )


async def _carry_on(
    act: Act,
    shipment_id: int,
    warehouse: Warehouse,
    purchase: Record,
    shares: Sequence[Share],
) -> WriteResult:
    """Take the shipment from whatever state it is in to done; refused, give its moves back."""
    for state, step in (("draft", "receive"), ("received", "do")):
        shipment = await _state(act, shipment_id)
        if shipment["state"] == state:
            act.write.check_may_send()
            moves = {share.move["id"]: share.move for share in shares}
            async with act.write.undone_by(
                partial(give_back, act.client, shipment_id, moves, state)
            ):
                await act.client.call(INCOMING, step, [shipment_id])
    return await _done(act, await _state(act, shipment_id), warehouse, purchase)


async def _state(act: Act, shipment_id: int) -> Record:
    return await act.read(INCOMING, shipment_id, "state", "reference", "incoming_moves")


async def _done(act: Act, shipment: Record, warehouse: Warehouse, purchase: Record) -> WriteResult:
    ref = unmarked(shipment["reference"])
    page = await act.client.search(
        "stock.move",
        [["id", "in", shipment["incoming_moves"]]],
        ["product", "internal_quantity", "lot.number"],
        limit=MOST_RECORDS,
    )
    products = await products_in(act.client, [move["product"] for move in page.records])
    for move in page.records:
        product = products[move["product"]]
        data = StockReceived(
            movement_id=str(move["id"]),
            sku=product.sku,
            source_ref=ref,
            quantity=product.exact(move["internal_quantity"]),
            location=warehouse.code,
            lot=move["lot"]["number"] if move["lot"] else None,
        )
        act.announce("inventory.stock.received", product, data)
    after = await act.read(PURCHASE, purchase["id"], "shipment_state")
    return WriteResult(
        id=str(page.records[0]["id"]),
        ref=ref,
        state="received" if after["shipment_state"] == "received" else "partly_received",
        version=shipment["_timestamp"],
    )
