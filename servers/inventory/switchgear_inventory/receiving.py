"""Taking goods in: checked against what is expected, booked on movements and levels together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import PIECES, LocationCode, ReceiptLine
from switchgear_inventory.tables import ArrivalRow, ItemRow, LevelRow, MovementRow
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.columns import plain

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods that came in at one moment for one reference."""

    tenant: TenantId
    location: LocationCode
    source_ref: str
    received_at: datetime
    done_by: str


@dataclass(frozen=True, slots=True)
class Booked:
    """What a delivery did; `is_complete` is False while the reference expects more."""

    movements: Sequence[MovementRow]
    skus: Mapping[str, str]
    version: int
    is_complete: bool


async def book(session: AsyncSession, delivery: Delivery, lines: Sequence[ReceiptLine]) -> Booked:
    """Take the lines in, all or none; see InventoryBackend.receive, once the location exists.

    Rows are locked in one order, so that deliveries at the same time wait for one another.
    """
    items = await _items(session, delivery.tenant, lines)
    for place, line in enumerate(lines):
        _check(items[line.sku.lower()], line, place)
    arrivals = await _arrivals(session, delivery)
    levels = await _levels(session, delivery, {item.id for item in items.values()})
    movements: list[MovementRow] = []
    for place, line in enumerate(lines):
        item = items[line.sku.lower()]
        levels[item.id].on_hand += line.quantity
        for number, quantity in _allotted(delivery, arrivals, item, line, place):
            movements.append(_movement(delivery, item, line, number, quantity))
    session.add_all(movements)
    await session.flush()
    return Booked(
        movements=movements,
        skus={item.id: item.sku for item in items.values()},
        version=levels[movements[0].item_id].version,
        is_complete=all(arrival.received == arrival.expected for arrival in arrivals),
    )


async def _items(
    session: AsyncSession, tenant: TenantId, lines: Sequence[ReceiptLine]
) -> dict[str, ItemRow]:
    wanted = {line.sku.lower() for line in lines}
    found = await session.scalars(
        select(ItemRow).where(ItemRow.tenant == tenant, func.lower(ItemRow.sku).in_(wanted))
    )
    items = {item.sku.lower(): item for item in found}
    for place, line in enumerate(lines):
        if line.sku.lower() not in items:
            raise NotFoundError(f"there is no item {line.sku}", field=f"lines.{place}.sku")
    return items


def _check(item: ItemRow, line: ReceiptLine, place: int) -> None:
    if item.unit == PIECES and line.quantity != line.quantity.to_integral():
        raise InvalidRequestError(
            f"{item.sku} is kept in whole pieces, not {line.quantity}",
            field=f"lines.{place}.quantity",
        )
    if item.is_lot_tracked and line.lot is None:
        raise InvalidRequestError(f"{item.sku} is lot-tracked", field=f"lines.{place}.lot")
    if not item.is_lot_tracked and line.lot is not None:
        raise InvalidRequestError(f"{item.sku} has no lots", field=f"lines.{place}.lot")


async def _arrivals(session: AsyncSession, delivery: Delivery) -> Sequence[ArrivalRow]:
    found = await session.scalars(
        select(ArrivalRow)
        .where(ArrivalRow.tenant == delivery.tenant, ArrivalRow.source_ref == delivery.source_ref)
        .order_by(ArrivalRow.line_number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def _levels(
    session: AsyncSession, delivery: Delivery, item_ids: set[str]
) -> dict[str, LevelRow]:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    empty = [
        {
            "tenant": delivery.tenant,
            "item_id": item_id,
            "location": delivery.location,
            "version": 1,
            "on_hand": _ZERO,
            "reserved": _ZERO,
        }
        for item_id in sorted(item_ids)
    ]
    await session.execute(insert(LevelRow).on_conflict_do_nothing(), empty)
    found = await session.scalars(
        select(LevelRow)
        .where(
            LevelRow.tenant == delivery.tenant,
            LevelRow.location == delivery.location,
            LevelRow.item_id.in_(item_ids),
        )
        .order_by(LevelRow.item_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {level.item_id: level for level in found}


def _allotted(
    delivery: Delivery,
    arrivals: Sequence[ArrivalRow],
    item: ItemRow,
    line: ReceiptLine,
    place: int,
) -> list[tuple[int | None, Decimal]]:
    """Return how much of the line goes on which line of the purchase order, and book it there."""
    if not arrivals:
        return [(None, line.quantity)]
    ref = delivery.source_ref
    expected = [arrival for arrival in arrivals if arrival.item_id == item.id]
    if not expected:
        raise InvalidRequestError(f"{ref} is not for {item.sku}", field=f"lines.{place}.sku")
    here = [arrival for arrival in expected if arrival.location == delivery.location]
    if not here:
        raise InvalidRequestError(
            f"{ref} brings {item.sku} to {expected[0].location}", field="location"
        )
    still = sum((arrival.expected - arrival.received for arrival in here), _ZERO)
    if line.quantity > still:
        raise ConflictError(
            f"{ref} expects {plain(still)} more of {item.sku}, not {plain(line.quantity)}",
            field=f"lines.{place}.quantity",
        )
    allotted: list[tuple[int | None, Decimal]] = []
    left = line.quantity
    for arrival in here:
        share = min(left, arrival.expected - arrival.received)
        if share > 0:
            arrival.received += share
            left -= share
            allotted.append((arrival.line_number, share))
    return allotted


def _movement(
    delivery: Delivery, item: ItemRow, line: ReceiptLine, number: int | None, quantity: Decimal
) -> MovementRow:
    return MovementRow(
        tenant=delivery.tenant,
        id=new_id("mov"),
        kind="receipt",
        item_id=item.id,
        quantity=quantity,
        from_location="supplier",
        to_location=delivery.location,
        source_ref=delivery.source_ref,
        line_number=number,
        lot=line.lot,
        expires_on=line.expires_on,
        moved_at=delivery.received_at,
        done_by=delivery.done_by,
    )
