"""One item's stock by warehouse, with its lots and what is held."""

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import (
    MOST_SHOWN,
    ItemId,
    Level,
    LocationCode,
    Lot,
    Reservation,
    Sku,
    Stock,
    StockPart,
)
from switchgear_inventory.sql.levels import shelves
from switchgear_inventory.sql.shelf import ZERO, is_expired
from switchgear_inventory.tables import ArrivalRow, ItemRow, LotRow, ReservationRow
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.columns import ExactNumber, plain


async def find_item(
    session: AsyncSession, tenant: TenantId, sku: Sku | None, item_id: ItemId | None
) -> ItemRow:
    """Return the one item of that SKU and id; raises NotFoundError."""
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


async def stock_of(
    session: AsyncSession,
    item: ItemRow,
    names: dict[LocationCode, str],
    at: datetime,
    *,
    is_asked_for: bool,
    include: Collection[StockPart],
) -> Stock:
    """Return the item's stock in the warehouses of `names`; of all of them if asked for."""
    levels = await _levels(session, item, names, at, is_asked_for=is_asked_for)
    return Stock(
        item_id=ItemId(item.id),
        sku=Sku(item.sku),
        name=item.name,
        unit=item.unit,
        is_lot_tracked=item.is_lot_tracked,
        vendor_id=item.vendor_id,
        reorder_point=plain(item.reorder_point),
        reorder_quantity=plain(item.reorder_quantity),
        on_hand=plain(sum((level.on_hand for level in levels), ZERO)),
        reserved=plain(sum((level.reserved for level in levels), ZERO)),
        available=plain(sum((level.available for level in levels), ZERO)),
        incoming=plain(sum((level.incoming for level in levels), ZERO)),
        levels=levels,
        lots=await _lots(session, item, names, at) if "lots" in include else (),
        reservations=await _reservations(session, item, names, at)
        if "reservations" in include
        else (),
    )


async def _levels(
    session: AsyncSession,
    item: ItemRow,
    names: dict[LocationCode, str],
    at: datetime,
    *,
    is_asked_for: bool,
) -> tuple[Level, ...]:
    each = shelves(TenantId(item.tenant), at, item_id=item.id)
    found = await session.execute(
        select(
            each.c.location,
            each.c.version,
            *(
                type_coerce(each.c[name], ExactNumber).label(name)
                for name in ("on_hand", "reserved", "available")
            ),
        )
    )
    stocked = {row.location: row for row in found}
    incoming: dict[str, Decimal] = {}
    for row in await session.scalars(
        select(ArrivalRow).where(
            ArrivalRow.tenant == item.tenant,
            ArrivalRow.item_id == item.id,
            ArrivalRow.received < ArrivalRow.expected,
        )
    ):
        incoming[row.location] = incoming.get(row.location, ZERO) + row.expected - row.received
    levels: list[Level] = []
    for location, name in names.items():
        row = stocked.get(location)
        if not is_asked_for and row is None and location not in incoming:
            continue
        levels.append(
            Level(
                location=location,
                location_name=name,
                on_hand=row.on_hand if row else ZERO,
                reserved=row.reserved if row else ZERO,
                available=row.available if row else ZERO,
                incoming=plain(incoming.get(location, ZERO)),
                version=str(row.version if row else 0),
            )
        )
    return tuple(levels)


async def _lots(
    session: AsyncSession, item: ItemRow, names: dict[LocationCode, str], at: datetime
) -> tuple[Lot, ...]:
    found = await session.scalars(
        select(LotRow)
        .where(
            LotRow.tenant == item.tenant,
            LotRow.item_id == item.id,
            LotRow.location.in_(names),
            LotRow.on_hand > 0,
        )
        .order_by(LotRow.expires_on.is_(None), LotRow.expires_on, LotRow.lot, LotRow.location)
        .limit(MOST_SHOWN)
    )
    today = at.astimezone(UTC).date()
    return tuple(
        Lot(
            location=LocationCode(row.location),
            lot=row.lot,
            on_hand=row.on_hand,
            expires_on=row.expires_on,
            is_expired=is_expired(row.expires_on, today),
        )
        for row in found
    )


async def _reservations(
    session: AsyncSession, item: ItemRow, names: dict[LocationCode, str], at: datetime
) -> tuple[Reservation, ...]:
    until = ReservationRow.expires_at
    found = await session.scalars(
        select(ReservationRow)
        .where(
            ReservationRow.tenant == item.tenant,
            ReservationRow.item_id == item.id,
            ReservationRow.location.in_(names),
            ReservationRow.held > 0,
            or_(until.is_(None), until > at),
        )
        .order_by(ReservationRow.reserved_at, ReservationRow.id)
        .limit(MOST_SHOWN)
    )
    return tuple(
        Reservation(
            id=row.id,
            location=LocationCode(row.location),
            quantity=row.held,
            for_ref=row.for_ref,
            reserved_at=row.reserved_at,
            expires_at=row.expires_at,
        )
        for row in found
    )
