"""The embedded inventory: items, stock and movements, in SQLite or PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory import catalogue
from switchgear_inventory.models import (
    ItemId,
    ItemPage,
    Level,
    LocationCode,
    LowStockPage,
    Movement,
    MovementKind,
    MovementPage,
    ReceiptLine,
    Sku,
    Stock,
)
from switchgear_inventory.receiving import Booked, Delivery, book
from switchgear_inventory.tables import ArrivalRow, ItemRow, LevelRow, LocationRow, MovementRow
from switchgear_shared.contracts.business_event_data import StockReceived
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.database import Database

_MOVEMENTS = "inventory.movements"
_ZERO = Decimal(0)


class SqlInventory:
    """InventoryBackend over our own tables."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def find_items(
        self,
        tenant: TenantId,
        *,
        query: str | None,
        sku: Sku | None,
        barcode: str | None,
        limit: int,
        cursor: str | None,
    ) -> ItemPage:
        """See InventoryBackend."""
        search = catalogue.ItemSearch(tenant, query, sku, barcode)
        async with self._database.reading() as session:
            return await catalogue.find_items(session, search, limit=limit, cursor=cursor)

    async def get_stock(
        self,
        tenant: TenantId,
        *,
        sku: Sku | None,
        item_id: ItemId | None,
        location: LocationCode | None,
    ) -> Stock:
        """See InventoryBackend."""
        async with self._database.reading() as session:
            item = await _item(session, tenant, sku, item_id)
            names = await _location_names(session, tenant)
            if location is not None:
                _check_location(location, names)
                names = {location: names[location]}
            levels = await _levels(session, item, names, is_asked_for=location is not None)
        return Stock(
            item_id=ItemId(item.id),
            sku=Sku(item.sku),
            name=item.name,
            unit=item.unit,
            is_lot_tracked=item.is_lot_tracked,
            vendor_id=item.vendor_id,
            reorder_point=plain(item.reorder_point),
            reorder_quantity=plain(item.reorder_quantity),
            on_hand=plain(sum((level.on_hand for level in levels), _ZERO)),
            reserved=plain(sum((level.reserved for level in levels), _ZERO)),
            available=plain(sum((level.available for level in levels), _ZERO)),
            incoming=plain(sum((level.incoming for level in levels), _ZERO)),
            levels=levels,
        )

    async def list_low_stock(
        self, tenant: TenantId, *, location: LocationCode | None, limit: int, cursor: str | None
    ) -> LowStockPage:
        """See InventoryBackend."""
        async with self._database.reading() as session:
            if location is not None:
                _check_location(location, await _location_names(session, tenant))
            return await catalogue.list_low_stock(
                session, tenant, location=location, limit=limit, cursor=cursor
            )

    async def list_movements(
        self,
        tenant: TenantId,
        *,
        sku: Sku | None,
        source_ref: str | None,
        kind: MovementKind | None,
        since: datetime | None,
        limit: int,
        cursor: str | None,
    ) -> MovementPage:
        """See InventoryBackend."""
        at, id_ = MovementRow.moved_at, MovementRow.id
        mine = [MovementRow.tenant == tenant]
        if sku is not None:
            mine.append(func.lower(ItemRow.sku) == sku.lower())
        if source_ref is not None:
            mine.append(MovementRow.source_ref == source_ref)
        if kind is not None:
            mine.append(MovementRow.kind == kind)
        if since is not None:
            mine.append(at >= since)
        same = and_(ItemRow.tenant == MovementRow.tenant, ItemRow.id == MovementRow.item_id)
        counted = select(func.count()).select_from(MovementRow).join(ItemRow, same).where(*mine)
        statement = select(MovementRow, ItemRow).join(ItemRow, same).where(*mine)
        if cursor is not None:
            moment, last_id = _moment_and_id(cursor)
            statement = statement.where(or_(at < moment, and_(at == moment, id_ < last_id)))
        async with self._database.reading() as session:
            total = await session.scalar(counted)
            found = await session.execute(
                statement.order_by(at.desc(), id_.desc()).limit(limit + 1)
            )
            pairs = found.all()
        has_more = len(pairs) > limit
        last = pairs[limit - 1][0] if has_more else None
        return MovementPage(
            items=tuple(_movement(row, item) for row, item in pairs[:limit]),
            total=total,
            next_cursor=encode_cursor(_MOVEMENTS, [last.moved_at.isoformat(), last.id])
            if last
            else None,
            truncated=has_more,
        )

    async def receive(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[ReceiptLine],
        location: LocationCode,
        source_ref: str,
        caller: Caller,
    ) -> WriteResult:
        """See InventoryBackend."""
        received_at = self._clock()
        delivery = Delivery(tenant, location, source_ref, received_at, caller.requested_by)
        async with self._database.writing() as session:
            _check_location(location, await _location_names(session, tenant))
            booked = await book(session, delivery, lines)
            await _announce(session, delivery, booked, caller)
        return WriteResult(
            id=booked.movements[0].id,
            ref=source_ref,
            state="received" if booked.is_complete else "partly_received",
            version=str(booked.version),
        )

    async def skus(self, tenant: TenantId, *, prefix: str, limit: int) -> list[Sku]:
        """See InventoryBackend."""
        begins = func.lower(ItemRow.sku).startswith(prefix.lower(), autoescape=True)
        statement = select(ItemRow.sku).where(ItemRow.tenant == tenant, begins)
        async with self._database.reading() as session:
            found = await session.scalars(statement.order_by(ItemRow.sku).limit(limit))
            return [Sku(sku) for sku in found]

    async def locations(self, tenant: TenantId) -> list[LocationCode]:
        """See InventoryBackend."""
        async with self._database.reading() as session:
            return sorted(await _location_names(session, tenant))


