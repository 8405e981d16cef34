"""The list of what went from where to where, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import Movement, MovementKind, MovementPage, Sku
from switchgear_inventory.tables import ItemRow, MovementRow
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.storage.columns import plain

_MOVEMENTS = "inventory.movements"


@dataclass(frozen=True, slots=True)
class MovementSearch:
    """What movements of one tenant are looked for; criteria that are None do not count."""

    tenant: TenantId
    sku: Sku | None
    source_ref: str | None
    kind: MovementKind | None
    since: datetime | None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a movement and its item must fulfil."""
        found: list[ColumnElement[bool]] = [MovementRow.tenant == self.tenant]
        if self.sku is not None:
            found.append(func.lower(ItemRow.sku) == self.sku.lower())
        if self.source_ref is not None:
            found.append(MovementRow.source_ref == self.source_ref)
        if self.kind is not None:
            found.append(MovementRow.kind == self.kind)
        if self.since is not None:
            found.append(MovementRow.moved_at >= self.since)
        return found


async def list_movements(
    session: AsyncSession, search: MovementSearch, *, limit: int, cursor: str | None
) -> MovementPage:
    """See InventoryBackend."""
    at, id_ = MovementRow.moved_at, MovementRow.id
    same = and_(ItemRow.tenant == MovementRow.tenant, ItemRow.id == MovementRow.item_id)
    conditions = search.conditions()
    statement = select(MovementRow, ItemRow).join(ItemRow, same).where(*conditions)
    if cursor is not None:
        moment, last_id = decode_cursor(_MOVEMENTS, cursor, datetime, str)
        statement = statement.where(or_(at < moment, and_(at == moment, id_ < last_id)))
    total = await session.scalar(
        select(func.count()).select_from(MovementRow).join(ItemRow, same).where(*conditions)
    )
    found = await session.execute(statement.order_by(at.desc(), id_.desc()).limit(limit + 1))
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
