"""Goods that go: to a customer, to another warehouse, or by what a count found."""

from collections.abc import Sequence
from decimal import Decimal

from switchgear_inventory.count import Count
from switchgear_inventory.models import LocationCode, TransferLine
from switchgear_inventory.sql.reserving import lacking
from switchgear_inventory.sql.shelf import (
    ZERO,
    Portion,
    Shelf,
    check_lot,
    check_quantity,
    is_expired,
    who_holds,
)
from switchgear_inventory.sql.stockroom import Stockroom, Way
from switchgear_inventory.tables import MovementRow
from switchgear_shared.contracts.business_event_data import (
    FulfilledLine,
    StockAdjusted,
    StockShipped,
    StockTransferred,
)
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.columns import plain


async def ship(
    room: Stockroom,
    lines: Sequence[FulfilledLine],
    location: LocationCode,
    ref: str,
    fulfilment_id: str,
) -> None:
    """Send goods to a customer, those held for the order first; lines that name a lot get it.

    Raises:
        ConflictError: less of an item, or of a lot that is named, may leave.
        InvalidRequestError: a lot is not wanted or expired, or a piece is split.
    """
    way = Way("shipment", location, "customer", ref)
    for line in sorted(lines, key=lambda line: (line.lot is None, line.number)):
        field = f"lines.{line.number}"
        item = room.item(line.sku, f"{field}.sku")
        check_quantity(item, line.quantity, f"{field}.quantity")
        check_lot(item, line.lot, f"{field}.lot", is_needed=False)
        shelf = room.shelf(item, location)
        if line.lot is not None and is_expired(
            expires_on := shelf.lot(line.lot, f"{field}.lot").expires_on, shelf.today
        ):
            raise InvalidRequestError(
                f"lot {line.lot} of {item.sku} expired on {expires_on}", field=f"{field}.lot"
            )
        own = shelf.held_for(ref)
        free = shelf.free(line.lot, own=own)
        if line.quantity > free:
            of_lot = f" of lot {line.lot}" if line.lot else ""
            raise ConflictError(
                f"{ref} ships {plain(line.quantity)} of {item.sku} from {location}, "
                f"but only {free}{of_lot} may leave",
                field=f"{field}.quantity",
            )
        await _use_up(room, shelf, ref, min(line.quantity, own))
        for portion in shelf.take(line.quantity, line.lot):
            movement = room.move(way, item, portion, line_number=line.number)
            data = StockShipped(
                movement_id=movement.id,
                sku=item.sku,
                source_ref=ref,
                quantity=movement.quantity,
                location=location,
                fulfilment_id=fulfilment_id,
            )
            await room.announce("inventory.stock.shipped", item, data)


async def transfer(
    room: Stockroom,
    lines: Sequence[TransferLine],
    source: LocationCode,
    target: LocationCode,
    source_ref: str | None,
) -> WriteResult:
    """See InventoryBackend.transfer."""
    room.location(source, "from_location")
    room.location(target, "to_location")
    if source == target:
        raise InvalidRequestError(f"{source} is where the goods are", field="to_location")
    way = Way("transfer", source, target, source_ref or new_id("trf"))
    movements: list[MovementRow] = []
    for place, line in enumerate(lines):
        field = f"lines.{place}"
        item = room.item(line.sku, f"{field}.sku")
        check_quantity(item, line.quantity, f"{field}.quantity")
        check_lot(item, line.lot, f"{field}.lot", is_needed=False)
        shelf = room.shelf(item, source)
        free = shelf.free(line.lot, field=f"{field}.lot")
        if line.quantity > free:
            if line.lot is None:
                raise lacking(room, shelf, line.quantity, f"{field}.quantity")
            raise ConflictError(
                f"{free} of lot {line.lot} of {item.sku} may leave {source}, "
                f"not {plain(line.quantity)}",
                field=f"{field}.quantity",
            )
        for portion in shelf.take(line.quantity, line.lot):
            await room.bring(item, target, portion, f"{field}.quantity")
            movement = room.move(way, item, portion)
            movements.append(movement)
            data = StockTransferred(
                movement_id=movement.id,
                sku=item.sku,
                quantity=movement.quantity,
                from_location=source,
                to_location=target,
            )
            await room.announce("inventory.stock.transferred", item, data)
    await room.close()
    first = room.shelf(room.item(lines[0].sku, "lines.0.sku"), source)
    return WriteResult(
        id=movements[0].id, ref=way.ref, state="transferred", version=str(first.level.version)
    )


async def adjust(room: Stockroom, count: Count) -> WriteResult:
    """See InventoryBackend.adjust."""
    item = room.item(count.sku, "sku")
    code = room.location(count.location)
    field, quantity = count.quantity
    check_quantity(item, quantity, field)
    check_lot(item, count.lot, "lot", is_needed=True)
    if count.expires_on is not None and count.lot is None:
        raise InvalidRequestError(f"{item.sku} has no lots that expire", field="expires_on")
    shelf = room.shelf(item, code)
    lots = {row.lot: row.on_hand for row in shelf.lots}
    before = shelf.level.on_hand if count.lot is None else lots.get(count.lot, ZERO)
    after = count.after(before, item.sku)
    if after == before:
        return WriteResult(
            id=item.id,
            ref=count.reason,
            state="unchanged",
            version=str(shelf.level.version or 0),
            changed=False,
        )
    portion = Portion(abs(after - before), count.lot, count.expires_on)
    if after > before:
        shelf, portion = await room.bring(item, code, portion, field)
        way = Way("adjustment", "count", code, count.reason)
    else:
        _check_held(shelf, count.lot, portion.quantity, field)
        portion = shelf.take(portion.quantity, count.lot)[0]
        way = Way("adjustment", code, "count", count.reason)
    movement = room.move(way, item, portion)
    data = StockAdjusted(
        movement_id=movement.id,
        sku=item.sku,
        location=code,
        delta=plain(after - before),
        reason=count.reason,
    )
    await room.announce("inventory.stock.adjusted", item, data)
    await room.close()
    return WriteResult(
        id=movement.id, ref=count.reason, state="adjusted", version=str(shelf.level.version)
    )


async def _use_up(room: Stockroom, shelf: Shelf, ref: str, quantity: Decimal) -> None:
    for one in [one for one in shelf.reservations if one.for_ref == ref]:
        share = min(quantity, one.held)
        if share > 0:
            quantity -= share
            await room.let_go(one, share, "shipped")


def _check_held(shelf: Shelf, lot: str | None, quantity: Decimal, field: str) -> None:
    if quantity <= shelf.free(lot):
        return
    reserved = plain(shelf.level.reserved)
    raise ConflictError(
        f"{reserved} of {shelf.item.sku} is reserved in {shelf.level.location}: "
        f"{who_holds(shelf.reservations)}",
        field=field,
        details={
            "reserved": format(reserved, "f"),
            "reservations": [
                {"id": one.id, "for_ref": one.for_ref, "quantity": format(plain(one.held), "f")}
                for one in shelf.reservations[:50]
            ],
        },
    )
