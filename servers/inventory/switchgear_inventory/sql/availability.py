"""What can be promised by a date: what is there, less what is held, and what is on order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import (
    MOST_STOCK,
    Availability,
    LineAvailability,
    LocationCode,
    Sku,
    StockLine,
)
from switchgear_inventory.sql.levels import shelves
from switchgear_inventory.sql.shelf import ZERO, check_quantity, is_expired
from switchgear_inventory.tables import ArrivalRow, ItemRow, LotRow
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.columns import ExactNumber, plain


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, where, and until when."""

    tenant: TenantId
    lines: Sequence[StockLine]
    location: LocationCode | None
    by_date: date | None
    at: datetime

    @property
    def today(self) -> date:
        """The day it is asked on, in UTC."""
        return self.at.astimezone(UTC).date()


@dataclass(slots=True)
class _Outlook:
    """One item in one warehouse: what there is, and when that changes."""

    on_hand: Decimal
    reserved: Decimal
    lots: list[tuple[date | None, Decimal]]
    arrivals: list[tuple[date, Decimal]]

    def free(self, on: date, *, with_arrivals: bool = True) -> Decimal:
        """Return what can be promised on a day."""
        expired = sum((quantity for until, quantity in self.lots if is_expired(until, on)), ZERO)
        return max(self.on_hand - expired - self.reserved + self.due(on) * with_arrivals, ZERO)

    def due(self, on: date) -> Decimal:
        """Return what is on order and due by a day."""
        return sum((quantity for due_on, quantity in self.arrivals if due_on <= on), ZERO)


async def check(session: AsyncSession, question: Question) -> Availability:
    """See InventoryBackend.check_availability."""
    by_date, today = question.by_date or question.today, question.today
    if by_date < today:
        raise InvalidRequestError(f"{by_date} is past: today is {today}", field="by_date")
    items = await _items(session, question)
    outlooks = await _outlooks(session, question, {item.id for item in items.values()})
    asked: dict[str, Decimal] = {}
    lines: list[LineAvailability] = []
    for line in question.lines:
        item = items[line.sku.lower()]
        here = outlooks[item.id]
        before = asked.get(item.id, ZERO)
        wanted = asked[item.id] = before + line.quantity
        now = sum((one.free(today, with_arrivals=False) for one in here), ZERO)
        then = now
        if question.by_date is not None:
            then = sum((one.free(by_date) for one in here), ZERO)
        incoming = sum((one.due(by_date) for one in here), ZERO) if question.by_date else ZERO
        lines.append(
            LineAvailability(
                sku=Sku(item.sku),
                unit=item.unit,
                requested=plain(line.quantity),
                available=plain(max(now - before, ZERO)),
                incoming=plain(incoming),
                shortfall=plain(min(max(wanted - then, ZERO), line.quantity)),
                earliest_on=_earliest(here, wanted, today),
            )
        )
    short = any(line.shortfall > 0 for line in lines)
    return Availability(by_date=by_date, is_available=not short, lines=tuple(lines))


def _earliest(here: Sequence[_Outlook], wanted: Decimal, today: date) -> date | None:
    if sum((one.free(today, with_arrivals=False) for one in here), ZERO) >= wanted:
        return today
    days = {max(due_on, today) for one in here for due_on, _ in one.arrivals}
    for day in sorted(days):
        if sum((one.free(day) for one in here), ZERO) >= wanted:
            return day
    return None


async def _items(session: AsyncSession, question: Question) -> dict[str, ItemRow]:
    wanted = {line.sku.lower() for line in question.lines}
    found = await session.scalars(
        select(ItemRow).where(
            ItemRow.tenant == question.tenant, func.lower(ItemRow.sku).in_(wanted)
        )
    )
    items = {item.sku.lower(): item for item in found}
    for place, line in enumerate(question.lines):
        item = items.get(line.sku.lower())
        if item is None:
            raise NotFoundError(f"there is no item {line.sku}", field=f"lines.{place}.sku")
        check_quantity(item, line.quantity, f"lines.{place}.quantity")
        if line.quantity > MOST_STOCK:
            raise InvalidRequestError(
                f"more than {MOST_STOCK} of {item.sku} cannot be kept",
                field=f"lines.{place}.quantity",
            )
    return items


async def _outlooks(
    session: AsyncSession, question: Question, item_ids: set[str]
) -> dict[str, list[_Outlook]]:
    each = shelves(question.tenant, question.at, question.location)
    found: dict[tuple[str, str], _Outlook] = {}
    for row in await session.execute(
        select(
            each.c.item_id,
            each.c.location,
            type_coerce(each.c.on_hand, ExactNumber).label("on_hand"),
            type_coerce(each.c.reserved, ExactNumber).label("reserved"),
        ).where(each.c.item_id.in_(item_ids))
    ):
        found[row.item_id, row.location] = _Outlook(row.on_hand, row.reserved, [], [])
    for lot in await session.scalars(
        select(LotRow).where(
            LotRow.tenant == question.tenant, LotRow.item_id.in_(item_ids), LotRow.on_hand > 0
        )
    ):
        if (one := found.get((lot.item_id, lot.location))) is not None:
            one.lots.append((lot.expires_on, lot.on_hand))
    for arrival in await session.scalars(
        select(ArrivalRow).where(
            ArrivalRow.tenant == question.tenant,
            ArrivalRow.item_id.in_(item_ids),
            ArrivalRow.received < ArrivalRow.expected,
        )
    ):
        if question.location in (None, arrival.location):
            one = found.setdefault(
                (arrival.item_id, arrival.location), _Outlook(ZERO, ZERO, [], [])
            )
            one.arrivals.append((arrival.due_on, arrival.expected - arrival.received))
    return {
        item_id: [one for key, one in found.items() if key[0] == item_id] for item_id in item_ids
    }
