"""What every inventory behind the port promises when stock is held and let go."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from inventory.small_inventory import NOW, Clock, announced, check_books
from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import (
    LocationCode,
    ReceiptLine,
    Reservation,
    Sku,
    Stock,
    StockLine,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database

JEN = LocationCode("JEN")


def lines(text: str) -> list[StockLine]:
    pairs = [one.split() for one in text.split(", ")]
    return [StockLine(sku=Sku(sku), quantity=Decimal(quantity)) for sku, quantity in pairs]


async def reserve(
    inventory: InventoryBackend,
    caller: Caller,
    what: str,
    *,
    location: str | None = "JEN",
    ref: str = "SO-9",
    expires_at: datetime | None = None,
) -> WriteResult:
    return await inventory.reserve(
        caller.tenant,
        lines=lines(what),
        location=LocationCode(location) if location else None,
        for_ref=ref,
        expires_at=expires_at,
        caller=caller,
    )


async def release(
    inventory: InventoryBackend, caller: Caller, one: str | None = None, ref: str | None = None
) -> WriteResult:
    return await inventory.release(caller.tenant, reservation_id=one, for_ref=ref, caller=caller)


async def stock_of(inventory: InventoryBackend, caller: Caller, sku: str) -> Stock:
    return await inventory.get_stock(
        caller.tenant, sku=Sku(sku), item_id=None, location=JEN, include=("reservations",)
    )


async def test_stock_that_is_reserved_is_no_longer_available(
    inventory: InventoryBackend, caller: Caller, stranger: Caller, database: Database
) -> None:
    until = NOW + timedelta(days=3)
    written = await reserve(inventory, caller, "bolt-m8 60, HOSE-2 0.25", expires_at=until)

    assert written == WriteResult(id=written.id, ref="SO-9", state="held", version="2")
    bolts = await stock_of(inventory, caller, "BOLT-M8")
    assert (bolts.on_hand, bolts.reserved, bolts.available) == (90, 90, 0)
    assert bolts.reservations[1] == Reservation(
        id=written.id,
        location=JEN,
        quantity=Decimal(60),
        for_ref="SO-9",
        reserved_at=NOW,
        expires_at=until,
    )
    assert (await stock_of(inventory, caller, "HOSE-2")).available == Decimal("11.75")
    assert (await stock_of(inventory, stranger, "BOLT-M8")).available == 60
    events = await announced(database, "reserved")
    assert [(data["sku"], data["quantity"]) for _, data in events] == [
        ("BOLT-M8", "60"),
        ("HOSE-2", "0.25"),
    ]
    await check_books(database)


async def test_without_a_warehouse_the_first_by_code_holds_it(
    inventory: InventoryBackend, caller: Caller
) -> None:
    await reserve(inventory, caller, "BOLT-M8 20", location=None)

    with pytest.raises(ConflictError) as refused:
        await reserve(inventory, caller, "BOLT-M8 1", location=None)
    assert refused.value.message == "BOLT-M8 has 0 available in HAM, not 1; JEN has 60"
    assert refused.value.details == {
        "sku": "BOLT-M8",
        "location": "HAM",
        "available": "0",
        "requested": "1",
        "elsewhere": {"JEN": "60"},
    }


@pytest.mark.parametrize(
    ("what", "location", "error", "field"),
    [
        ("HOSE-2 1, BOLT-M8 61", "JEN", ConflictError, "lines.1.quantity"),
        ("BOLT-M8 31, BOLT-M8 30", "JEN", ConflictError, "lines.1.quantity"),
        ("SEAL-9 1", "JEN", ConflictError, "lines.0.quantity"),
        ("HOSE-2 999999999999", "JEN", ConflictError, "lines.0.quantity"),
        ("HOSE-2 1, BOLT-M8 1.5", "JEN", InvalidRequestError, "lines.1.quantity"),
        ("HOSE-2 1, NONE 1", "JEN", NotFoundError, "lines.1.sku"),
        ("HOSE-2 1", "customer", NotFoundError, "location"),
        ("HOSE-2 1, BOLT_M8 1", "JEN", NotFoundError, "lines.1.sku"),
    ],
)
async def test_a_refused_reservation_holds_nothing(
    inventory: InventoryBackend,
    caller: Caller,
    database: Database,
    what: str,
    location: str,
    error: type[ConflictError],
    field: str,
) -> None:
    with pytest.raises(error) as refused:
        await reserve(inventory, caller, what, location=location)

    assert refused.value.field == field
    assert (await stock_of(inventory, caller, "HOSE-2")).reserved == Decimal("0.5")
    assert await announced(database) == []
    await check_books(database)


@pytest.mark.parametrize(
    ("ahead", "is_allowed"),
    [
        (timedelta(microseconds=-1), False),
        (timedelta(0), False),
        (timedelta(microseconds=1), True),
        (timedelta(days=365), True),
        (timedelta(days=365, microseconds=1), False),
    ],
)
async def test_a_hold_ends_in_the_future_and_within_a_year(
    inventory: InventoryBackend, caller: Caller, ahead: timedelta, is_allowed: bool
) -> None:
    if is_allowed:
        await reserve(inventory, caller, "BOLT-M8 1", expires_at=NOW + ahead)
        return
    with pytest.raises(InvalidRequestError) as refused:
        await reserve(inventory, caller, "BOLT-M8 1", expires_at=NOW + ahead)
    assert refused.value.field == "expires_at"


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-02T10:30:00+01:00"],
)
async def test_a_hold_until_a_far_away_moment_is_refused(
    inventory: InventoryBackend, caller: Caller, moment: str
) -> None:
    with pytest.raises(InvalidRequestError):
        await reserve(inventory, caller, "BOLT-M8 1", expires_at=datetime.fromisoformat(moment))


async def test_a_reservation_counts_no_more_the_moment_it_expires(
    inventory: InventoryBackend, caller: Caller, clock: Clock, database: Database
) -> None:
    until = NOW + timedelta(minutes=5)
    held = await reserve(inventory, caller, "BOLT-M8 60", expires_at=until)
    clock.now = until - timedelta(microseconds=1)
    assert (await stock_of(inventory, caller, "BOLT-M8")).available == 0

    clock.now = until
    seen = await stock_of(inventory, caller, "BOLT-M8")
    low = await inventory.list_low_stock(caller.tenant, location=JEN, limit=10, cursor=None)
    assert (seen.reserved, seen.available, len(seen.reservations)) == (30, 60, 1)
    assert [item.available for item in low.items if item.sku == "BOLT-M8"] == [60]
    assert await inventory.reservation_ids(caller.tenant, prefix=held.id, limit=5) == []
    assert await announced(database, "released") == []

    await reserve(inventory, caller, "BOLT-M8 60", ref="SO-10")
    [(_, data)] = await announced(database, "released")
    assert (data["reservation_id"], data["reason"]) == (held.id, "expired")
    await check_books(database)
    assert (await release(inventory, caller, held.id)).state == "expired"


async def test_releasing_one_reservation_again_changes_nothing(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    held = await reserve(inventory, caller, "BOLT-M8 60")

    first = await release(inventory, caller, held.id)
    again = await release(inventory, caller, held.id)

    assert (first.state, first.changed, first.ref) == ("released", True, "SO-9")
    assert (again.state, again.changed, again.id) == ("released", False, held.id)
    assert (await stock_of(inventory, caller, "BOLT-M8")).available == 60
    assert len(await announced(database, "released")) == 1
    await check_books(database)


async def test_all_that_a_reference_holds_is_released_at_once_wherever_it_is(
    inventory: InventoryBackend, caller: Caller, stranger: Caller, database: Database
) -> None:
    first = await release(inventory, caller, ref="SO-2")
    again = await release(inventory, caller, ref="SO-2")
    nothing = await release(inventory, caller, ref="SO-%")

    assert (first.changed, again.changed) == (True, False)
    assert (nothing.id, nothing.changed) == ("SO-%", False)
    events = await announced(database, "released")
    assert [(data["reservation_id"], data["reason"]) for _, data in events] == [
        ("rsv_2", "released"),
        ("rsv_3", "released"),
    ]
    assert (await stock_of(inventory, stranger, "HOSE-2")).reserved == Decimal("0.5")
    await check_books(database)


async def test_a_reservation_of_nobody_or_of_another_reference_is_not_found(
    inventory: InventoryBackend, caller: Caller
) -> None:
    for one, ref in (("rsv_none", None), ("rsv_%", None), ("rsv_1", "SO-2")):
        with pytest.raises(NotFoundError):
            await release(inventory, caller, one, ref)
    assert (await stock_of(inventory, caller, "BOLT-M8")).reserved == 30


async def test_reserving_again_for_the_same_reference_holds_more(
    inventory: InventoryBackend, caller: Caller
) -> None:
    await reserve(inventory, caller, "BOLT-M8 10")
    await reserve(inventory, caller, "BOLT-M8 10")

    assert (await stock_of(inventory, caller, "BOLT-M8")).reserved == 50
    assert await inventory.reserved_refs(caller.tenant, prefix="so-", limit=9) == [
        "SO-1",
        "SO-2",
        "SO-9",
    ]
    assert await inventory.reservation_ids(caller.tenant, prefix="rsv_1", limit=1) == ["rsv_1"]


async def test_of_fifty_at_the_same_time_exactly_as_many_succeed_as_there_is_stock(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    await inventory.receive(
        caller.tenant,
        lines=[ReceiptLine(sku=Sku("PUMP-1"), quantity=Decimal(7))],
        location=JEN,
        source_ref="PO-9",
        caller=caller,
    )

    results = await asyncio.gather(
        *(reserve(inventory, caller, "PUMP-1 1", ref=f"SO-{n}") for n in range(50)),
        return_exceptions=True,
    )

    refused = [one for one in results if isinstance(one, BaseException)]
    assert len(results) - len(refused) == 7
    assert {str(one) for one in refused} == {"PUMP-1 has 0 available in JEN, not 1"}
    assert {type(one) for one in refused} == {ConflictError}
    pumps = await stock_of(inventory, caller, "PUMP-1")
    assert (pumps.on_hand, pumps.reserved, pumps.available) == (7, 7, 0)
    await check_books(database)


async def test_changes_of_several_items_in_any_order_wait_for_one_another_and_all_count(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    def hold(number: int) -> Any:
        pair = ("BOLT-M8 1", "HOSE-2 0.1")[:: 1 if number % 2 else -1]
        return reserve(inventory, caller, ", ".join(pair), ref=f"SO-{number + 100}")

    def let_go(number: int) -> Any:
        return release(inventory, caller, ref=f"SO-{number + 100}")

    steps: list[Callable[[int], Any]] = [hold, hold, let_go]
    results = await asyncio.gather(*(step(n) for n in range(10) for step in steps))

    assert len(results) == 30
    await check_books(database)


async def test_falling_to_the_reorder_point_over_all_warehouses_is_announced_once(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    await inventory.receive(
        caller.tenant,
        lines=[ReceiptLine(sku=Sku("BOLT-M8"), quantity=Decimal(21))],
        location=LocationCode("HAM"),
        source_ref="PO-9",
        caller=caller,
    )
    await reserve(inventory, caller, "BOLT-M8 1")
    await reserve(inventory, caller, "BOLT-M8 1")

    low = {"sku": "BOLT-M8", "available": "100", "reorder_point": "100"}
    assert await announced(database, "below_reorder_point") == [("below_reorder_point", low)]
