"""One item's stock by warehouse, with its lots and what is held."""

import asyncio
from collections.abc import Collection
from datetime import date

from switchgear_inventory.models import (
    MOST_SHOWN,
    ItemId,
    Level,
    LocationCode,
    Lot,
    Sku,
    Stock,
    StockPart,
)
from switchgear_inventory.tryton.holding import reservations_in
from switchgear_inventory.tryton.levels import ZERO, Shelf, shelves_of
from switchgear_inventory.tryton.places import Warehouse, places_of
from switchgear_inventory.tryton.planning import OrderPoint, order_points
from switchgear_inventory.tryton.products import Product, product_named
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import TrytonClient


async def get_stock(
    client: TrytonClient,
    sku: Sku | None,
    item_id: ItemId | None,
    location: LocationCode | None,
    include: Collection[StockPart],
    today: date,
) -> Stock:
    """See InventoryBackend."""
    product = await product_named(client, sku, item_id)
    places = await places_of(client)
    warehouses = places.named(location)
    found = await shelves_of(client, places, warehouses, [product], today)
    point = (await order_points(client, places, location, [product.id])).get(product.id)
    shelves = found[product.id]
    if location is None:
        shelves = await _known(client, product, shelves)
    reservations = ()
    if "reservations" in include:
        held = await reservations_in(client, places, warehouses, product.id, limit=MOST_SHOWN)
        reservations = tuple(held)
    levels = tuple(_level(shelf) for shelf in shelves)
    point = point or OrderPoint()
    return Stock(
        item_id=product.item_id,
        sku=product.sku,
        name=product.name,
        unit=product.unit,
        is_lot_tracked=product.is_lot_tracked,
        vendor_id=product.vendor_id,
        reorder_point=point.minimum,
        reorder_quantity=point.batch,
        on_hand=plain(sum((level.on_hand for level in levels), ZERO)),
        reserved=plain(sum((level.reserved for level in levels), ZERO)),
        available=plain(sum((level.available for level in levels), ZERO)),
        incoming=plain(sum((level.incoming for level in levels), ZERO)),
        levels=levels,
        lots=_lots(shelves) if "lots" in include else (),
        reservations=reservations,
    )


async def _known(client: TrytonClient, product: Product, shelves: list[Shelf]) -> list[Shelf]:
    """Return the shelves that have had the item or that it is ordered for."""
    kept = await asyncio.gather(*(_has_had(client, product, shelf.warehouse) for shelf in shelves))
    return [
        shelf for shelf, has_had in zip(shelves, kept, strict=True) if has_had or shelf.arrivals
    ]


async def _has_had(client: TrytonClient, product: Product, warehouse: Warehouse) -> bool:
    domain = [
        ["product", "=", product.id],
        ["state", "=", "done"],
        ["to_location", "child_of", [warehouse.storage], "parent"],
    ]
    return bool((await client.search("stock.move", domain, ["state"], limit=1)).records)


def _level(shelf: Shelf) -> Level:
    return Level(
        location=shelf.warehouse.code,
        location_name=shelf.warehouse.name,
        on_hand=shelf.on_hand,
        reserved=shelf.reserved,
        available=shelf.available,
        incoming=shelf.incoming,
        version=shelf.version,
    )


def _lots(shelves: list[Shelf]) -> tuple[Lot, ...]:
    found = [(lot, shelf) for shelf in shelves for lot in shelf.lots]
    found.sort(key=lambda one: (one[0].expires_on or date.max, one[0].name))
    return tuple(
        Lot(
            location=shelf.warehouse.code,
            lot=lot.name,
            on_hand=lot.on_hand,
            expires_on=lot.expires_on,
            is_expired=lot.is_expired(shelf.today),
        )
        for lot, shelf in found[:MOST_SHOWN]
    )
