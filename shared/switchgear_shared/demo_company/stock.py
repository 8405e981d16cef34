"""The goods on their way through two years: oldest lots leave first, nothing falls below zero."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from switchgear_shared.demo_company.papers import Line
from switchgear_shared.demo_company.records import Item, Movement

_ZERO = Decimal(0)


@dataclass(slots=True)
class _Lot:
    name: str | None
    expires_on: date | None
    quantity: Decimal


@dataclass
class StockRoom:
    """What lies where while the years are played through; `movements` is what happened."""

    movements: list[Movement] = field(default_factory=list[Movement])
    _lots: dict[tuple[str, str], deque[_Lot]] = field(
        default_factory=dict[tuple[str, str], deque[_Lot]]
    )
    _held: dict[tuple[str, str], Decimal] = field(default_factory=dict[tuple[str, str], Decimal])

    def available(self, sku: str, location: str) -> Decimal:
        """Return what neither left nor is held."""
        lots = self._lots.get((sku, location), ())
        return sum((lot.quantity for lot in lots), _ZERO) - self._held.get((sku, location), _ZERO)

    def count_in(self, item: Item, location: str, quantity: Decimal, on: date, ref: str) -> None:
        """Take in stock that a count found."""
        self._take_in(item, location, quantity, on, ref=ref, kind="adjustment", source="count")

    def receive(
        self,
        item: Item,
        location: str,
        quantity: Decimal,
        on: date,
        *,
        order: tuple[str, str, int],
    ) -> None:
        """Take in goods of `order`: its ref, its id and the line's number."""
        ref, order_id, number = order
        self._take_in(
            item,
            location,
            quantity,
            on,
            ref=ref,
            kind="receipt",
            source="supplier",
            order_id=order_id,
            line_number=number,
        )

    def ship(self, line: Line, location: str, on: date, *, ref: str, order_id: str) -> None:
        """Send a whole line to the customer, oldest lots first."""
        lots = self._lots[line.sku, location]
        left = line.quantity
        while left > 0:
            lot = lots[0]
            taken = min(left, lot.quantity)
            lot.quantity -= taken
            left -= taken
            if lot.quantity == 0:
                lots.popleft()
            self.movements.append(
                Movement(
                    id=self._next_id(),
                    kind="shipment",
                    item_id=line.item_id,
                    sku=line.sku,
                    quantity=taken,
                    unit=line.unit,
                    from_location=location,
                    to_location="customer",
                    source_ref=ref,
                    order_id=order_id,
                    line_number=line.number,
                    lot=lot.name,
                    expires_on=lot.expires_on,
                    moved_at=_at(on, hour=15),
                )
            )

    def hold(self, sku: str, location: str, quantity: Decimal) -> None:
        """Keep some of the stock for an order that ships later."""
        self._held[sku, location] = self._held.get((sku, location), _ZERO) + quantity

    def _take_in(
        self,
        item: Item,
        location: str,
        quantity: Decimal,
        on: date,
        *,
        ref: str,
        kind: str,
        source: str,
        order_id: str | None = None,
        line_number: int | None = None,
    ) -> None:
        name = f"L{on:%y%j}-{item.sku[-4:]}" if item.is_lot_tracked else None
        expires_on = on + timedelta(days=1095) if item.is_lot_tracked else None
        self._lots.setdefault((item.sku, location), deque()).append(
            _Lot(name, expires_on, quantity)
        )
        self.movements.append(
            Movement(
                id=self._next_id(),
                kind="receipt" if kind == "receipt" else "adjustment",
                item_id=item.id,
                sku=item.sku,
                quantity=quantity,
                unit=item.unit,
                from_location=source,
                to_location=location,
                source_ref=ref,
                order_id=order_id,
                line_number=line_number,
                lot=name,
                expires_on=expires_on,
                moved_at=_at(on, hour=8),
            )
        )

    def _next_id(self) -> str:
        return f"mov_{len(self.movements) + 1:05d}"


def open_stock(
    room: StockRoom, random: Random, items: tuple[Item, ...], locations: tuple[str, ...], on: date
) -> None:
    """Count in the first day's stock: everything in the first place, half of it elsewhere."""
    for item in items:
        for place, location in enumerate(locations):
            if place == 0 or random.random() < 0.5:  # noqa: PLR2004 - half of them
                quantity = item.reorder_point * random.randint(1, 3)
                room.count_in(item, location, quantity, on, f"COUNT-{on.year}")


def _at(day: date, *, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)
