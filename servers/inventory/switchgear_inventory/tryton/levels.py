"""What there is of products, warehouse by warehouse, as Tryton sums its moves."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from switchgear_inventory.tryton.places import Places, Warehouse
from switchgear_inventory.tryton.products import Product
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LotStock:
    """What a warehouse has of one lot; `free` is not assigned."""

    id: int
    name: str
    on_hand: Decimal
    free: Decimal
    expires_on: date | None

    def is_expired(self, on: date) -> bool:
        """Whether its last good day is over on a day."""
        return self.expires_on is not None and self.expires_on < on


@dataclass(slots=True)
class Shelf:
    """One product in one warehouse, as it was read."""

    product: Product
    warehouse: Warehouse
    today: date
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    lots: list[LotStock] = field(default_factory=list[LotStock])
    arrivals: list[tuple[date, Decimal]] = field(default_factory=list[tuple[date, Decimal]])

    @property
    def usable(self) -> Decimal:
        """What is on hand and not expired."""
        expired = (lot.on_hand for lot in self.lots if lot.is_expired(self.today))
        return self.on_hand - sum(expired, ZERO)

    @property
    def available(self) -> Decimal:
        """What can be promised."""
        return plain(max(self.usable - self.reserved, ZERO))

    @property
    def incoming(self) -> Decimal:
        """What is ordered for here and not yet received."""
        return plain(sum((quantity for _, quantity in self.arrivals), ZERO))

    @property
    def version(self) -> str:
        """What tells one reading of this shelf from another."""
        return f"{self.on_hand}/{self.reserved}"

    def lot(self, name: str, about: str | None = None) -> LotStock:
        """Return a lot that is here; raises NotFoundError."""
        for lot in self.lots:
            if lot.name == name:
                return lot
        raise NotFoundError(
            f"there is no lot {name} of {self.product.sku} in {self.warehouse.code}", field=about
        )

    def free(self, lot: LotStock | None) -> Decimal:
        """Return how much may leave, of a lot if one is named."""
        if lot is None:
            return self.available
        gone = lot.is_expired(self.today)
        left = (self.on_hand if gone else self.usable) - self.reserved
        return plain(max(min(lot.free, left), ZERO))


Shelves = dict[int, list[Shelf]]
"""Shelves by the id of their product, in the order of the warehouses' codes."""


async def shelves_of(
    client: TrytonClient,
    places: Places,
    warehouses: Sequence[Warehouse],
    products: Collection[Product],
    today: date,
) -> Shelves:
    """Return a shelf for each product and warehouse, empty ones too."""
    each = [
        await _of_chunk(client, places, warehouses, chunk, today)
        for chunk in _chunks(sorted(products, key=lambda product: product.id))
    ]
    return {product_id: shelves for chunk in each for product_id, shelves in chunk.items()}


async def _of_chunk(
    client: TrytonClient,
    places: Places,
    warehouses: Sequence[Warehouse],
    products: Sequence[Product],
    today: date,
) -> Shelves:
    found = await asyncio.gather(
        *(_in_warehouse(client, warehouse, products, today) for warehouse in warehouses)
    )
    arrivals = await _arrivals(client, places, products, today)
    for shelf in (shelf for shelves in found for shelf in shelves):
        shelf.arrivals = arrivals.get((shelf.product.id, shelf.warehouse.code), [])
    return {
        product.id: [shelves[place] for shelves in found] for place, product in enumerate(products)
    }


async def _in_warehouse(
    client: TrytonClient, warehouse: Warehouse, products: Sequence[Product], today: date
) -> list[Shelf]:
    tracked = [product for product in products if product.is_lot_tracked]
    on_hand, free, lots, free_lots = await asyncio.gather(
        _quantities(client, warehouse, products, today, is_assigned_gone=False),
        _quantities(client, warehouse, products, today, is_assigned_gone=True),
        _lots(client, warehouse, tracked, today, is_assigned_gone=False),
        _lots(client, warehouse, tracked, today, is_assigned_gone=True),
    )
    not_assigned = {record["id"]: record["quantity"] for record in free_lots}
    shelves: list[Shelf] = []
    for product in products:
        here = product.exact(on_hand.get(product.id))
        left = product.exact(free.get(product.id))
        own = [
            LotStock(
                id=record["id"],
                name=record["number"],
                on_hand=product.exact(record["quantity"]),
                free=product.exact(not_assigned.get(record["id"])),
                expires_on=expiry_of(record),
            )
            for record in lots
            if record["product"] == product.id
        ]
        own.sort(key=lambda lot: (lot.expires_on or date.max, lot.name))
        shelves.append(Shelf(product, warehouse, today, here, plain(max(here - left, ZERO)), own))
    return shelves


async def _quantities(
    client: TrytonClient,
    warehouse: Warehouse,
    products: Sequence[Product],
    today: date,
    *,
    is_assigned_gone: bool,
) -> dict[int, float]:
    page = await client.search(
        "product.product",
        [["id", "in", [product.id for product in products]]],
        ["quantity"],
        limit=MOST_RECORDS,
        context=stock_context(warehouse.storage, today, is_assigned_gone=is_assigned_gone),
    )
    return {record["id"]: record["quantity"] for record in page.records}


async def _lots(
    client: TrytonClient,
    warehouse: Warehouse,
    products: Sequence[Product],
    today: date,
    *,
    is_assigned_gone: bool,
) -> Sequence[Record]:
    if not products:
        return ()
    page = await client.search(
        "stock.lot",
        [["product", "in", [product.id for product in products]], ["quantity", ">", 0]],
        ["number", "product", "quantity", "expiration_date", "shelf_life_expiration_date"],
        limit=MOST_RECORDS,
        context=stock_context(warehouse.storage, today, is_assigned_gone=is_assigned_gone),
    )
    return page.records


async def _arrivals(
    client: TrytonClient, places: Places, products: Sequence[Product], today: date
) -> dict[tuple[int, str], list[tuple[date, Decimal]]]:
    by_id = {product.id: product for product in products}
    page = await client.search(
        "stock.move",
        [
            ["product", "in", [*by_id]],
            ["state", "in", ["draft", "assigned"]],
            ["from_location.type", "=", "supplier"],
        ],
        ["product", "internal_quantity", "planned_date", "to_location"],
        limit=MOST_RECORDS,
    )
    found: dict[tuple[int, str], list[tuple[date, Decimal]]] = {}
    for record in page.records:
        code = places.code_of(record["to_location"])
        if code is not None:
            product = by_id[record["product"]]
            due = (record["planned_date"] or today, product.exact(record["internal_quantity"]))
            found.setdefault((product.id, code), []).append(due)
    return found


def stock_context(
    place: int, today: date, *, is_assigned_gone: bool = False, with_children: bool = True
) -> dict[str, object]:
    """Return the context in which Tryton counts the stock of a place."""
    return {
        "locations": [place],
        "with_childs": with_children,
        "stock_date_end": today,
        "stock_assign": is_assigned_gone,
    }


def expiry_of(record: Record) -> date | None:
    """Return a lot's last good day: the earlier of Tryton's two."""
    known = [record["expiration_date"], record["shelf_life_expiration_date"]]
    return min((day for day in known if day is not None), default=None)


def _chunks(products: Sequence[Product]) -> Iterable[Sequence[Product]]:
    for start in range(0, len(products), MOST_RECORDS):
        yield products[start : start + MOST_RECORDS]
