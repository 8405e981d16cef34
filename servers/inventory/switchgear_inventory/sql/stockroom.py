"""The stock of some items in every warehouse: locked together, changed and announced together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import MOST_STOCK, LocationCode, MovementKind
from switchgear_inventory.sql.places import location_names
from switchgear_inventory.sql.shelf import ZERO, Portion, Shelf, leaves_before
from switchgear_inventory.tables import ItemRow, LevelRow, LotRow, MovementRow, ReservationRow
from switchgear_shared.contracts.business_event_data import StockLow, StockReleased
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.columns import plain

Ending = Literal["released", "expired", "shipped", "order_cancelled"]


@dataclass(frozen=True, slots=True)
class Act:
    """One change: whose stock, when, and who or what made it."""

    tenant: TenantId
    at: datetime
    done_by: str
    caller: Caller | None = None
    cause: Event | None = None

    @property
    def today(self) -> date:
        """The day it is done on, in UTC."""
        return self.at.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where goods go, of what kind that is, and for what."""

    kind: MovementKind
    source: str
    target: str
    ref: str


class Stockroom:
    """Some items' stock, which nobody else changes until the transaction ends.

    The rows of the items are its locks, taken in the order of their ids: whoever changes levels,
    lots, reservations or what is expected of an item holds its item first, so that changes wait
    for one another and never for each other. Nothing is kept of what expired: opening releases it.
    """

    def __init__(
        self, session: AsyncSession, act: Act, items: Sequence[ItemRow], locations: Sequence[str]
    ) -> None:
        self.session = session
        self.act = act
        self.locations = [LocationCode(code) for code in locations]
        self._items = {item.id: item for item in items}
        self._by_sku = {item.sku.lower(): item for item in items}
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self._before: dict[str, Decimal] = {}

    @classmethod
    async def open(
        cls,
        session: AsyncSession,
        act: Act,
        *,
        skus: Collection[str] = (),
        item_ids: Collection[str] = (),
    ) -> "Stockroom":
        """Lock the items that exist of those named, and release what expired of them."""
        named = or_(
            func.lower(ItemRow.sku).in_({sku.lower() for sku in skus}), ItemRow.id.in_(item_ids)
        )
        found = await session.scalars(
            select(ItemRow)
            .where(ItemRow.tenant == act.tenant, named)
            .order_by(ItemRow.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        room = cls(session, act, found.all(), list(await location_names(session, act.tenant)))
        await room._load()
        await room._release_expired()
        room._before = {item_id: room.available(item_id) for item_id in room._items}
        return room

    def find(self, sku: str) -> ItemRow | None:
        """Return the item of a SKU, None where we do not keep it."""
        return self._by_sku.get(sku.lower())

    def item(self, sku: str, field: str) -> ItemRow:
        """Return the item of a SKU; raises NotFoundError."""
        item = self.find(sku)
        if item is None:
            raise NotFoundError(f"there is no item {sku}", field=field)
        return item

    def location(self, code: str | None, field: str = "location") -> LocationCode:
        """Return a warehouse, the first one for None; raises NotFoundError."""
        if code is None and self.locations:
            return self.locations[0]
        if code is None or code not in self.locations:
            known = ", ".join(self.locations) or "none"
            raise NotFoundError(f"there is no warehouse {code}, only {known}", field=field)
        return LocationCode(code)

    def shelf(self, item: ItemRow, location: str) -> Shelf:
        """Return the item's shelf in a warehouse, an empty one where it never was."""
        known = self._shelves.get((item.id, location))
        if known is not None:
            return known
        level = LevelRow(
            tenant=self.act.tenant,
            item_id=item.id,
            location=location,
            on_hand=ZERO,
            reserved=ZERO,
        )
        return Shelf(item, level, [], [], self.act.today)

    def shelves(self, item_id: str) -> list[Shelf]:
        """Return the item's shelves wherever it has been, by warehouse."""
        return [self._shelves[key] for key in sorted(self._shelves) if key[0] == item_id]

    def available(self, item_id: str) -> Decimal:
        """Return what can be promised of an item over all warehouses."""
        return sum((shelf.available for shelf in self.shelves(item_id)), ZERO)

    def held_for(self, for_ref: str) -> list[ReservationRow]:
        """Return what holds any of the items for a reference, wherever."""
        return [
            one
            for key in sorted(self._shelves)
            for one in self._shelves[key].reservations
            if one.for_ref == for_ref
        ]

    async def bring(
        self, item: ItemRow, location: str, portion: Portion, field: str
    ) -> tuple[Shelf, Portion]:
        """Put goods on the shelf; the portion comes back with the lot's expiry as it is known."""
        total = sum((shelf.level.on_hand for shelf in self.shelves(item.id)), portion.quantity)
        if total > MOST_STOCK:
            raise InvalidRequestError(
                f"more than {MOST_STOCK} of {item.sku} cannot be kept", field=field
            )
        shelf = self.shelf(item, location)
        if (item.id, location) not in self._shelves:
            self._shelves[item.id, location] = shelf
            self.session.add(shelf.level)
            await self.session.flush()
        shelf.level.on_hand += portion.quantity
        if portion.lot is None:
            return shelf, portion
        expires_on = self._expiry(item, portion)
        row = next((row for row in shelf.lots if row.lot == portion.lot), None)
        if row is None:
            row = LotRow(
                tenant=self.act.tenant,
                item_id=item.id,
                location=location,
                lot=portion.lot,
                on_hand=ZERO,
                expires_on=expires_on,
            )
            shelf.lots.append(row)
            self.session.add(row)
        row.on_hand += portion.quantity
        return shelf, Portion(portion.quantity, portion.lot, expires_on)

    def move(
        self, way: Way, item: ItemRow, portion: Portion, *, line_number: int | None = None
    ) -> MovementRow:
        """Write down goods that went a way."""
        movement = MovementRow(
            tenant=self.act.tenant,
            id=new_id("mov"),
            kind=way.kind,
            item_id=item.id,
            quantity=plain(portion.quantity),
            from_location=way.source,
            to_location=way.target,
            source_ref=way.ref,
            line_number=line_number,
            lot=portion.lot,
            expires_on=portion.expires_on,
            moved_at=self.act.at,
            done_by=self.act.done_by,
        )
        self.session.add(movement)
        return movement

    async def let_go(self, one: ReservationRow, quantity: Decimal, ending: Ending) -> None:
        """Hold that much less for a reservation, and say why."""
        shelf = self._shelves[one.item_id, one.location]
        shelf.level.reserved -= quantity
        one.held -= quantity
        if one.held == 0:
            one.state = ending
            shelf.reservations.remove(one)
        data = StockReleased(
            reservation_id=one.id,
            sku=shelf.item.sku,
            location=one.location,
            quantity=plain(quantity),
            for_ref=one.for_ref,
            reason=ending,
        )
        await self.announce("inventory.stock.released", shelf.item, data)

    async def announce(self, event_type: str, item: ItemRow, data: Contract) -> None:
        """Have an event about the item published with the transaction."""
        event = new_event(
            event_type,
            source="inventory",
            subject=item.id,
            data=data,
            caller=self.act.caller,
            cause=self.act.cause,
            time=self.act.at,
        )
        await emit(self.session, event)

    async def close(self) -> None:
        """Write all of it, and announce the items that fell to their reorder point."""
        await self.session.flush()
        for item_id, before in self._before.items():
            item, now = self._items[item_id], self.available(item_id)
            if before > item.reorder_point >= now and item.reorder_point > 0:
                low = StockLow(
                    sku=item.sku, available=plain(now), reorder_point=plain(item.reorder_point)
                )
                await self.announce("inventory.stock.below_reorder_point", item, low)

    async def _load(self) -> None:
        for level in await self._rows(LevelRow):
            item = self._items[level.item_id]
            self._shelves[level.item_id, level.location] = Shelf(
                item, level, [], [], self.act.today
            )
        for lot in sorted(await self._rows(LotRow), key=leaves_before):
            self._shelves[lot.item_id, lot.location].lots.append(lot)
        holding = await self._rows(ReservationRow, ReservationRow.held > 0)
        for one in sorted(holding, key=lambda one: (one.reserved_at, one.id)):
            self._shelves[one.item_id, one.location].reservations.append(one)

    async def _rows(self, table: Any, *conditions: Any) -> Sequence[Any]:
        statement = select(table).where(
            table.tenant == self.act.tenant, table.item_id.in_(self._items), *conditions
        )
        found = await self.session.scalars(statement.execution_options(populate_existing=True))
        return found.all()

    async def _release_expired(self) -> None:
        for shelf in self._shelves.values():
            for one in tuple(shelf.reservations):
                if one.expires_at is not None and one.expires_at <= self.act.at:
                    await self.let_go(one, one.held, "expired")

    def _expiry(self, item: ItemRow, portion: Portion) -> date | None:
        """Return when a lot expires, as it is known anywhere; a lot learns it once."""
        rows = [
            row for shelf in self.shelves(item.id) for row in shelf.lots if row.lot == portion.lot
        ]
        known = next((row.expires_on for row in rows if row.expires_on), None)
        if known is not None and portion.expires_on not in (None, known):
            raise InvalidRequestError(
                f"lot {portion.lot} of {item.sku} expires on {known}, not on {portion.expires_on}",
                field="expires_on",
            )
        expires_on = known or portion.expires_on
        for row in rows:
            row.expires_on = expires_on
        return expires_on
