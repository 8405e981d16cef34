"""What to order: items that run out with what is on order counted, by vendor."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Subquery,
    and_,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import LocationCode, ReorderLine, ReorderPage, Sku
from switchgear_inventory.reorder import LOOKED_BACK, Shortage, proposal
from switchgear_inventory.sql.levels import coming, shelves, total, whole_sum
from switchgear_inventory.tables import ItemRow, MovementRow
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.storage.columns import ExactNumber

_REORDERS = "inventory.reorders"


async def propose(
    session: AsyncSession,
    tenant: TenantId,
    at: datetime,
    *,
    location: LocationCode | None,
    vendor_id: str | None,
    limit: int,
    cursor: str | None,
) -> ReorderPage:
    """See InventoryBackend.propose_reorder, once the location is known to exist."""
    stock = total(shelves(tenant, at, location))
    order, used = coming(tenant, location), _used(tenant, at, location)
    available = func.coalesce(stock.c.available, 0)
    incoming = func.coalesce(order.c.incoming, 0)
    point = type_coerce(ItemRow.reorder_point, BigInteger)
    statement = (
        select(
            ItemRow,
            type_coerce(available, ExactNumber).label("available"),
            type_coerce(incoming, ExactNumber).label("incoming"),
            type_coerce(func.coalesce(used.c.used, 0), ExactNumber).label("used"),
        )
        .join(stock, ItemRow.id == stock.c.item_id, isouter=location is None)
        .outerjoin(order, ItemRow.id == order.c.item_id)
        .outerjoin(used, ItemRow.id == used.c.item_id)
        .where(ItemRow.tenant == tenant, point > 0, available + incoming <= point)
    )
    if vendor_id is not None:
        statement = statement.where(ItemRow.vendor_id == vendor_id)
    count = await session.scalar(select(func.count()).select_from(statement.subquery()))
    if cursor is not None:
        statement = statement.where(_beyond(cursor))
    found = await session.execute(
        statement.order_by(ItemRow.vendor_id, ItemRow.sku).limit(limit + 1)
    )
    rows = found.all()
    last: ItemRow | None = rows[limit - 1].ItemRow if len(rows) > limit else None
    return ReorderPage(
        items=tuple(_line(row) for row in rows[:limit]),
        total=count,
        next_cursor=encode_cursor(_REORDERS, [last.vendor_id, last.sku]) if last else None,
        truncated=last is not None,
    )


def _used(tenant: TenantId, at: datetime, location: LocationCode | None) -> Subquery:
    statement = (
        select(MovementRow.item_id, whole_sum(MovementRow.quantity).label("used"))
        .where(
            MovementRow.tenant == tenant,
            MovementRow.kind == "shipment",
            MovementRow.moved_at >= at - LOOKED_BACK,
        )
        .group_by(MovementRow.item_id)
    )
    if location is not None:
        statement = statement.where(MovementRow.from_location == location)
    return statement.subquery("used")


def _beyond(cursor: str) -> ColumnElement[bool]:
    vendor_id, sku = decode_cursor(_REORDERS, cursor, str, str)
    return or_(
        ItemRow.vendor_id > vendor_id, and_(ItemRow.vendor_id == vendor_id, ItemRow.sku > sku)
    )


def _line(row: Row[*tuple[Any, ...]]) -> ReorderLine:
    item: ItemRow = row.ItemRow
    return proposal(
        Shortage(
            vendor_id=item.vendor_id,
            sku=Sku(item.sku),
            name=item.name,
            unit=item.unit,
            available=row.available,
            incoming=row.incoming,
            point=item.reorder_point,
            batch=item.reorder_quantity,
            used=row.used,
        )
    )
