"""A small inventory, the same for every tenant, and what must hold of it whatever happens."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import insert, select

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
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.spelling import fold
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ACME = TenantId("acme")
GLOBEX = TenantId("globex")

ITEMS = (
    ("itm_bolt", "BOLT-M8", "Hexagon bolt M8", "C62", "2000000000015", False, 100, 500),
    ("itm_hose", "HOSE-2", "Hydraulic hose", "MTR", "2000000000022", False, 20, 100),
    ("itm_glue", "GLUE_50%", "Glue 50% strong", "LTR", "2000000000039", True, 4, 10),
    ("itm_pump", "PUMP-1", "Gear pump", "C62", "2000000000046", False, 0, 0),
    ("itm_seal", "SEAL-9", "Pump seal", "C62", "2000000000053", False, 10, 50),
)
LEVELS = (
    ("itm_bolt", "JEN", "90", "30"),
    ("itm_bolt", "HAM", "20", "0"),
    ("itm_hose", "JEN", "12.5", "0.5"),
    ("itm_glue", "JEN", "8", "0"),
    ("itm_pump", "HAM", "1", "1"),
)
MOVEMENTS = (
    ("mov_1", "adjustment", "itm_bolt", "100", "count", "JEN", "COUNT-2026", None, 1),
    ("mov_2", "shipment", "itm_bolt", "10", "JEN", "customer", "SO-1", None, 2),
    ("mov_3", "receipt", "itm_bolt", "20", "supplier", "HAM", "PO-1", None, 3),
    ("mov_4", "receipt", "itm_hose", "12.5", "supplier", "JEN", "PO-1", None, 3),
    ("mov_5", "receipt", "itm_glue", "8", "supplier", "JEN", "PO-2", "L1", 4),
    ("mov_6", "adjustment", "itm_pump", "1", "count", "HAM", "COUNT-2026", None, 1),
)
RESERVATIONS = (
    ("rsv_1", "itm_bolt", "JEN", "30", "SO-1"),
    ("rsv_2", "itm_hose", "JEN", "0.5", "SO-2"),
    ("rsv_3", "itm_pump", "HAM", "1", "SO-2"),
)
LOTS = (("itm_glue", "JEN", "L1", "8"),)
ARRIVALS = (
    ("PO-1", 1, "itm_bolt", "HAM", "20", "20"),
    ("PO-1", 2, "itm_hose", "JEN", "12.5", "12.5"),
    ("PO-3", 1, "itm_bolt", "JEN", "50", "10"),
    ("PO-3", 2, "itm_bolt", "JEN", "5", "0"),
    ("PO-3", 3, "itm_seal", "JEN", "7", "0"),
)


def caller_of(tenant: TenantId) -> Caller:
    """Return a caller of the tenant."""
    return Caller(
        tenant=tenant,
        principal_id="agent:test",
        requested_by="person:lee",
        correlation_id=CorrelationId("cor_test"),
    )


def item_values(
    item_id: str,
    sku: str,
    name: str,
    unit: str,
    barcode: str,
    is_lot_tracked: bool,
    reorder_point: int,
    reorder_quantity: int,
) -> dict[str, Any]:
    return {
        "id": item_id,
        "sku": sku,
        "name": name,
        "category": "parts",
        "unit": unit,
        "barcode": barcode,
        "is_lot_tracked": is_lot_tracked,
        "reorder_point": Decimal(reorder_point),
        "reorder_quantity": Decimal(reorder_quantity),
        "vendor_id": "acc_1",
        "search_text": fold(f"{name} {sku} parts {barcode}"),
    }


def rows_of(tenant: TenantId) -> list[tuple[type[Any], list[dict[str, Any]]]]:
    levels = [
        {
            "item_id": item_id,
            "location": location,
            "version": 1,
            "on_hand": Decimal(on_hand),
            "reserved": Decimal(reserved),
        }
        for item_id, location, on_hand, reserved in LEVELS
    ]
    movements = [
        {
            "id": movement_id,
            "kind": kind,
            "item_id": item_id,
            "quantity": Decimal(quantity),
            "from_location": source,
            "to_location": target,
            "source_ref": ref,
            "line_number": None,
            "lot": lot,
            "expires_on": None,
            "moved_at": datetime(2026, 10, day, 8, tzinfo=UTC),
            "done_by": "demo",
        }
        for movement_id, kind, item_id, quantity, source, target, ref, lot, day in MOVEMENTS
    ]
    reservations = [
        {
            "id": reservation_id,
            "item_id": item_id,
            "location": location,
            "quantity": Decimal(quantity),
            "held": Decimal(quantity),
            "state": "held",
            "for_ref": ref,
            "reserved_at": datetime(2026, 10, 20, 8, tzinfo=UTC),
            "expires_at": None,
        }
        for reservation_id, item_id, location, quantity, ref in RESERVATIONS
    ]
    lots = [
        {
            "item_id": item_id,
            "location": location,
            "lot": lot,
            "on_hand": Decimal(on_hand),
            "expires_on": None,
        }
        for item_id, location, lot, on_hand in LOTS
    ]
    arrivals = [
        {
            "source_ref": ref,
            "line_number": number,
            "item_id": item_id,
            "location": location,
            "expected": Decimal(expected),
            "received": Decimal(received),
            "due_on": date(2026, 11, 10),
        }
        for ref, number, item_id, location, expected, received in ARRIVALS
    ]
    locations = [{"code": "JEN", "name": "Jena"}, {"code": "HAM", "name": "Hamburg"}]
    return [
        (table, [{**row, "tenant": tenant} for row in rows])
        for table, rows in (
            (ItemRow, [item_values(*item) for item in ITEMS]),
            (LocationRow, locations),
            (LevelRow, levels),
            (LotRow, lots),
            (ReservationRow, reservations),
            (MovementRow, movements),
            (ArrivalRow, arrivals),
        )
    ]


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


async def fill(database: Database, tenants: Sequence[TenantId] = (ACME, GLOBEX)) -> None:
    """Load the small inventory."""
    async with database.writing() as session:
        for tenant in tenants:
            for table, rows in rows_of(tenant):
                await session.execute(insert(table), rows)


async def announced(database: Database, *types: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the events that wait in the outbox, of these types if any are named."""
    async with database.reading() as session:
        bodies = await session.scalars(select(outbox.c.body).order_by(outbox.c.id))
        events = [orjson.loads(body) for body in bodies]
    return [
        (event["type"].rsplit(".", 1)[1], event["data"])
        for event in events
        if not types or event["type"].rsplit(".", 1)[1] in types
    ]


