"""What is there, as queries see it at a moment: without what has expired since it was written."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    and_,
    case,
    cast,
    func,
    select,
    type_coerce,
)

from switchgear_inventory.models import LocationCode
from switchgear_inventory.tables import ArrivalRow, LevelRow, LotRow, ReservationRow
from switchgear_shared.contracts.values import TenantId


def shelves(
    tenant: TenantId, at: datetime, location: LocationCode | None = None, item_id: str | None = None
) -> Subquery:
    """Return on_hand, reserved, usable and available of each item and warehouse, in millionths."""
    lapsed = _sums(ReservationRow, ReservationRow.held, tenant, ReservationRow.expires_at <= at)
    today = at.astimezone(UTC).date()
    expired = _sums(LotRow, LotRow.on_hand, tenant, LotRow.expires_on < today)
    on_hand = type_coerce(LevelRow.on_hand, BigInteger)
    reserved = type_coerce(LevelRow.reserved, BigInteger) - func.coalesce(lapsed.c.quantity, 0)
    usable = on_hand - func.coalesce(expired.c.quantity, 0)
    statement = (
        select(
            LevelRow.item_id,
            LevelRow.location,
            LevelRow.version,
            on_hand.label("on_hand"),
            reserved.label("reserved"),
            case((usable > reserved, usable - reserved), else_=0).label("available"),
        )
        .outerjoin(lapsed, _same(lapsed))
        .outerjoin(expired, _same(expired))
        .where(LevelRow.tenant == tenant)
    )
    if location is not None:
        statement = statement.where(LevelRow.location == location)
    if item_id is not None:
        statement = statement.where(LevelRow.item_id == item_id)
    return statement.subquery("shelves")


def total(each: Subquery) -> Subquery:
    """Return the sums of `shelves` by item."""
    return (
        select(
            each.c.item_id,
            whole_sum(each.c.on_hand).label("on_hand"),
            whole_sum(each.c.available).label("available"),
        )
        .group_by(each.c.item_id)
        .subquery("stock")
    )


def coming(tenant: TenantId, location: LocationCode | None) -> Subquery:
    """Return what is on order and not yet received by item, in millionths."""
    statement = (
        select(
            ArrivalRow.item_id,
            (whole_sum(ArrivalRow.expected) - whole_sum(ArrivalRow.received)).label("incoming"),
        )
        .where(ArrivalRow.tenant == tenant)
        .group_by(ArrivalRow.item_id)
    )
    if location is not None:
        statement = statement.where(ArrivalRow.location == location)
    return statement.subquery("coming")


def whole_sum(column: Any) -> ColumnElement[int]:
    """Return the sum in millionths, whole on every database."""
    return cast(func.sum(type_coerce(column, BigInteger)), BigInteger)


def _sums(table: Any, column: Any, tenant: TenantId, condition: ColumnElement[bool]) -> Subquery:
    return (
        select(table.item_id, table.location, whole_sum(column).label("quantity"))
        .where(table.tenant == tenant, column > 0, condition)
        .group_by(table.item_id, table.location)
        .subquery()
    )


def _same(sums: Subquery) -> ColumnElement[bool]:
    return and_(sums.c.item_id == LevelRow.item_id, sums.c.location == LevelRow.location)
