"""Taking goods in: checked against what is expected, booked on movements and shelves together."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import LocationCode, ReceiptLine
from switchgear_inventory.sql.shelf import ZERO, Portion, check_lot, check_quantity
from switchgear_inventory.sql.stockroom import Stockroom, Way
from switchgear_inventory.tables import ArrivalRow, ItemRow, MovementRow
from switchgear_shared.contracts.business_event_data import StockReceived
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.columns import plain


@dataclass(frozen=True, slots=True)
class Goods:
    """What came in of one item; `number` is that of the order's line where it is known."""

    line: ReceiptLine
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What a delivery did; `is_complete` is False while the reference expects more."""

    movements: Sequence[MovementRow]
    version: int
    is_complete: bool


async def book(
    room: Stockroom,
    goods: Sequence[Goods],
    location: LocationCode,
    source_ref: str,
    *,
    fulfilment_id: str | None = None,
) -> Booked:
    """Take the goods in, all or none; see InventoryBackend.receive."""
    for place, one in enumerate(goods):
        item = room.item(one.line.sku, f"lines.{place}.sku")
        check_quantity(item, one.line.quantity, f"lines.{place}.quantity")
        check_lot(item, one.line.lot, f"lines.{place}.lot", is_needed=True)
    arrivals = await expected_of(room.session, room.act.tenant, source_ref)
    way = Way("receipt", "supplier", location, source_ref)
    movements: list[MovementRow] = []
    for place, one in enumerate(goods):
        line, field = one.line, f"lines.{place}"
        item = room.item(line.sku, f"{field}.sku")
        portion = Portion(line.quantity, line.lot, line.expires_on)
        _, portion = await room.bring(item, location, portion, f"{field}.quantity")
        for number, share in _allotted(way, arrivals, item, one, field):
            part = Portion(share, portion.lot, portion.expires_on)
            movements.append(room.move(way, item, part, line_number=number))
            await _announce(room, item, movements[-1], fulfilment_id)
    await room.close()
    first = room.item(goods[0].line.sku, "lines.0.sku")
    return Booked(
        movements=movements,
        version=room.shelf(first, location).level.version,
        is_complete=all(arrival.received == arrival.expected for arrival in arrivals),
    )


async def expected_of(
    session: AsyncSession, tenant: TenantId, source_ref: str
) -> Sequence[ArrivalRow]:
    """Return what an order brings, locked until the transaction ends, in the order of its lines."""
    found = await session.scalars(
        select(ArrivalRow)
        .where(ArrivalRow.tenant == tenant, ArrivalRow.source_ref == source_ref)
        .order_by(ArrivalRow.line_number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


def _allotted(
    way: Way, arrivals: Sequence[ArrivalRow], item: ItemRow, goods: Goods, field: str
) -> list[tuple[int | None, Decimal]]:
    """Return how much of the goods goes on which line of the order, and book it there."""
    quantity = goods.line.quantity
    if not arrivals:
        return [(goods.number, quantity)]
    expected = [arrival for arrival in arrivals if arrival.item_id == item.id]
    if not expected:
        raise InvalidRequestError(f"{way.ref} is not for {item.sku}", field=f"{field}.sku")
    here = [arrival for arrival in expected if arrival.location == way.target]
    if not here:
        raise InvalidRequestError(
            f"{way.ref} brings {item.sku} to {expected[0].location}", field="location"
        )
    still = sum((arrival.expected - arrival.received for arrival in here), ZERO)
    if quantity > still:
        raise ConflictError(
            f"{way.ref} expects {plain(still)} more of {item.sku}, not {plain(quantity)}",
            field=f"{field}.quantity",
        )
    allotted: list[tuple[int | None, Decimal]] = []
    for arrival in sorted(here, key=lambda arrival: arrival.line_number != goods.number):
        share = min(quantity, arrival.expected - arrival.received)
        if share > 0:
            arrival.received += share
            quantity -= share
            allotted.append((arrival.line_number, share))
    return allotted


async def _announce(
    room: Stockroom, item: ItemRow, movement: MovementRow, fulfilment_id: str | None
) -> None:
    data = StockReceived(
        movement_id=movement.id,
        sku=item.sku,
        source_ref=movement.source_ref,
        quantity=movement.quantity,
        location=movement.to_location,
        lot=movement.lot,
        fulfilment_id=fulfilment_id,
    )
    await room.announce("inventory.stock.received", item, data)
