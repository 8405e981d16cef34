"""What runs out and what to order, by Tryton's order points."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from switchgear_inventory.models import (
    LocationCode,
    LowStock,
    LowStockPage,
    ReorderLine,
    ReorderPage,
)
from switchgear_inventory.reorder import LOOKED_BACK, Shortage, proposal
from switchgear_inventory.tryton.levels import ZERO, Shelf, shelves_of
from switchgear_inventory.tryton.places import Places, places_of
from switchgear_inventory.tryton.products import Product, products_in
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of

_LOW_STOCK = "inventory.tryton.low_stock"
_REORDERS = "inventory.tryton.reorders"


@dataclass(frozen=True, slots=True)
class OrderPoint:
    """When to order an item again, and how much at once."""

    minimum: Decimal = ZERO
    batch: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class _Need:
    product: Product
    point: OrderPoint
    available: Decimal
    incoming: Decimal

    @property
    def cover_percent(self) -> int:
        return int(self.available * 100 // self.point.minimum)


async def order_points(
    client: TrytonClient, places: Places, location: LocationCode | None, product_ids: list[int]
) -> dict[int, OrderPoint]:
    """Return the order points of products in a warehouse, or their sums over all."""
    domain: list[Any] = [
        ["type", "=", "purchase"],
        ["location", "in", [warehouse.id for warehouse in places.named(location)]],
    ]
    if product_ids:
        domain.append(["product", "in", product_ids])
    fields = ["product", "min_quantity", "target_quantity"]
    records = await _all(client, "stock.order_point", domain, fields)
    found: dict[int, OrderPoint] = {}
    for record in records:
        known = found.get(record["product"], OrderPoint())
        least = Decimal(str(record["min_quantity"] or 0))
        most = Decimal(str(record["target_quantity"] or 0))
        found[record["product"]] = OrderPoint(
            plain(known.minimum + least), plain(known.batch + max(most - least, ZERO))
        )
    return found


async def list_low_stock(
    client: TrytonClient,
    location: LocationCode | None,
    today: date,
    *,
    limit: int,
    cursor: str | None,
) -> LowStockPage:
    """See InventoryBackend."""
    after = tuple(keys_of(_LOW_STOCK, cursor, int, str, is_signed=True)) if cursor else None
    needs = [
        need
        for need in await _needs(client, location, today)
        if need.available <= need.point.minimum
    ]
    needs.sort(key=_by_cover)
    rest = [need for need in needs if after is None or _by_cover(need) > after]
    last = rest[limit - 1] if len(rest) > limit else None
    return LowStockPage(
        items=tuple(_low(need) for need in rest[:limit]),
        total=len(needs),
        next_cursor=encode_cursor(_LOW_STOCK, [*_by_cover(last)]) if last else None,
        truncated=last is not None,
    )


async def propose(
    client: TrytonClient,
    location: LocationCode | None,
    vendor_id: str | None,
    today: date,
    *,
    limit: int,
    cursor: str | None,
) -> ReorderPage:
    """See InventoryBackend."""
    after = tuple(keys_of(_REORDERS, cursor, str, str, is_signed=True)) if cursor else None
    needs = [
        need
        for need in await _needs(client, location, today)
        if need.available + need.incoming <= need.point.minimum
        and vendor_id in {None, need.product.vendor_id}
    ]
    needs.sort(key=_by_vendor)
    rest = [need for need in needs if after is None or _by_vendor(need) > after]
    last = rest[limit - 1] if len(rest) > limit else None
    used = await _used(client, [need.product for need in rest[:limit]], location, today)
    return ReorderPage(
        items=tuple(_line(need, used.get(need.product.id, ZERO)) for need in rest[:limit]),
        total=len(needs),
        next_cursor=encode_cursor(_REORDERS, [*_by_vendor(last)]) if last else None,
        truncated=last is not None,
    )


async def _needs(client: TrytonClient, location: LocationCode | None, today: date) -> list[_Need]:
    places = await places_of(client)
    points = await order_points(client, places, location, [])
    points = {product_id: point for product_id, point in points.items() if point.minimum > 0}
    products = await products_in(client, points)
    warehouses = places.named(location)
    shelves = await shelves_of(client, places, warehouses, [*products.values()], today)
    return [
        _need(product, points[product_id], shelves[product_id])
        for product_id, product in products.items()
    ]


def _need(product: Product, point: OrderPoint, shelves: list[Shelf]) -> _Need:
    available = sum((shelf.available for shelf in shelves), ZERO)
    incoming = sum((shelf.incoming for shelf in shelves), ZERO)
    return _Need(product, point, plain(available), plain(incoming))


async def _used(
    client: TrytonClient, products: list[Product], location: LocationCode | None, today: date
) -> dict[int, Decimal]:
    """Return what of the products went to customers lately."""
    if not products:
        return {}
    by_id = {product.id: product for product in products}
    places = await places_of(client)
    records = await _all(
        client,
        "stock.move",
        [
            ["product", "in", [*by_id]],
            ["state", "=", "done"],
            ["to_location.type", "=", "customer"],
            ["from_location", "child_of", [one.id for one in places.named(location)], "parent"],
            ["effective_date", ">=", today - LOOKED_BACK],
        ],
        ["product", "internal_quantity"],
    )
    used: dict[int, Decimal] = {}
    for record in records:
        product = by_id[record["product"]]
        used[product.id] = used.get(product.id, ZERO) + product.exact(record["internal_quantity"])
    return used


async def _all(
    client: TrytonClient, model: str, domain: list[Any], fields: list[str]
) -> list[Record]:
    records: list[Record] = []
    while True:
        beyond = [["id", ">", records[-1]["id"]]] if records else []
        page = await client.search(model, [*domain, *beyond], fields, limit=MOST_RECORDS)
        records += page.records
        if len(page.records) < MOST_RECORDS:
            return records


def _by_cover(need: _Need) -> tuple[int, str]:
    return need.cover_percent, need.product.sku


def _by_vendor(need: _Need) -> tuple[str, str]:
    return need.product.vendor_id, need.product.sku


def _low(need: _Need) -> LowStock:
    return LowStock(
        item_id=need.product.item_id,
        sku=need.product.sku,
        name=need.product.name,
        unit=need.product.unit,
        available=need.available,
        incoming=need.incoming,
        reorder_point=need.point.minimum,
        reorder_quantity=need.point.batch,
        cover_percent=need.cover_percent,
        vendor_id=need.product.vendor_id,
    )


def _line(need: _Need, used: Decimal) -> ReorderLine:
    product = need.product
    return proposal(
        Shortage(
            vendor_id=product.vendor_id,
            sku=product.sku,
            name=product.name,
            unit=product.unit,
            available=need.available,
            incoming=need.incoming,
            point=need.point.minimum,
            batch=need.point.batch,
            used=used,
        )
    )
