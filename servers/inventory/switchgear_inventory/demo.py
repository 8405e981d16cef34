"""The demo company in the embedded inventory."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, text

from switchgear_inventory.models import OUTSIDE
from switchgear_inventory.tables import (
    ArrivalRow,
    ItemRow,
    LevelRow,
    LocationRow,
    LotRow,
    MovementRow,
    ReservationRow,
)
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.demo_company import Company, demo_company
from switchgear_shared.spelling import fold
from switchgear_shared.storage.database import Database


async def load_demo(
    database: Database, *, tenant: TenantId = DEFAULT_TENANT, company: Company | None = None
) -> None:
    """Load the company; a tenant that has items already stays as it is."""
    company = company or demo_company()
    known = select(ItemRow.id).where(ItemRow.tenant == tenant).limit(1)
    async with database.writing() as session:
        if await session.scalar(known) is not None:
            return
        loaded: tuple[tuple[Any, list[dict[str, Any]]], ...] = (
            (ItemRow, _items(company)),
            (LocationRow, [{"code": one.code, "name": one.name} for one in company.locations]),
            (LevelRow, _levels(company)),
            (LotRow, _lots(company)),
            (MovementRow, _movements(company)),
            (ReservationRow, _reservations(company)),
            (ArrivalRow, _arrivals(company)),
        )
        for table, rows in loaded:
            await session.execute(insert(table), [{"tenant": tenant, **row} for row in rows])
        if not database.is_sqlite:  # or its planner takes the tables for empty for a minute
            names = ", ".join(table.__tablename__ for table, _ in loaded)
            await session.execute(text(f"ANALYZE {names}"))


def _items(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "id": item.id,
            "sku": item.sku,
            "name": item.name,
            "category": item.category,
            "unit": item.unit,
            "barcode": item.barcode,
            "is_lot_tracked": item.is_lot_tracked,
            "reorder_point": item.reorder_point,
            "reorder_quantity": item.reorder_quantity,
            "vendor_id": item.vendor_id,
            "search_text": fold(f"{item.name} {item.sku} {item.category} {item.barcode}"),
        }
        for item in company.items
    ]


def _levels(company: Company) -> list[dict[str, Any]]:
    reserved: dict[tuple[str, str], Decimal] = {}
    for one in company.reservations:
        key = (one.sku, one.location)
        reserved[key] = reserved.get(key, Decimal(0)) + one.quantity
    return [
        {
            "item_id": company.item[sku].id,
            "location": location,
            "version": 1,
            "on_hand": on_hand,
            "reserved": reserved.get((sku, location), Decimal(0)),
        }
        for (sku, location), on_hand in company.on_hand.items()
    ]


def _lots(company: Company) -> list[dict[str, Any]]:
    on_hand: dict[tuple[str, str, str], Decimal] = {}
    expires_on: dict[tuple[str, str], date | None] = {}
    for move in company.movements:
        if move.lot is None:
            continue
        expires_on[move.item_id, move.lot] = move.expires_on
        for place, sign in ((move.from_location, -1), (move.to_location, 1)):
            if place not in OUTSIDE:
                key = (move.item_id, place, move.lot)
                on_hand[key] = on_hand.get(key, Decimal(0)) + sign * move.quantity
    return [
        {
            "item_id": item_id,
            "location": location,
            "lot": lot,
            "on_hand": quantity,
            "expires_on": expires_on[item_id, lot],
        }
        for (item_id, location, lot), quantity in on_hand.items()
    ]


def _movements(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "id": move.id,
            "kind": move.kind,
            "item_id": move.item_id,
            "quantity": move.quantity,
            "from_location": move.from_location,
            "to_location": move.to_location,
            "source_ref": move.source_ref,
            "line_number": move.line_number,
            "lot": move.lot,
            "expires_on": move.expires_on,
            "moved_at": move.moved_at,
            "done_by": "demo",
        }
        for move in company.movements
    ]


def _reservations(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "item_id": one.item_id,
            "location": one.location,
            "quantity": one.quantity,
            "held": one.quantity,
            "state": "held",
            "for_ref": one.for_ref,
            "reserved_at": one.reserved_at,
            "expires_at": None,
        }
        for one in company.reservations
    ]


def _arrivals(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "source_ref": order.ref,
            "line_number": line.number,
            "item_id": line.item_id,
            "location": order.location,
            "expected": line.quantity,
            "received": line.fulfilled,
            "due_on": order.promised_on,
        }
        for order in company.orders
        if order.kind == "purchase"
        for line in order.lines
    ]
