"""A count or a correction of stock: what it says, whatever system keeps the stock."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from switchgear_inventory.models import LocationCode, Sku
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.columns import plain


@dataclass(frozen=True, slots=True)
class Count:
    """What is on hand of an item or of one of its lots, counted or corrected."""

    sku: Sku
    location: LocationCode
    counted: Decimal | None
    delta: Decimal | None
    expected: Decimal
    reason: str
    lot: str | None
    expires_on: date | None

    @property
    def quantity(self) -> tuple[str, Decimal]:
        """The one argument that is given; raises InvalidRequestError for both or none."""
        if self.counted is not None and self.delta is None:
            return "counted", self.counted
        if self.delta is not None and self.counted is None:
            return "delta", self.delta
        raise InvalidRequestError("one of counted and delta is needed, not both", field="counted")

    def after(self, before: Decimal, sku: str) -> Decimal:
        """Return what is on hand once this is booked on `before`.

        Raises:
            ConflictError: `before` is not what was expected.
            InvalidRequestError: less than nothing would be left.
        """
        if before != self.expected:
            raise self.moved_on(before, sku)
        field, quantity = self.quantity
        after = before + quantity if field == "delta" else quantity
        if after < 0:
            raise InvalidRequestError(f"less than nothing of {sku} would be left", field=field)
        return after

    def moved_on(self, now: Decimal, sku: str) -> ConflictError:
        """Return the refusal of an expectation that `now` does not meet."""
        of_lot = f" of lot {self.lot}" if self.lot else ""
        return ConflictError(
            f"{plain(now)} of {sku}{of_lot} is on hand in {self.location}, "
            f"not {plain(self.expected)}",
            field="expected_quantity",
        )
