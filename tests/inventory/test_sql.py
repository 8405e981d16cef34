"""What our own inventory tables promise beyond the port: migrations, events, the demo."""

import time
from decimal import Decimal

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select, text, update

from inventory.small_inventory import check_books
from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.demo import load_demo
from switchgear_inventory.models import LocationCode, ReceiptLine, Sku
from switchgear_inventory.sql import SqlInventory
from switchgear_inventory.tables import Base, ItemRow, LevelRow, LotRow, MovementRow, ReservationRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import DEFAULT_TENANT
from switchgear_shared.demo_company import demo_company
from switchgear_shared.errors import ConflictError
from switchgear_shared.storage.database import Database, DuplicateKeyError
from switchgear_shared.storage.shared_tables import outbox


async def test_migrations_and_models_agree(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _parents: (
                    kind != "table" or name in Base.metadata.tables
                )
            },
        )
        return compare_metadata(context, Base.metadata)

    async with database.writer_engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_receipt_announces_each_movement_in_the_same_transaction(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    lines = [ReceiptLine(sku=Sku(sku), quantity=Decimal(2)) for sku in ("BOLT-M8", "HOSE-2")]
    arguments = {"location": LocationCode("JEN"), "source_ref": "PO-9", "caller": caller}
    async with database.unit_of_work() as session:
        await inventory.receive(caller.tenant, lines=lines, **arguments)  # pyright: ignore[reportArgumentType] - one dict for two calls
        await session.rollback()
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(outbox)) == 0

    written = await inventory.receive(caller.tenant, lines=lines, **arguments)  # pyright: ignore[reportArgumentType] - same

    async with database.reading() as session:
        events = [orjson.loads(body) for body in await session.scalars(select(outbox.c.body))]
    assert [
        (event["type"], event["subject"], event["correlationid"], event["data"]["sku"])
        for event in events
    ] == [
        ("inventory.stock.received", "itm_bolt", "cor_test", "BOLT-M8"),
        ("inventory.stock.received", "itm_hose", "cor_test", "HOSE-2"),
    ]
    assert events[0]["data"]["movement_id"] == written.id


async def test_the_tables_themselves_refuse_more_reserved_than_on_hand(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    assert inventory
    with pytest.raises(DuplicateKeyError):
        async with database.writing() as session:
            await session.execute(
                update(LevelRow)
                .where(LevelRow.tenant == caller.tenant, LevelRow.item_id == "itm_pump")
                .values(reserved=Decimal(2))
            )


async def test_the_demo_loads_once_and_within_two_seconds_of_work(database: Database) -> None:
    company = demo_company()
    start = time.process_time()
    await load_demo(database)
    took = time.process_time() - start
    await load_demo(database)

    async with database.reading() as session:
        movements = await session.scalar(select(func.count()).select_from(MovementRow))
        items = await session.scalar(select(func.count()).select_from(ItemRow))
    assert (items, movements) == (500, len(company.movements))
    assert took < 2


async def test_in_the_demo_on_hand_is_the_sum_of_movements_by_lot_too_and_reserved_of_reservations(
    database: Database,
) -> None:
    await load_demo(database)

    await check_books(database)
    async with database.reading() as session:
        lots = await session.scalar(select(func.count()).select_from(LotRow))
        held = await session.scalar(select(func.count()).select_from(ReservationRow))
    assert (lots or 0) > 200
    assert held == len(demo_company().reservations)


async def test_in_the_demo_no_lot_is_expired_and_all_that_is_held_can_be_shipped(
    database: Database,
) -> None:
    await load_demo(database)
    today = demo_company().today
    async with database.reading() as session:
        first = await session.scalar(select(func.min(LotRow.expires_on)).where(LotRow.on_hand > 0))

    assert first is not None
    assert first >= today.replace(year=today.year + 1)


async def test_in_the_demo_the_sample_orders_are_received_and_only_one_waits_for_more(
    database: Database, caller: Caller
) -> None:
    await load_demo(database)
    inventory = SqlInventory(database)
    waiting: list[str] = []
    for order in demo_company().sample_purchases:
        page = await inventory.list_movements(
            DEFAULT_TENANT,
            sku=None,
            source_ref=order.ref,
            kind="receipt",
            since=None,
            limit=50,
            cursor=None,
        )
        received = {move.sku: move.quantity for move in page.items}
        assert received == {line.sku: line.fulfilled for line in order.lines}
        try:
            line = order.lines[0]
            await inventory.receive(
                DEFAULT_TENANT,
                lines=[ReceiptLine(sku=Sku(line.sku), quantity=Decimal(1))],
                location=LocationCode(order.location),
                source_ref=order.ref,
                caller=caller.model_copy(update={"tenant": DEFAULT_TENANT}),
            )
            waiting.append(order.ref)
        except ConflictError:
            continue

    assert waiting == ["PO-2026-0905"]


async def test_rows_of_the_demo_are_slim(database: Database) -> None:
    await load_demo(database)
    inventory = SqlInventory(database)

    low = await inventory.list_low_stock(DEFAULT_TENANT, location=None, limit=50, cursor=None)
    found = await inventory.find_items(
        DEFAULT_TENANT,
        query="Resistence thermometer",
        sku=None,
        barcode=None,
        limit=50,
        cursor=None,
    )

    assert len(low.items) > 5
    assert found.approximate
    assert len(found.items) == 20
    rows = [*low.items, *found.items]
    assert max(len(row.model_dump_json()) for row in rows) <= 600
    assert max(len(row.model_dump()) for row in rows) <= 12


async def test_the_sqlite_and_postgresql_schemas_name_their_rules(database: Database) -> None:
    query = (
        "SELECT sql FROM sqlite_master WHERE name = 'levels'"
        if database.is_sqlite
        else "SELECT conname FROM pg_constraint WHERE conname = 'ck_levels_available'"
    )
    async with database.reading() as session:
        assert "ck_levels_available" in str(await session.scalar(text(query)))
