"""A small inventory of two tenants, over every adapter of its port and every database."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

import switchgear_inventory
from engines import ENGINES, migrated
from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.sql import SqlInventory
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

INVENTORY_MIGRATIONS = Path(switchgear_inventory.__file__).parent / "migrations"
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


def _item_values(
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


def _rows_of(tenant: TenantId) -> list[tuple[type[Any], list[dict[str, Any]]]]:
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
            (ItemRow, [_item_values(*item) for item in ITEMS]),
            (LocationRow, locations),
            (LevelRow, levels),
            (LotRow, lots),
            (ReservationRow, reservations),
            (MovementRow, movements),
            (ArrivalRow, arrivals),
        )
    ]


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """Give an empty inventory database on every engine."""
    async with migrated(request.param, "inventory", tmp_path, [INVENTORY_MIGRATIONS]) as database:
        yield database


async def sql_inventory(database: Database) -> InventoryBackend:
    """Return the small inventory, the same for two tenants, in our own tables."""
    async with database.writing() as session:
        for tenant in (ACME, GLOBEX):
            for table, rows in _rows_of(tenant):
                await session.execute(insert(table), rows)
    return SqlInventory(database, clock=lambda: NOW)


Build = Callable[[Database], Awaitable[InventoryBackend]]
BACKENDS = [pytest.param(sql_inventory, id="sql")]


@pytest.fixture(params=BACKENDS)
async def inventory(request: pytest.FixtureRequest, database: Database) -> InventoryBackend:
    """Give the small inventory over every adapter; another adapter joins by joining BACKENDS."""
    build: Build = request.param
    return await build(database)


@pytest.fixture
def add_item(database: Database) -> Callable[[int], Awaitable[None]]:
    """Give a function that adds item `NUT-<number>`, never stocked, as another process would."""

    async def add(number: int) -> None:
        barcode = f"20000001{number:05d}"
        nut = (f"itm_{number}", f"NUT-{number:02d}", "Nut", "C62", barcode, False, 10, 10)
        row = _item_values(*nut)
        async with database.writing() as session:
            await session.execute(insert(ItemRow), [{**row, "tenant": ACME}])

    return add


@pytest.fixture
def caller() -> Caller:
    """Give a caller of the first tenant."""
    return caller_of(ACME)


@pytest.fixture
def stranger() -> Caller:
    """Give a caller of the other tenant."""
    return caller_of(GLOBEX)
