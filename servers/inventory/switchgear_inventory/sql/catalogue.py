"""Finding items by what people write, and those that run out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import (
    ItemEntry,
    ItemId,
    ItemPage,
    LocationCode,
    LowStock,
    LowStockPage,
    Sku,
)
from switchgear_inventory.sql.levels import coming, shelves, total
from switchgear_inventory.tables import ItemRow
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.spelling import CLOSE_ENOUGH, closeness, fold
from switchgear_shared.storage.columns import ExactNumber, plain

_ITEMS = "inventory.items"
_LOW_STOCK = "inventory.low_stock"
_MOST_GUESSED = 20_000
"""Items whose spelling is compared where nothing matches as written."""

_Statement = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ItemSearch:
    """What items of one tenant are looked for; criteria that are None do not count."""

    tenant: TenantId
    at: datetime
    query: str | None
    sku: Sku | None
    barcode: str | None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what an item must fulfil."""
        found: list[ColumnElement[bool]] = [ItemRow.tenant == self.tenant]
        if self.sku is not None:
            found.append(func.lower(ItemRow.sku) == self.sku.lower())
        if self.barcode is not None:
            found.append(ItemRow.barcode == self.barcode)
        return found

    def matching(self) -> list[ColumnElement[bool]]:
        """Return that every word of the query stands in the item."""
        if self.query is None:
            return []
        words = fold(self.query).split()
        return [ItemRow.search_text.contains(word, autoescape=True) for word in words] or [false()]


async def find_items(
    session: AsyncSession, search: ItemSearch, *, limit: int, cursor: str | None
) -> ItemPage:
    """See InventoryBackend."""
    conditions = [*search.conditions(), *search.matching()]
    count = await session.scalar(select(func.count()).select_from(ItemRow).where(*conditions)) or 0
    if count == 0 and search.query is not None:
        return await _guess(session, search, limit)
    rank = _rank(search)
    statement = _with_stock(search).add_columns(rank.label("rank")).where(*conditions)
    if cursor is not None:
        statement = statement.where(_beyond(_ITEMS, cursor, rank))
    rows = (await session.execute(statement.order_by(rank, ItemRow.sku).limit(limit + 1))).all()
    has_more = len(rows) > limit
    last = rows[limit - 1] if has_more else None
    return ItemPage(
        items=tuple(_entry(row) for row in rows[:limit]),
        total=count,
        next_cursor=encode_cursor(_ITEMS, [last.rank, last.ItemRow.sku]) if last else None,
        truncated=has_more,
        approximate=False,
    )


async def list_low_stock(
    session: AsyncSession,
    tenant: TenantId,
    at: datetime,
    *,
    location: LocationCode | None,
    limit: int,
    cursor: str | None,
) -> LowStockPage:
    """See InventoryBackend, once the location is known to exist."""
    stock = total(shelves(tenant, at, location))
    incoming = coming(tenant, location)
    available = func.coalesce(stock.c.available, 0)
    point = type_coerce(ItemRow.reorder_point, BigInteger)
    cover = case((available <= point, available * 100 // point), else_=0)
    same = ItemRow.id == stock.c.item_id
    statement = (
        select(
            ItemRow,
            type_coerce(available, ExactNumber).label("available"),
            type_coerce(func.coalesce(incoming.c.incoming, 0), ExactNumber).label("incoming"),
            cover.label("cover"),
        )
        .join(stock, same, isouter=location is None)
        .outerjoin(incoming, ItemRow.id == incoming.c.item_id)
        .where(ItemRow.tenant == tenant, point > 0, available <= point)
    )
    count = await session.scalar(select(func.count()).select_from(statement.subquery()))
    if cursor is not None:
        statement = statement.where(_beyond(_LOW_STOCK, cursor, cover))
    rows = (await session.execute(statement.order_by(cover, ItemRow.sku).limit(limit + 1))).all()
    has_more = len(rows) > limit
    last = rows[limit - 1] if has_more else None
    return LowStockPage(
        items=tuple(_low(row) for row in rows[:limit]),
        total=count,
        next_cursor=encode_cursor(_LOW_STOCK, [last.cover, last.ItemRow.sku]) if last else None,
        truncated=has_more,
    )


async def _guess(session: AsyncSession, search: ItemSearch, limit: int) -> ItemPage:
    words = fold(search.query or "").split()
    known = await session.execute(
        select(ItemRow.id, ItemRow.sku, ItemRow.search_text)
        .where(*search.conditions())
        .order_by(ItemRow.sku)
        .limit(_MOST_GUESSED)
    )
    scored = [(closeness(words, row.search_text), row) for row in known]
    close = [(-score, row.sku, row.id) for score, row in scored if score >= CLOSE_ENOUGH]
    best = [item_id for _, _, item_id in sorted(close)[:limit]]
    rows = await session.execute(_with_stock(search).where(ItemRow.id.in_(best)))
    items = sorted((_entry(row) for row in rows), key=lambda item: best.index(item.id))
    return ItemPage(items=tuple(items), total=len(items), approximate=bool(items))


def _with_stock(search: ItemSearch) -> _Statement:
    stock = total(shelves(search.tenant, search.at))
    return (
        select(
            ItemRow,
            type_coerce(func.coalesce(stock.c.on_hand, 0), ExactNumber).label("on_hand"),
            type_coerce(func.coalesce(stock.c.available, 0), ExactNumber).label("available"),
        )
        .outerjoin(stock, ItemRow.id == stock.c.item_id)
        .where(ItemRow.tenant == search.tenant)
    )


def _rank(search: ItemSearch) -> ColumnElement[int]:
    if search.query is None:
        return literal(0)
    text = fold(search.query)
    sku = func.lower(ItemRow.sku)
    return case(
        (or_(sku == text, ItemRow.barcode == text, ItemRow.id == text), 0),
        (or_(sku.startswith(text, autoescape=True), _begins(text)), 1),
        else_=2,
    )


def _begins(text: str) -> ColumnElement[bool]:
    return ItemRow.search_text.startswith(text, autoescape=True)


def _beyond(listing: str, cursor: str, first: ColumnElement[int]) -> ColumnElement[bool]:
    key, sku = decode_cursor(listing, cursor, int, str)
    return or_(first > key, and_(first == key, ItemRow.sku > sku))


def _entry(row: Row[*tuple[Any, ...]]) -> ItemEntry:
    item: ItemRow = row.ItemRow
    return ItemEntry(
        id=ItemId(item.id),
        sku=Sku(item.sku),
        name=item.name,
        category=item.category,
        unit=item.unit,
        barcode=item.barcode,
        is_lot_tracked=item.is_lot_tracked,
        on_hand=plain(row.on_hand),
        available=plain(row.available),
    )


def _low(row: Row[*tuple[Any, ...]]) -> LowStock:
    item: ItemRow = row.ItemRow
    return LowStock(
        item_id=ItemId(item.id),
        sku=Sku(item.sku),
        name=item.name,
        unit=item.unit,
        available=plain(row.available),
        incoming=plain(row.incoming),
        reorder_point=plain(item.reorder_point),
        reorder_quantity=plain(item.reorder_quantity),
        cover_percent=row.cover,
        vendor_id=item.vendor_id,
    )
