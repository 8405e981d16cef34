"""What can be promised by a date: what is there, less what is held, and what is on order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import (
    MOST_STOCK,
    Availability,
    LocationCode,
    Sku,
    StockLine,
)
from switchgear_inventory.outlook import Outlook, Prospect, check_date, promise
from switchgear_inventory.sql.levels import shelves
from switchgear_inventory.sql.shelf import check_quantity
from switchgear_inventory.tables import ArrivalRow, ItemRow, LotRow
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.columns import ExactNumber


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


async def check(session: AsyncSession, question: Question) -> Availability:
    """See InventoryBackend.check_availability."""
    check_date(question.by_date, question.today)
    items = await _items(session, question)
    outlooks = await _outlooks(session, question, {item.id for item in items.values()})
    prospects = {
        sku: Prospect(Sku(item.sku), item.unit, outlooks[item.id]) for sku, item in items.items()
    }
    return promise(question.lines, prospects, question.by_date, question.today)


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
) -> dict[str, list[Outlook]]:
    each = shelves(question.tenant, question.at, question.location)
    found: dict[tuple[str, str], Outlook] = {}
    for row in await session.execute(
        select(
            each.c.item_id,
            each.c.location,
            type_coerce(each.c.on_hand, ExactNumber).label("on_hand"),
            type_coerce(each.c.reserved, ExactNumber).label("reserved"),
        ).where(each.c.item_id.in_(item_ids))
    ):
        found[row.item_id, row.location] = Outlook(row.on_hand, row.reserved)
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
            one = found.setdefault((arrival.item_id, arrival.location), Outlook())
            one.arrivals.append((arrival.due_on, arrival.expected - arrival.received))
    return {
        item_id: [one for key, one in found.items() if key[0] == item_id] for item_id in item_ids
    }
