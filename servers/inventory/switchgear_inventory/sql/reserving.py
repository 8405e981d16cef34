"""Holding stock for a reference, and letting it go."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import LocationCode, StockLine
from switchgear_inventory.sql.shelf import Shelf, check_quantity
from switchgear_inventory.sql.stockroom import Act, Stockroom
from switchgear_inventory.tables import ReservationRow
from switchgear_shared.contracts.business_event_data import StockReserved
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.columns import plain

LONGEST_HOLD = timedelta(days=365)


async def reserve(
    room: Stockroom,
    lines: Sequence[StockLine],
    location: LocationCode | None,
    for_ref: str,
    expires_at: datetime | None,
) -> WriteResult:
    """See InventoryBackend.reserve."""
    at = room.act.at
    if expires_at is not None and not at < expires_at <= at + LONGEST_HOLD:
        raise InvalidRequestError(
            f"{expires_at.isoformat()} is not within 365 days from now", field="expires_at"
        )
    code = room.location(location)
    made: list[ReservationRow] = []
    for place, line in enumerate(lines):
        item = room.item(line.sku, f"lines.{place}.sku")
        check_quantity(item, line.quantity, f"lines.{place}.quantity")
        shelf = room.shelf(item, code)
        if line.quantity > shelf.available:
            raise lacking(room, shelf, line.quantity, f"lines.{place}.quantity")
        shelf.level.reserved += line.quantity
        one = ReservationRow(
            tenant=room.act.tenant,
            id=new_id("rsv"),
            item_id=item.id,
            location=code,
            quantity=line.quantity,
            held=line.quantity,
            state="held",
            for_ref=for_ref,
            reserved_at=at,
            expires_at=expires_at,
        )
        room.session.add(one)
        made.append(one)
        data = StockReserved(
            reservation_id=one.id,
            sku=item.sku,
            location=code,
            quantity=plain(line.quantity),
            for_ref=for_ref,
            expires_at=expires_at,
        )
        await room.announce("inventory.stock.reserved", item, data)
    await room.close()
    first = room.shelf(room.item(lines[0].sku, "lines.0.sku"), code)
    return WriteResult(id=made[0].id, ref=for_ref, state="held", version=str(first.level.version))


async def release(
    session: AsyncSession, act: Act, reservation_id: str | None, for_ref: str | None
) -> WriteResult:
    """See InventoryBackend.release."""
    named = await _known(session, act.tenant, reservation_id, for_ref)
    locked = {one.item_id for one in named}
    room = await Stockroom.open(session, act, item_ids=locked)
    known = [
        one
        for one in await _known(session, act.tenant, reservation_id, for_ref)
        if one.item_id in locked
    ]
    freed = [one for one in known if one.held > 0]
    for one in freed:
        await room.let_go(one, one.held, "released")
    await room.close()
    shown = (freed or known or [None])[0]
    if shown is None:
        return WriteResult(
            id=for_ref or "", ref=for_ref, state="released", version="0", changed=False
        )
    levels = {shelf.level.location: shelf.level for shelf in room.shelves(shown.item_id)}
    return WriteResult(
        id=shown.id,
        ref=shown.for_ref,
        state=shown.state,
        version=str(levels[shown.location].version),
        changed=bool(freed),
    )


def lacking(room: Stockroom, shelf: Shelf, wanted: Decimal, field: str) -> ConflictError:
    """Return the conflict of a warehouse that has less available than wanted, and who has some."""
    here = shelf.level.location
    elsewhere = {
        other.level.location: format(other.available, "f")
        for other in room.shelves(shelf.item.id)
        if other.level.location != here and other.available > 0
    }
    also = "".join(f"; {code} has {quantity}" for code, quantity in elsewhere.items())
    return ConflictError(
        f"{shelf.item.sku} has {shelf.available} available in {here}, not {plain(wanted)}{also}",
        field=field,
        details={
            "sku": shelf.item.sku,
            "location": here,
            "available": format(shelf.available, "f"),
            "requested": format(plain(wanted), "f"),
            "elsewhere": elsewhere,
        },
    )


async def _known(
    session: AsyncSession, tenant: TenantId, reservation_id: str | None, for_ref: str | None
) -> Sequence[ReservationRow]:
    statement = select(ReservationRow).where(ReservationRow.tenant == tenant)
    if reservation_id is not None:
        statement = statement.where(ReservationRow.id == reservation_id)
    if for_ref is not None:
        statement = statement.where(ReservationRow.for_ref == for_ref)
    found = await session.scalars(
        statement.order_by(ReservationRow.reserved_at, ReservationRow.id).execution_options(
            populate_existing=True
        )
    )
    known = found.all()
    if not known and reservation_id is not None:
        named = reservation_id if for_ref is None else f"{reservation_id} for {for_ref}"
        raise NotFoundError(f"there is no reservation {named}", field="reservation_id")
    return known
