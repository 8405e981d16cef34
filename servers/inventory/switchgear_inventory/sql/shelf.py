"""One item in one warehouse: what may leave, which lots go first, and what is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from switchgear_inventory.models import PIECES
from switchgear_inventory.tables import ItemRow, LevelRow, LotRow, ReservationRow
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.columns import plain

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Portion:
    """Goods of one lot, or of an item without lots."""

    quantity: Decimal
    lot: str | None
    expires_on: date | None


@dataclass(slots=True)
class Shelf:
    """The rows of one item in one warehouse, which their item's lock guards."""

    item: ItemRow
    level: LevelRow
    lots: list[LotRow]
    reservations: list[ReservationRow]
    """Those that hold, oldest first."""
    today: date

    @property
    def usable(self) -> Decimal:
        """What is on hand and not expired."""
        expired = (row.on_hand for row in self.lots if is_expired(row.expires_on, self.today))
        return self.level.on_hand - sum(expired, ZERO)

    @property
    def available(self) -> Decimal:
        """What can be promised."""
        return plain(max(self.usable - self.level.reserved, ZERO))

    def held_for(self, for_ref: str) -> Decimal:
        """Return what is held for a reference."""
        return sum((one.held for one in self.reservations if one.for_ref == for_ref), ZERO)

    def lot(self, name: str, field: str | None = None) -> LotRow:
        """Return a lot that this warehouse has had; raises NotFoundError."""
        for row in self.lots:
            if row.lot == name:
                return row
        raise NotFoundError(
            f"there is no lot {name} of {self.item.sku} in {self.level.location}", field=field
        )

    def free(self, lot: str | None, *, own: Decimal = ZERO, field: str | None = None) -> Decimal:
        """Return how much may leave, of `lot` if it is named; `own` is held for who takes it."""
        reserved = self.level.reserved - own
        if lot is None:
            return plain(max(self.usable - reserved, ZERO))
        row = self.lot(lot, field)
        gone = is_expired(row.expires_on, self.today)
        left = (self.level.on_hand if gone else self.usable) - reserved
        return plain(max(min(row.on_hand, left), ZERO))

    def take(self, quantity: Decimal, lot: str | None) -> list[Portion]:
        """Take what is free off the shelf, what expires first where no lot is named."""
        self.level.on_hand -= quantity
        if not self.item.is_lot_tracked:
            return [Portion(quantity, None, None)]
        good = [row for row in self.lots if not is_expired(row.expires_on, self.today)]
        rows = [self.lot(lot)] if lot is not None else sorted(good, key=leaves_before)
        portions: list[Portion] = []
        for row in rows:
            share = min(quantity, row.on_hand)
            if share > 0:
                row.on_hand -= share
                quantity -= share
                portions.append(Portion(share, row.lot, row.expires_on))
        return portions


def is_expired(expires_on: date | None, today: date) -> bool:
    """Whether a lot's last good day is over."""
    return expires_on is not None and expires_on < today


def leaves_before(row: LotRow) -> tuple[date, str]:
    """Return the key by which lots leave: those that expire first, then by name."""
    return row.expires_on or date.max, row.lot


def check_quantity(item: ItemRow, quantity: Decimal, field: str) -> None:
    """Refuse a part of a piece."""
    if item.unit == PIECES and quantity != quantity.to_integral():
        raise InvalidRequestError(
            f"{item.sku} is kept in whole pieces, not {quantity}", field=field
        )


def check_lot(item: ItemRow, lot: str | None, field: str, *, is_needed: bool) -> None:
    """Refuse a lot of an item without lots, and no lot where one is needed."""
    if is_needed and item.is_lot_tracked and lot is None:
        raise InvalidRequestError(f"{item.sku} is lot-tracked", field=field)
    if not item.is_lot_tracked and lot is not None:
        raise InvalidRequestError(f"{item.sku} has no lots", field=field)


def who_holds(reservations: Sequence[ReservationRow]) -> str:
    """Return reservations in words, the first few."""
    named = [f"{plain(one.held)} by {one.id} for {one.for_ref}" for one in reservations[:5]]
    more = len(reservations) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