async def _announce(
    session: AsyncSession, delivery: Delivery, booked: Booked, caller: Caller
) -> None:
    for movement in booked.movements:
        sku = booked.skus[movement.item_id]
        event = new_event(
            "inventory.stock.received",
            source="inventory",
            subject=movement.item_id,
            data=StockReceived(
                movement_id=movement.id,
                sku=sku,
                source_ref=delivery.source_ref,
                quantity=movement.quantity,
                location=delivery.location,
                lot=movement.lot,
            ),
            caller=caller,
            time=delivery.received_at,
        )
        await emit(session, event)


async def _item(
    session: AsyncSession, tenant: TenantId, sku: Sku | None, item_id: ItemId | None
) -> ItemRow:
    statement = select(ItemRow).where(ItemRow.tenant == tenant)
    if sku is not None:
        statement = statement.where(func.lower(ItemRow.sku) == sku.lower())
    if item_id is not None:
        statement = statement.where(ItemRow.id == item_id)
    item = await session.scalar(statement.limit(1))
    if item is None:
        name = " ".join(part for part in (sku, item_id) if part)
        raise NotFoundError(f"there is no item {name}", field="item_id" if item_id else "sku")
    return item


async def _location_names(session: AsyncSession, tenant: TenantId) -> dict[LocationCode, str]:
    found = await session.scalars(
        select(LocationRow).where(LocationRow.tenant == tenant).order_by(LocationRow.code)
    )
    return {LocationCode(row.code): row.name for row in found}


def _check_location(location: LocationCode, names: dict[LocationCode, str]) -> None:
    if location not in names:
        known = ", ".join(names)
        raise NotFoundError(f"there is no warehouse {location}, only {known}", field="location")


async def _levels(
    session: AsyncSession, item: ItemRow, names: dict[LocationCode, str], *, is_asked_for: bool
) -> tuple[Level, ...]:
    stocked = {
        row.location: row
        for row in await session.scalars(
            select(LevelRow).where(LevelRow.tenant == item.tenant, LevelRow.item_id == item.id)
        )
    }
    incoming: dict[str, Decimal] = {}
    for row in await session.scalars(
        select(ArrivalRow).where(
            ArrivalRow.tenant == item.tenant,
            ArrivalRow.item_id == item.id,
            ArrivalRow.received < ArrivalRow.expected,
        )
    ):
        incoming[row.location] = incoming.get(row.location, _ZERO) + row.expected - row.received
    return tuple(
        _level(location, name, stocked.get(location), incoming.get(location, _ZERO))
        for location, name in names.items()
        if is_asked_for or location in stocked or location in incoming
    )


def _level(location: LocationCode, name: str, row: LevelRow | None, incoming: Decimal) -> Level:
    on_hand, reserved = (row.on_hand, row.reserved) if row else (_ZERO, _ZERO)
    return Level(
        location=location,
        location_name=name,
        on_hand=plain(on_hand),
        reserved=plain(reserved),
        available=plain(max(on_hand - reserved, _ZERO)),
        incoming=plain(incoming),
        version=str(row.version if row else 0),
    )


def _movement(row: MovementRow, item: ItemRow) -> Movement:
    return Movement(
        id=row.id,
        kind=cast("MovementKind", row.kind),
        sku=Sku(item.sku),
        quantity=plain(row.quantity),
        unit=item.unit,
        from_location=row.from_location,
        to_location=row.to_location,
        source_ref=row.source_ref,
        lot=row.lot,
        expires_on=row.expires_on,
        moved_at=row.moved_at,
        done_by=row.done_by,
    )


def _moment_and_id(cursor: str) -> tuple[datetime, str]:
    moment, last_id = decode_cursor(_MOVEMENTS, cursor, 2)
    try:
        return datetime.fromisoformat(str(moment)), str(last_id)
    except ValueError as error:
        raise InvalidRequestError("the cursor is not one of ours", field="cursor") from error
