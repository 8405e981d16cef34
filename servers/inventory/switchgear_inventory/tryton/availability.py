"""Whether goods can be promised, from Tryton's stock and purchases."""

from collections.abc import Sequence
from datetime import date

from switchgear_inventory.models import Availability, LocationCode, StockLine
from switchgear_inventory.outlook import Outlook, Prospect, check_date, promise
from switchgear_inventory.tryton.levels import Shelf, shelves_of
from switchgear_inventory.tryton.places import places_of
from switchgear_inventory.tryton.products import products_of
from switchgear_shared.storage.tryton.client import TrytonClient


async def check(
    client: TrytonClient,
    lines: Sequence[StockLine],
    location: LocationCode | None,
    by_date: date | None,
    today: date,
) -> Availability:
    """See InventoryBackend.check_availability."""
    places = await places_of(client)
    warehouses = places.named(location)
    check_date(by_date, today)
    products = await products_of(client, [line.sku for line in lines])
    for place, (product, line) in enumerate(zip(products, lines, strict=True)):
        product.check(line.quantity, f"lines.{place}.quantity")
    shelves = await shelves_of(client, places, warehouses, {*products}, today)
    prospects = {
        product.sku.lower(): Prospect(
            product.sku, product.unit, [_outlook(shelf) for shelf in shelves[product.id]]
        )
        for product in products
    }
    return promise(lines, prospects, by_date, today)


def _outlook(shelf: Shelf) -> Outlook:
    return Outlook(
        on_hand=shelf.on_hand,
        reserved=shelf.reserved,
        lots=[(lot.expires_on, lot.on_hand) for lot in shelf.lots],
        arrivals=shelf.arrivals,
    )
