"""Goods that the inventory booked in for a purchase order become receipts of it, once."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from switchgear_erp.sql.arrivals import Arrivals
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.database import Database


def received(caller: Caller, **changes: Any) -> Event:
    data = {
        "movement_id": "mov_1",
        "sku": "PUMP-1",
        "source_ref": "PO-2026-00001",
        "quantity": "3",
        "location": "JEN",
        "lot": "L1",
        "fulfilment_id": None,
        **changes,
    }
    return new_event(
        "inventory.stock.received",
        source="inventory",
        subject="mov_1",
        data=data,
        caller=caller,
        time=datetime(2026, 11, 1, 8, tzinfo=UTC),
    )


async def fulfilled(world: Any, caller: Caller) -> list[Decimal]:
    order = await world.read(caller, world.order["PO-2026-00001"])
    return [line.fulfilled for line in order.lines]


async def test_goods_for_a_purchase_order_are_received_once_and_not_announced_again(
    world: Any, database: Database, caller: Caller
) -> None:
    event = received(caller)
    for _ in range(3):
        await Arrivals(database).received(event)

    assert await fulfilled(world, caller) == [Decimal(0), Decimal(3)]
    (shipment,) = (await world.read(caller, world.order["PO-2026-00001"])).shipments
    assert (shipment.location, shipment.fulfilled_on.isoformat()) == ("JEN", "2026-11-01")
    assert [line.lot for line in shipment.lines] == ["L1"]
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM outbox")) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"fulfilment_id": "ful_1"},
        {"source_ref": "PO-9"},
        {"source_ref": "PO-2026-0000_"},
        {"source_ref": "SO-2026-00001"},
        {"sku": "HOSE-2"},
        {"sku": "NOPE"},
    ],
)
async def test_goods_that_are_not_on_one_of_our_purchase_orders_are_passed_over(
    world: Any, database: Database, caller: Caller, changes: dict[str, Any]
) -> None:
    await Arrivals(database).received(received(caller, **changes))

    assert await fulfilled(world, caller) == [Decimal(0), Decimal(0)]
    assert (await world.read(caller, world.order["SO-2026-00001"])).shipments == ()


async def test_more_than_was_ordered_is_an_error_and_the_event_stays_new(
    world: Any, database: Database, caller: Caller
) -> None:
    event = received(caller, quantity="4.5")
    for _ in range(2):
        with pytest.raises(ConflictError, match="has 4 of PUMP-1 left to fulfil"):
            await Arrivals(database).received(event)

    assert await fulfilled(world, caller) == [Decimal(0), Decimal(0)]


async def test_goods_for_an_order_that_is_not_confirmed_are_an_error(
    world: Any, database: Database, caller: Caller
) -> None:
    with pytest.raises(InvalidRequestError, match="is draft: only confirmed orders are fulfilled"):
        await Arrivals(database).received(received(caller, source_ref="PO-2026-00003"))

    assert (await world.read(caller, world.order["PO-2026-00003"])).shipments == ()


async def test_goods_of_another_tenant_are_not_ours(
    world: Any, database: Database, caller: Caller, stranger: Caller
) -> None:
    await Arrivals(database).received(received(stranger))

    assert await fulfilled(world, caller) == [Decimal(0), Decimal(0)]
    assert await fulfilled(world, stranger) == [Decimal(0), Decimal(3)]
