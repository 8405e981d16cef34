"""Goods that go to another warehouse: one internal shipment, taken through all its states."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from switchgear_inventory.models import LocationCode, TransferLine
from switchgear_inventory.tryton.acting import Act
from switchgear_inventory.tryton.levels import ZERO, LotStock, Shelf, Shelves, shelves_of
from switchgear_inventory.tryton.places import Warehouse, places_of
from switchgear_inventory.tryton.products import Product, products_in, products_of
from switchgear_shared.contracts.business_event_data import StockTransferred
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record
from switchgear_shared.storage.tryton.texts import marked, unmarked

Portion = tuple[Product, LotStock | None, Decimal]

_SHIPMENT = "stock.shipment.internal"
_ASSIGNMENTS = 6
_WAIT_S = 0.1


async def transfer(
    act: Act,
    lines: Sequence[TransferLine],
    from_location: LocationCode,
    to_location: LocationCode,
    source_ref: str | None,
) -> WriteResult:
    """See InventoryBackend.transfer."""
    places = await places_of(act.client)
    source = places.one(from_location, "from_location")
    target = places.one(to_location, "to_location")
    if source == target:
        raise InvalidRequestError(f"{from_location} is where the goods are", field="to_location")
    products = await products_of(act.client, [line.sku for line in lines])
    for place, (product, line) in enumerate(zip(products, lines, strict=True)):
        product.check(line.quantity, f"lines.{place}.quantity")
        product.check_lot(line.lot, f"lines.{place}.lot", is_needed=False)
    if (made := await act.shipment(_SHIPMENT)) is not None:
        return await _carry_on(act, made, source, target)
    shelves = await shelves_of(act.client, places, places.warehouses, {*products}, act.today)
    portions = _portions(shelves, source, products, lines)
    ref = source_ref or act.write.reference
    if act.write.is_rehearsal:
        return _rehearsed(act, shelves, source, target, portions, ref)
    act.write.check_may_send()
    moves = [
        {
            "product": product.id,
            "quantity": float(quantity),
            "unit": product.unit_id,
            "from_location": source.storage,
            "to_location": target.storage,
            "lot": lot.id if lot else None,
        }
        for product, lot, quantity in portions
    ]
    shipment = {
        "from_location": source.storage,
        "to_location": target.storage,
        "reference": marked(source_ref, act.write.reference) if source_ref else ref,
        "moves": [["create", moves]],
    }
    [made] = await act.client.call(_SHIPMENT, "create", [shipment])
    return await _carry_on(act, made, source, target)


def _portions(
    shelves: Shelves,
    source: Warehouse,
    products: Sequence[Product],
    lines: Sequence[TransferLine],
) -> list[Portion]:
    """Return what of which lot goes, what expires first where none is named."""
    taken: dict[int, Decimal] = {}
    of_lot: dict[int, Decimal] = {}
    portions: list[Portion] = []
    for place, (product, line) in enumerate(zip(products, lines, strict=True)):
        shelf = next(one for one in shelves[product.id] if one.warehouse == source)
        named = shelf.lot(line.lot, f"lines.{place}.lot") if line.lot else None
        free = max(shelf.free(named) - taken.get(product.id, ZERO), ZERO)
        if line.quantity > free:
            raise _lacking(shelves, shelf, line, free, f"lines.{place}.quantity")
        taken[product.id] = taken.get(product.id, ZERO) + line.quantity
        left = line.quantity
        good = [lot for lot in shelf.lots if not lot.is_expired(shelf.today)]
        if not product.is_lot_tracked:
            portions.append((product, None, left))
            continue
        for lot in [named] if named else good:
            share = min(left, lot.free - of_lot.get(lot.id, ZERO))
            if share > 0:
                portions.append((product, lot, share))
                of_lot[lot.id] = of_lot.get(lot.id, ZERO) + share
                left -= share
        if left > 0:
            raise _lacking(shelves, shelf, line, line.quantity - left, f"lines.{place}.quantity")
    return portions


def _lacking(
    shelves: Shelves, shelf: Shelf, line: TransferLine, free: Decimal, field: str
) -> ConflictError:
    here = shelf.warehouse.code
    elsewhere = {
        other.warehouse.code: format(other.available, "f")
        for other in shelves[shelf.product.id]
        if other.warehouse != shelf.warehouse and other.available > 0
    }
    also = "".join(f"; {code} has {quantity}" for code, quantity in elsewhere.items())
    of_lot = f" of lot {line.lot}" if line.lot else ""
    return ConflictError(
        f"{shelf.product.sku} has {plain(free)}{of_lot} available in {here}, "
        f"not {plain(line.quantity)}{also}",
        field=field,
        details={
            "sku": shelf.product.sku,
            "location": here,
            "available": format(plain(free), "f"),
            "requested": format(plain(line.quantity), "f"),
            "elsewhere": elsewhere,
        },
    )


def _rehearsed(
    act: Act,
    shelves: Shelves,
    source: Warehouse,
    target: Warehouse,
    portions: Sequence[Portion],
    ref: str,
) -> WriteResult:
    goes: dict[int, Decimal] = {}
    for product, _, quantity in portions:
        goes[product.id] = goes.get(product.id, ZERO) + quantity
    for product_id, quantity in goes.items():
        for shelf in shelves[product_id]:
            if shelf.warehouse in {source, target}:
                act.note(shelf, -quantity if shelf.warehouse == source else quantity)
    return WriteResult(id="", ref=ref, state="transferred", version="")


async def _carry_on(
    act: Act, shipment_id: int, source: Warehouse, target: Warehouse
) -> WriteResult:
    """Take the shipment from whatever state it is in to done, or cancel it."""
    call = act.client.call
    shipment = await _state(act, shipment_id)
    if shipment["state"] != "done":
        act.write.check_may_send()
    async with act.write.undone_by(lambda: call(_SHIPMENT, "cancel", [shipment_id])):
        if shipment["state"] == "draft":
            await call(_SHIPMENT, "wait", [shipment_id])
        shipment = await _assigned(act, shipment_id)
    steps = ("pack", "ship", "do") if shipment["transit_location"] else ("do",)
    before = {"pack": {"assigned"}, "ship": {"packed"}, "do": {"assigned", "shipped"}}
    for step in steps:
        if shipment["state"] in before[step]:
            await call(_SHIPMENT, step, [shipment_id])
            shipment = await _state(act, shipment_id)
    return await _done(act, shipment, source, target)


async def _assigned(act: Act, shipment_id: int) -> Record:
    """Assign the goods; raises ConflictError where others were first.

    Tryton assigns under a lock that it does not wait for.
    """
    for attempt in range(_ASSIGNMENTS):
        shipment = await _state(act, shipment_id)
        if shipment["state"] != "waiting":
            return shipment
        try:
            await act.client.call(_SHIPMENT, "assign_try", [shipment_id])
        except ConflictError:
            await asyncio.sleep(_WAIT_S * (attempt + 1))
            continue
        shipment = await _state(act, shipment_id)
        if shipment["state"] == "waiting":
            raise ConflictError("others took of these goods at the same moment", field="lines")
        return shipment
    raise ConflictError("others are moving these goods at the same moment", field="lines")


async def _state(act: Act, shipment_id: int) -> Record:
    return await act.read(_SHIPMENT, shipment_id, "state", "reference", "transit_location")


async def _done(act: Act, shipment: Record, source: Warehouse, target: Warehouse) -> WriteResult:
    domain = [
        ["shipment", "=", f"{_SHIPMENT},{shipment['id']}"],
        ["state", "=", "done"],
        ["from_location", "child_of", [source.storage], "parent"],
    ]
    fields = ["product", "internal_quantity"]
    page = await act.client.search("stock.move", domain, fields, limit=MOST_RECORDS)
    products = await products_in(act.client, [move["product"] for move in page.records])
    for move in page.records:
        product = products[move["product"]]
        data = StockTransferred(
            movement_id=str(move["id"]),
            sku=product.sku,
            quantity=product.exact(move["internal_quantity"]),
            from_location=source.code,
            to_location=target.code,
        )
        act.announce("inventory.stock.transferred", product, data)
    return WriteResult(
        id=str(page.records[0]["id"]),
        ref=unmarked(shipment["reference"]),
        state="transferred",
        version=shipment["_timestamp"],
    )
