"""Finding items in Tryton by what people write."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from switchgear_inventory.models import ItemEntry, ItemPage, Sku
from switchgear_inventory.tryton.levels import ZERO, Shelf, shelves_of
from switchgear_inventory.tryton.places import places_of
from switchgear_inventory.tryton.products import FIELDS, KEPT, Product, product_of
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.spelling import CLOSE_ENOUGH, closeness, fold
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Domain, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of, not_ours
from switchgear_shared.storage.tryton.texts import literal

_ITEMS = "inventory.tryton.items"
_RANKS = 3
_MOST_GUESSED = 5 * MOST_RECORDS
"""Items whose spelling is compared where nothing matches as written."""


@dataclass(frozen=True, slots=True)
class ItemSearch:
    """What items are looked for; criteria that are None do not count."""

    query: str | None
    sku: Sku | None
    barcode: str | None

    @property
    def kept(self) -> list[Any]:
        """What an item must fulfil beside the query."""
        domain = [*KEPT]
        if self.sku is not None:
            domain.append(["code", "ilike", literal(self.sku)])
        if self.barcode is not None:
            domain.append(["identifiers.code", "=", self.barcode])
        return domain

    @property
    def ranks(self) -> list[list[Any]]:
        """The domains of the items that match, the best ones first; they have none in common."""
        if self.query is None:
            return [self.kept]
        text = " ".join(self.query.split())
        if not text:
            return []
        exact = [
            "OR",
            ["code", "ilike", literal(text)],
            ["identifiers", "where", [["code", "=", text]]],
        ]
        begins = [
            "OR",
            ["code", "ilike", f"{literal(text)}%"],
            ["name", "ilike", f"{literal(text)}%"],
        ]
        words = [_holds(word) for word in text.split()]
        return [
            [*self.kept, exact],
            [*self.kept, begins, *_none_of(exact)],
            [*self.kept, *words, *_none_of(exact), *_none_of(begins)],
        ]


async def find_items(
    client: TrytonClient, search: ItemSearch, today: date, *, limit: int, cursor: str | None
) -> ItemPage:
    """See InventoryBackend."""
    rank, code, last_id = _keys(cursor)
    ranks = search.ranks
    counts = [await client.call("product.product", "search_count", domain) for domain in ranks]
    if sum(counts) == 0 and search.query is not None:
        return await _guess(client, search, today, limit)
    found: list[tuple[int, Product]] = []
    for place, domain in enumerate(ranks):
        wanted = limit + 1 - len(found)
        if place < rank or wanted <= 0 or counts[place] == 0:
            continue
        beyond: list[Any] = []
        if cursor is not None and place == rank:
            beyond = [["OR", ["code", ">", code], [["code", "=", code], ["id", ">", last_id]]]]
        page = await client.search(
            "product.product",
            [*domain, *beyond],
            FIELDS,
            limit=wanted,
            order=[("code", "ASC"), ("id", "ASC")],
        )
        found += [(place, product_of(record)) for record in page.records]
    last = found[limit - 1] if len(found) > limit else None
    return ItemPage(
        items=await _entries(client, [product for _, product in found[:limit]], today),
        total=sum(counts),
        next_cursor=encode_cursor(_ITEMS, [last[0], last[1].sku, last[1].id]) if last else None,
        truncated=last is not None,
        approximate=False,
    )


async def skus(client: TrytonClient, prefix: str, limit: int) -> list[Sku]:
    """See InventoryBackend."""
    domain: Domain = [*KEPT, ["code", "ilike", f"{literal(prefix)}%"]]
    order = [("code", "ASC"), ("id", "ASC")]
    page = await client.search("product.product", domain, ["code"], limit=limit, order=order)
    return [Sku(record["code"]) for record in page.records]


def _none_of(alternatives: list[Any]) -> list[Any]:
    return [[name, f"not {operator}", value] for name, operator, value in alternatives[1:]]


def _holds(word: str) -> list[Any]:
    pattern = f"%{literal(word)}%"
    names = ("code", "name", "template.categories.name")
    return ["OR", *[[name, "ilike", pattern] for name in names]]


async def _guess(client: TrytonClient, search: ItemSearch, today: date, limit: int) -> ItemPage:
    words = fold(search.query or "").split()
    scored: list[tuple[float, str, Product]] = []
    for start in range(0, _MOST_GUESSED, MOST_RECORDS):
        page = await client.search(
            "product.product", search.kept, FIELDS, limit=MOST_RECORDS, offset=start
        )
        for product in map(product_of, page.records):
            score = closeness(words, fold(f"{product.sku} {product.name} {product.category}"))
            if score >= CLOSE_ENOUGH:
                scored.append((-score, product.sku, product))
        if len(page.records) < MOST_RECORDS:
            break
    best = [product for _, _, product in sorted(scored, key=lambda one: one[:2])[:limit]]
    return ItemPage(
        items=await _entries(client, best, today), total=len(best), approximate=bool(best)
    )


async def _entries(
    client: TrytonClient, products: list[Product], today: date
) -> tuple[ItemEntry, ...]:
    if not products:
        return ()
    places = await places_of(client)
    shelves = await shelves_of(client, places, places.warehouses, products, today)
    return tuple(_entry(product, shelves[product.id]) for product in products)


def _entry(product: Product, shelves: list[Shelf]) -> ItemEntry:
    return ItemEntry(
        id=product.item_id,
        sku=product.sku,
        name=product.name,
        category=product.category,
        unit=product.unit,
        barcode=product.barcode,
        is_lot_tracked=product.is_lot_tracked,
        on_hand=plain(sum((shelf.on_hand for shelf in shelves), ZERO)),
        available=plain(sum((shelf.available for shelf in shelves), ZERO)),
    )


def _keys(cursor: str | None) -> tuple[int, str, int]:
    if cursor is None:
        return 0, "", 0
    rank, code, last_id = keys_of(_ITEMS, cursor, int, str, int, is_signed=True)
    if not 0 <= rank < _RANKS or last_id <= 0:
        raise not_ours()
    return rank, code, last_id
