"""What can be promised by a date: the reckoning, once the stock and what is on order are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from switchgear_inventory.models import Availability, LineAvailability, Sku, StockLine
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.columns import plain

_ZERO = Decimal(0)


@dataclass(slots=True)
class Outlook:
    """One item in one warehouse: what there is, and when that changes."""

    on_hand: Decimal = _ZERO
    reserved: Decimal = _ZERO
    lots: list[tuple[date | None, Decimal]] = field(
        default_factory=list[tuple[date | None, Decimal]]
    )
    """Each lot's last good day, and what is on hand of it."""
    arrivals: list[tuple[date, Decimal]] = field(default_factory=list[tuple[date, Decimal]])

    def free(self, on: date, *, with_arrivals: bool = True) -> Decimal:
        """Return what can be promised on a day."""
        expired = sum((share for until, share in self.lots if until and until < on), _ZERO)
        return max(self.on_hand - expired - self.reserved + self.due(on) * with_arrivals, _ZERO)

    def due(self, on: date) -> Decimal:
        """Return what is on order and due by a day."""
        return sum((quantity for due_on, quantity in self.arrivals if due_on <= on), _ZERO)


@dataclass(frozen=True, slots=True)
class Prospect:
    """An item that is asked for, and its outlook in every warehouse that counts."""

    sku: Sku
    unit: str
    outlooks: Sequence[Outlook]


def check_date(by_date: date | None, today: date) -> None:
    """Refuse a day that is past."""
    if by_date is not None and by_date < today:
        raise InvalidRequestError(f"{by_date} is past: today is {today}", field="by_date")


def promise(
    lines: Sequence[StockLine],
    prospects: Mapping[str, Prospect],
    by_date: date | None,
    today: date,
) -> Availability:
    """Answer for each line, the first lines first; prospects are by SKU in lower case."""
    asked: dict[str, Decimal] = {}
    answers: list[LineAvailability] = []
    for line in lines:
        prospect = prospects[line.sku.lower()]
        here = prospect.outlooks
        before = asked.get(prospect.sku, _ZERO)
        wanted = asked[prospect.sku] = before + line.quantity
        now = sum((one.free(today, with_arrivals=False) for one in here), _ZERO)
        then, incoming = now, _ZERO
        if by_date is not None:
            then = sum((one.free(by_date) for one in here), _ZERO)
            incoming = sum((one.due(by_date) for one in here), _ZERO)
        answers.append(
            LineAvailability(
                sku=prospect.sku,
                unit=prospect.unit,
                requested=plain(line.quantity),
                available=plain(max(now - before, _ZERO)),
                incoming=plain(incoming),
                shortfall=plain(min(max(wanted - then, _ZERO), line.quantity)),
                earliest_on=_earliest(here, wanted, today),
            )
        )
    short = any(answer.shortfall > 0 for answer in answers)
    return Availability(by_date=by_date or today, is_available=not short, lines=tuple(answers))


def _earliest(here: Sequence[Outlook], wanted: Decimal, today: date) -> date | None:
    if sum((one.free(today, with_arrivals=False) for one in here), _ZERO) >= wanted:
        return today
    days = {max(due_on, today) for one in here for due_on, _ in one.arrivals}
    for day in sorted(days):
        if sum((one.free(day) for one in here), _ZERO) >= wanted:
            return day
    return None
