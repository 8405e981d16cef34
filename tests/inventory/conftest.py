"""A small inventory of two tenants, over every adapter of its port and every database."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import insert

import switchgear_inventory
from engines import ENGINES
from inventory.small_inventory import ACME, GLOBEX, Clock, caller_of, fill, item_values
from ready_databases import migrated
from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.sql import SqlInventory
from switchgear_inventory.tables import ItemRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.storage.database import Database

INVENTORY_MIGRATIONS = Path(switchgear_inventory.__file__).parent / "migrations"


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """Give an empty inventory database on every engine."""
    async with migrated(request.param, "inventory", tmp_path, [INVENTORY_MIGRATIONS]) as database:
        yield database


@pytest.fixture
def clock() -> Clock:
    """Give the clock that the inventory reads."""
    return Clock()


async def sql_inventory(database: Database, clock: Clock) -> InventoryBackend:
    """Return the small inventory, the same for two tenants, in our own tables."""
    await fill(database)
    return SqlInventory(database, clock=clock)


Build = Callable[[Database, Clock], Awaitable[InventoryBackend]]
BACKENDS = [pytest.param(sql_inventory, id="sql")]


@pytest.fixture(params=BACKENDS)
async def inventory(
    request: pytest.FixtureRequest, database: Database, clock: Clock
) -> InventoryBackend:
    """Give the small inventory over every adapter; another adapter joins by joining BACKENDS."""
    build: Build = request.param
    return await build(database, clock)


@pytest.fixture
def add_item(database: Database) -> Callable[[int], Awaitable[None]]:
    """Give a function that adds item `NUT-<number>`, never stocked, as another process would."""

    async def add(number: int) -> None:
        barcode = f"20000001{number:05d}"
        nut = (f"itm_{number}", f"NUT-{number:02d}", "Nut", "C62", barcode, False, 10, 10)
        row = item_values(*nut)
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
