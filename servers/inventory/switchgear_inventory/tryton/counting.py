"""What is on hand set right: one count in Tryton of one product, or of one of its lots."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from switchgear_inventory.count import Count
from switchgear_inventory.models import MOST_STOCK
from switchgear_inventory.tryton.acting import Act
from switchgear_inventory.tryton.holding import reservations_in
from switchgear_inventory.tryton.levels import ZERO, LotStock, Shelf, shelves_of, stock_context
from switchgear_inventory.tryton.lots import known_lot, ready_lot
from switchgear_inventory.tryton.places import places_of
from switchgear_inventory.tryton.planning import order_points
from switchgear_inventory.tryton.products import Product, product_named
from switchgear_inventory.tryton.sources import notes_on
from switchgear_shared.contracts.business_event_data import StockAdjusted, StockLow
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS
from switchgear_shared.storage.tryton.texts import marked

_COUNT = "stock.inventory"
_ABANDONED = timedelta(minutes=15)
"""Age from which an open count is one that nobody will finish."""


async def adjust(act: Act, count: Count) -> WriteResult:
    """See InventoryBackend.adjust."""
    places = await places_of(act.client)
    zone = places.one(count.location).storage
    product = await product_named(act.client, count.sku)
    field, quantity = count.quantity
    product.check(quantity, field)
    product.check_lot(count.lot, "lot", is_needed=True)
    if count.expires_on is not None and count.lot is None:
        raise InvalidRequestError(f"{product.sku} has no lots that expire", field="expires_on")
    if (made := await _made(act, product, zone)) is not None:
        return await _carry_on(act, made, product, count, expected=None)
    shelves = await shelves_of(act.client, places, places.warehouses, [product], act.today)
    shelf = next(one for one in shelves[product.id] if one.warehouse.code == count.location)
    delta = await _delta(act, count, shelf, shelves[product.id])
    lot_id = None
    if count.lot is not None:
        lot_id = await known_lot(act, product, count.lot, count.expires_on, "expires_on")
    if delta == 0:
        return WriteResult(
            id=product.item_id,
            ref=count.reason,
            state="unchanged",
            version=shelf.version,
            changed=False,
        )
    in_zone = await _in_zone(act, product, zone, lot_id)
    if in_zone + delta < 0:
        raise ConflictError(
            f"only {plain(in_zone)} of {product.sku} is in {count.location} itself, the rest in "
            "places below",
            field=field,
        )
    if act.write.is_rehearsal:
        act.note(shelf, delta)
        return WriteResult(id="", ref=count.reason, state="adjusted", version="")
    act.write.check_may_send()
    if count.lot is not None:
        lot_id = await ready_lot(act, product, lot_id, count.lot, count.expires_on)
    line = {"product": product.id, "quantity": float(in_zone + delta), "lot": lot_id}
    values = {"location": zone, "date": act.today, "lines": [["create", [line]]]}
    [made] = await act.client.call(_COUNT, "create", [values])
    return await _carry_on(act, made, product, count, expected=in_zone)


async def _delta(act: Act, count: Count, shelf: Shelf, shelves: Sequence[Shelf]) -> Decimal:
    """Return the change that is wanted, once it is known to be allowed."""
    field, _ = count.quantity
    sku = shelf.product.sku
    lot = next((lot for lot in shelf.lots if lot.name == count.lot), None)
    before = shelf.on_hand if count.lot is None else lot.on_hand if lot else ZERO
    after = count.after(before, sku)
    total = sum((one.on_hand for one in shelves), after - before)
    if total > MOST_STOCK:
        raise InvalidRequestError(f"more than {MOST_STOCK} of {sku} cannot be kept", field=field)
    if after < before:
        await _check_held(act, shelf, lot, before - after, field)
    return after - before


async def _made(act: Act, product: Product, place: int) -> int | None:
    """Return the count that an earlier attempt made, if it did.

    One that is not confirmed and not noted may be of an attempt that broke off in between.
    """
    if not act.write.may_be_done:
        return None
    domain: list[Any] = [["location", "=", place], ["lines.product", "=", product.id]]
    if (told := act.write.told_number("")) is not None:
        domain += [["lines.moves", "=", told], ["state", "!=", "cancelled"]]
        page = await act.client.search(_COUNT, domain, ["state"], limit=1)
        return page.records[0]["id"] if page.records else None
    page = await act.client.search(
        _COUNT, domain, ["state"], limit=MOST_RECORDS, order=[("id", "DESC")]
    )
    ids = [record["id"] for record in page.records if record["state"] != "cancelled"]
    found = await notes_on(act.client, _COUNT, ids, act.write.reference)
    is_open = any(record["state"] == "draft" for record in page.records)
    act.write.is_absent = not found and not is_open
    return next(iter(found), None)


async def _carry_on(
    act: Act, count_id: int, product: Product, count: Count, *, expected: Decimal | None
) -> WriteResult:
    """Confirm the count, unless what it found is not what was expected any more.

    Each of ours looks for others only after its own note can be seen, so of two at the same
    moment at most one goes on.
    """
    call = act.client.call
    made = await act.read(_COUNT, count_id, "state", "location")
    if made["state"] == "draft":
        act.write.check_may_send()
        async with act.write.undone_by(partial(_take_back, act, count_id)):
            if expected is not None:
                message = marked(count.reason, act.write.reference)
                note = {"resource": f"{_COUNT},{count_id}", "message": message}
                await call("ir.note", "create", [note])
            await _check_alone(act, count_id, product, made["location"])
            line = await _line(act, count_id)
            now = await _in_zone(act, product, made["location"], line["lot"])
            if now != product.exact(line["expected_quantity"]) or expected not in {None, now}:
                raise count.moved_on(now, product.sku)
            await call(_COUNT, "confirm", [count_id])
    return await _done(act, count_id, product, count)


async def _take_back(act: Act, count_id: int) -> None:
    await act.client.call(_COUNT, "cancel", [count_id])
    await act.client.call(_COUNT, "delete", [count_id])


async def _check_alone(act: Act, count_id: int, product: Product, place: int) -> None:
    page = await act.client.search(
        _COUNT,
        [
            ["state", "=", "draft"],
            ["location", "=", place],
            ["lines.product", "=", product.id],
            ["id", "!=", count_id],
            ["create_date", ">", utc_now() - _ABANDONED],
        ],
        ["state"],
        limit=MOST_RECORDS,
    )
    if await notes_on(act.client, _COUNT, [record["id"] for record in page.records]):
        raise ConflictError(f"{product.sku} is being counted there at this moment", field="sku")


async def _line(act: Act, count_id: int) -> dict[str, Any]:
    fields = ["product", "lot", "quantity", "expected_quantity", "moves"]
    domain = [["inventory", "=", count_id]]
    return (await act.client.search("stock.inventory.line", domain, fields, limit=1)).records[0]


async def _in_zone(act: Act, product: Product, place: int, lot_id: int | None) -> Decimal:
    """Return what is in a storage zone itself, of one lot if it has an id."""
    if product.is_lot_tracked and lot_id is None:
        return ZERO
    model, record_id = ("stock.lot", lot_id) if lot_id else ("product.product", product.id)
    record = await act.client.get(
        model,
        record_id,
        ["quantity"],
        context=stock_context(place, act.today, with_children=False),
    )
    return product.exact(record["quantity"])


async def _done(act: Act, count_id: int, product: Product, count: Count) -> WriteResult:
    line = await _line(act, count_id)
    delta = product.exact(line["quantity"]) - product.exact(line["expected_quantity"])
    movement_id = str((line["moves"] or [count_id])[0])
    data = StockAdjusted(
        movement_id=movement_id,
        sku=product.sku,
        location=count.location,
        delta=plain(delta),
        reason=count.reason,
    )
    act.announce("inventory.stock.adjusted", product, data)
    places = await places_of(act.client)
    points = await order_points(act.client, places, None, [product.id])
    shelves = await shelves_of(act.client, places, places.warehouses, [product], act.today)
    now = sum((shelf.available for shelf in shelves[product.id]), ZERO)
    if product.id in points and now <= (point := points[product.id].minimum) < now - delta:
        low = StockLow(sku=product.sku, available=plain(now), reorder_point=point)
        act.announce("inventory.stock.below_reorder_point", product, low)
    made = await act.read(_COUNT, count_id, "state")
    return WriteResult(
        id=movement_id, ref=count.reason, state="adjusted", version=made["_timestamp"]
    )


async def _check_held(
    act: Act, shelf: Shelf, lot: LotStock | None, quantity: Decimal, field: str
) -> None:
    if quantity <= shelf.free(lot):
        return
    places = await places_of(act.client)
    held = await reservations_in(act.client, places, [shelf.warehouse], shelf.product.id, limit=50)
    named = ", ".join(f"{one.quantity} by {one.id} for {one.for_ref}" for one in held[:5])
    raise ConflictError(
        f"{shelf.reserved} of {shelf.product.sku} is reserved in {shelf.warehouse.code}: {named}",
        field=field,
        details={
            "reserved": format(shelf.reserved, "f"),
            "reservations": [
                {"id": one.id, "for_ref": one.for_ref, "quantity": format(one.quantity, "f")}
                for one in held
            ],
        },
    )