async def check_books(database: Database) -> None:
    """Hold levels, lots and reservations to the movements and to one another."""
    moved: defaultdict[Any, Decimal] = defaultdict(Decimal)
    by_lot: defaultdict[Any, Decimal] = defaultdict(Decimal)
    held: defaultdict[Any, Decimal] = defaultdict(Decimal)
    async with database.reading() as session:
        for move in await session.scalars(select(MovementRow)):
            for place, sign in ((move.from_location, -1), (move.to_location, 1)):
                if place not in OUTSIDE:
                    moved[move.tenant, move.item_id, place] += sign * move.quantity
                    if move.lot is not None:
                        by_lot[move.tenant, move.item_id, place, move.lot] += sign * move.quantity
        for one in await session.scalars(select(ReservationRow)):
            assert (one.held > 0) == (one.state == "held")
            held[one.tenant, one.item_id, one.location] += one.held
        levels = (await session.scalars(select(LevelRow))).all()
        lots = (await session.scalars(select(LotRow))).all()
    assert {(o.tenant, o.item_id, o.location): o.on_hand for o in levels} == dict(moved)
    assert {(o.tenant, o.item_id, o.location, o.lot): o.on_hand for o in lots} == dict(by_lot)
    for level in levels:
        assert level.reserved == held[level.tenant, level.item_id, level.location]
        assert 0 <= level.reserved <= level.on_hand
    assert all(lot.on_hand >= 0 for lot in lots)
