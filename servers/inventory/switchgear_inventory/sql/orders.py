"""What the ERP says of orders, done to the stock: everything of one event, or nothing of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import MOST_STOCK, ReceiptLine, Sku
from switchgear_inventory.sql.moving import ship
from switchgear_inventory.sql.receiving import Goods, book, expected_of
from switchgear_inventory.sql.shelf import ZERO
from switchgear_inventory.sql.stockroom import Act, Stockroom
from switchgear_inventory.tables import (
    ArrivalRow,
    CancelledOrderRow,
    MovementRow,
    ReservationRow,
)
from switchgear_shared.contracts.business_event_data import (
    FulfilledLine,
    OrderChanged,
    OrderConfirmed,
    OrderedLine,
    OrderFulfilled,
)
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import once
from switchgear_shared.storage.database import Database

_LineT = TypeVar("_LineT", OrderedLine, FulfilledLine)
_Handle = Callable[[AsyncSession, Act, Event], Awaitable[None]]


class OrderEvents:
    """Handlers whose effect happens once an event, in whatever order events come.

    Lines of what we do not keep, such as services, are passed over.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumers of this server."""
        return (
            Consumer("inventory-expect", "erp.order.confirmed", self.expect),
            Consumer("inventory-cancel", "erp.order.cancelled", self.cancel),
            Consumer("inventory-fulfil", "erp.order.fulfilled", self.fulfil),
        )

    async def expect(self, event: Event) -> None:
        """Expect the goods of a confirmed purchase from the day they are promised for."""
        await self._once("inventory-expect", event, _expect)

    async def cancel(self, event: Event) -> None:
        """Expect nothing more of a cancelled order, and hold nothing for it."""
        await self._once("inventory-cancel", event, _cancel)

    async def fulfil(self, event: Event) -> None:
        """Ship what a sale sent, or take in what a purchase brought.

        Raises:
            ConflictError: less is there than was shipped, or less was expected than came.
            InvalidRequestError: a lot is missing, not wanted, unknown or expired.
        """
        await self._once("inventory-fulfil", event, _fulfil)

    async def _once(self, consumer: str, event: Event, handle: _Handle) -> None:
        act = Act(event.tenant, self._clock(), event.source, cause=event)
        async with once(self._database, consumer, event.id, tenant=event.tenant) as session:
            if session is not None:
                await handle(session, act, event)
                await session.flush()


async def _expect(session: AsyncSession, act: Act, event: Event) -> None:
    order = OrderConfirmed.model_validate(event.data)
    if order.kind != "purchase":
        return
    room = await Stockroom.open(session, act, skus={line.sku for line in order.lines})
    lines = _kept(room, order.ref, order.lines)
    is_known = await expected_of(session, act.tenant, order.ref)
    if not lines or is_known or await _was_cancelled(session, act, order.ref):
        return
    location = room.location(order.location)
    came = await _received(session, act, order.ref)
    for line in lines:
        item = room.item(line.sku, "sku")
        received = min(line.quantity, came.get(item.id, ZERO))
        came[item.id] = came.get(item.id, ZERO) - received
        session.add(
            ArrivalRow(
                tenant=act.tenant,
                source_ref=order.ref,
                line_number=line.number,
                item_id=item.id,
                location=location,
                expected=line.quantity,
                received=received,
                due_on=order.promised_on or event.time.astimezone(UTC).date(),
            )
        )
    await room.close()


async def _cancel(session: AsyncSession, act: Act, event: Event) -> None:
    order = OrderChanged.model_validate(event.data)
    due = select(ArrivalRow.item_id).where(
        ArrivalRow.tenant == act.tenant, ArrivalRow.source_ref == order.ref
    )
    item_ids = {*await _reserved(session, act, order.ref), *await session.scalars(due)}
    room = await Stockroom.open(session, act, item_ids=item_ids)
    for one in room.held_for(order.ref):
        await room.let_go(one, one.held, "order_cancelled")
    if order.kind == "purchase":
        for arrival in await expected_of(session, act.tenant, order.ref):
            arrival.expected = arrival.received
        if not await _was_cancelled(session, act, order.ref):
            session.add(CancelledOrderRow(tenant=act.tenant, source_ref=order.ref))
    await room.close()


async def _fulfil(session: AsyncSession, act: Act, event: Event) -> None:
    order = OrderFulfilled.model_validate(event.data)
    room = await Stockroom.open(
        session,
        act,
        skus={line.sku for line in order.lines},
        item_ids=await _reserved(session, act, order.ref),
    )
    lines = _kept(room, order.ref, order.lines)
    if order.kind == "purchase":
        if lines:
            goods = [Goods(_receipt(order.ref, line), line.number) for line in lines]
            location = room.location(order.location)
            await book(room, goods, location, order.ref, fulfilment_id=order.fulfilment_id)
        return
    if lines:
        location = room.location(order.location)
        await ship(room, lines, location, order.ref, order.fulfilment_id)
    if order.is_complete:
        for one in room.held_for(order.ref):
            await room.let_go(one, one.held, "released")
    await room.close()


def _kept(room: Stockroom, ref: str, lines: Sequence[_LineT]) -> list[_LineT]:
    """Return the lines of items that we keep; raises InvalidRequestError for no quantity."""
    kept = [line for line in lines if room.find(line.sku) is not None]
    for line in kept:
        if not 0 < line.quantity <= MOST_STOCK:
            raise InvalidRequestError(
                f"{ref} line {line.number} has {line.quantity} of {line.sku}", field="quantity"
            )
    return kept


def _receipt(ref: str, line: FulfilledLine) -> ReceiptLine:
    try:
        return ReceiptLine(
            sku=Sku(line.sku), quantity=line.quantity, lot=line.lot, expires_on=line.expires_on
        )
    except ValidationError as error:
        raise InvalidRequestError(f"{ref} line {line.number} names no lot we can keep") from error


async def _reserved(session: AsyncSession, act: Act, ref: str) -> set[str]:
    """Return the items that were ever held for an order."""
    found = await session.scalars(
        select(ReservationRow.item_id).where(
            ReservationRow.tenant == act.tenant, ReservationRow.for_ref == ref
        )
    )
    return set(found)


async def _was_cancelled(session: AsyncSession, act: Act, ref: str) -> bool:
    return await session.get(CancelledOrderRow, (act.tenant, ref)) is not None


async def _received(session: AsyncSession, act: Act, ref: str) -> dict[str, Decimal]:
    """Return what came for an order before we heard that it is confirmed, by item."""
    came: dict[str, Decimal] = {}
    for movement in await session.scalars(
        select(MovementRow).where(
            MovementRow.tenant == act.tenant,
            MovementRow.source_ref == ref,
            MovementRow.kind == "receipt",
        )
    ):
        came[movement.item_id] = came.get(movement.item_id, ZERO) + movement.quantity
    return came
