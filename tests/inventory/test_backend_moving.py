"""What every inventory behind the port promises when goods move between places or are counted."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from inventory.small_inventory import Clock, announced, check_books
from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import (
    MOST_STOCK,
    LocationCode,
    Lot,
    Movement,
    ReceiptLine,
    Sku,
    Stock,
    StockLine,
    TransferLine,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.storage.database import Database

JEN, HAM = LocationCode("JEN"), LocationCode("HAM")
GLUE = "GLUE_50%"


async def transfer(
    inventory: InventoryBackend,
    caller: Caller,
    *lines: tuple[str, str] | tuple[str, str, str],
    to: str = "HAM",
    ref: str | None = None,
) -> WriteResult:
    return await inventory.transfer(
        caller.tenant,
        lines=[
            TransferLine(sku=Sku(sku), quantity=Decimal(quantity), lot=lot[0] if lot else None)
            for sku, quantity, *lot in lines
        ],
        from_location=JEN,
        to_location=LocationCode(to),
        source_ref=ref,
        caller=caller,
    )


async def adjust(
    inventory: InventoryBackend, caller: Caller, sku: str, expected: str, **changes: Any
) -> WriteResult:
    given: dict[str, Any] = {
        "location": JEN,
        "counted": None,
        "delta": None,
        "reason": "COUNT-2026-11",
        "lot": None,
        "expires_on": None,
        **changes,
    }
    for name in ("counted", "delta"):
        given[name] = None if given[name] is None else Decimal(given[name])
    return await inventory.adjust(
        caller.tenant,
        sku=Sku(sku),
        expected_quantity=Decimal(expected),
        caller=caller,
        **given,
    )


async def lot_comes(
    inventory: InventoryBackend, caller: Caller, lot: str, quantity: str, expires_on: date | None
) -> None:
    line = ReceiptLine(sku=Sku(GLUE), quantity=Decimal(quantity), lot=lot, expires_on=expires_on)
    await inventory.receive(
        caller.tenant, lines=[line], location=JEN, source_ref="PO-9", caller=caller
    )


async def stock_of(inventory: InventoryBackend, caller: Caller, sku: str) -> Stock:
    return await inventory.get_stock(
        caller.tenant, sku=Sku(sku), item_id=None, location=None, include=("lots",)
    )


async def moved(inventory: InventoryBackend, caller: Caller, ref: str | None) -> list[Movement]:
    page = await inventory.list_movements(
        caller.tenant, sku=None, source_ref=ref, kind=None, since=None, limit=50, cursor=None
    )
    return list(page.items)


def here(stock: Stock) -> dict[str, Decimal]:
    return {level.location: level.on_hand for level in stock.levels}


async def test_a_transfer_takes_from_one_warehouse_what_it_brings_to_another(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    written = await transfer(inventory, caller, ("bolt-m8", "60"), ("HOSE-2", "0.5"), ref="SO-7")

    assert (written.ref, written.state) == ("SO-7", "transferred")
    assert here(await stock_of(inventory, caller, "BOLT-M8")) == {"HAM": 80, "JEN": 30}
    assert here(await stock_of(inventory, caller, "HOSE-2")) == {"HAM": Decimal("0.5"), "JEN": 12}
    [bolts] = [one for one in await moved(inventory, caller, "SO-7") if one.sku == "BOLT-M8"]
    assert (bolts.kind, bolts.from_location, bolts.to_location) == ("transfer", "JEN", "HAM")
    assert bolts.id == written.id
    events = await announced(database)
    assert [(name, data["quantity"]) for name, data in events] == [
        ("transferred", "60"),
        ("transferred", "0.5"),
    ]
    await check_books(database)


async def test_a_transfer_without_a_reference_gets_one_that_finds_its_movements(
    inventory: InventoryBackend, caller: Caller
) -> None:
    written = await transfer(inventory, caller, ("BOLT-M8", "1"), ("HOSE-2", "1"))

    assert len(await moved(inventory, caller, written.ref)) == 2


async def test_what_expires_first_is_transferred_first_and_keeps_its_expiry(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    await lot_comes(inventory, caller, "L2", "2", date(2027, 5, 1))
    await lot_comes(inventory, caller, "L0", "3", date(2027, 6, 1))

    await transfer(inventory, caller, (GLUE, "6"))
    await transfer(inventory, caller, (GLUE, "1", "L1"))

    lots = (await stock_of(inventory, caller, GLUE)).lots
    assert [(one.location, one.lot, one.on_hand, one.expires_on) for one in lots] == [
        ("HAM", "L2", 2, date(2027, 5, 1)),
        ("HAM", "L0", 3, date(2027, 6, 1)),
        ("HAM", "L1", 2, None),
        ("JEN", "L1", 6, None),
    ]
    await check_books(database)


async def test_an_expired_lot_is_on_hand_but_neither_available_nor_moved_unless_named(
    inventory: InventoryBackend, caller: Caller, clock: Clock, database: Database
) -> None:
    await lot_comes(inventory, caller, "L2", "5", date(2026, 11, 3))
    assert (await stock_of(inventory, caller, GLUE)).available == 13
    clock.move(days=1)
    assert (await stock_of(inventory, caller, GLUE)).available == 13
    clock.move(days=1)

    stock = await stock_of(inventory, caller, GLUE)
    found = await inventory.find_items(
        caller.tenant, query=None, sku=Sku(GLUE), barcode=None, limit=1, cursor=None
    )
    assert (stock.on_hand, stock.available, found.items[0].available) == (13, 8, 8)
    assert stock.lots[0] == Lot(
        location=JEN, lot="L2", on_hand=Decimal(5), expires_on=date(2026, 11, 3), is_expired=True
    )
    with pytest.raises(ConflictError) as refused:
        await transfer(inventory, caller, (GLUE, "9"))
    assert refused.value.message == f"{GLUE} has 8 available in JEN, not 9"
    await transfer(inventory, caller, (GLUE, "5", "L2"))
    await check_books(database)


async def test_stock_whose_lot_expired_while_it_was_held_leaves_no_less_than_is_held(
    inventory: InventoryBackend, caller: Caller, clock: Clock, database: Database
) -> None:
    await lot_comes(inventory, caller, "L2", "5", date(2026, 11, 3))
    await inventory.reserve(
        caller.tenant,
        lines=[StockLine(sku=Sku(GLUE), quantity=Decimal(12))],
        location=JEN,
        for_ref="SO-9",
        expires_at=None,
        caller=caller,
    )
    clock.move(days=5)

    assert (await stock_of(inventory, caller, GLUE)).available == 0
    with pytest.raises(ConflictError):
        await transfer(inventory, caller, (GLUE, "2", "L2"))
    with pytest.raises(ConflictError):
        await adjust(inventory, caller, GLUE, "8", lot="L1", delta="-1")
    await transfer(inventory, caller, (GLUE, "1", "L2"))
    await check_books(database)


@pytest.mark.parametrize(
    ("line", "to", "error", "field"),
    [
        (("BOLT-M8", "61"), "HAM", ConflictError, "lines.1.quantity"),
        (("SEAL-9", "1"), "HAM", ConflictError, "lines.1.quantity"),
        ((GLUE, "8.000001", "L1"), "HAM", ConflictError, "lines.1.quantity"),
        ((GLUE, "1", "L%"), "HAM", NotFoundError, "lines.1.lot"),
        (("BOLT-M8", "1", "L1"), "HAM", InvalidRequestError, "lines.1.lot"),
        (("BOLT-M8", "0.5"), "HAM", InvalidRequestError, "lines.1.quantity"),
        (("NONE", "1"), "HAM", NotFoundError, "lines.1.sku"),
        (("BOLT-M8", "1"), "customer", NotFoundError, "to_location"),
        (("BOLT-M8", "1"), "JEN", InvalidRequestError, "to_location"),
    ],
)
async def test_a_refused_transfer_moves_nothing(
    inventory: InventoryBackend,
    caller: Caller,
    database: Database,
    line: Any,
    to: str,
    error: type[ConflictError],
    field: str,
) -> None:
    with pytest.raises(error) as refused:
        await transfer(inventory, caller, ("HOSE-2", "1"), line, to=to)

    assert refused.value.field == field
    assert here(await stock_of(inventory, caller, "HOSE-2")) == {"JEN": Decimal("12.5")}
    assert await announced(database) == []
    await check_books(database)


@pytest.mark.parametrize(
    ("change", "left", "way"),
    [
        ({"counted": "95"}, 95, ("count", "JEN", 5)),
        ({"counted": "30"}, 30, ("JEN", "count", 60)),
        ({"delta": "-2"}, 88, ("JEN", "count", 2)),
        ({"delta": "10"}, 100, ("count", "JEN", 10)),
    ],
)
async def test_a_count_or_a_correction_makes_one_movement_that_says_why(
    inventory: InventoryBackend,
    caller: Caller,
    database: Database,
    change: dict[str, str],
    left: int,
    way: tuple[str, str, int],
) -> None:
    written = await adjust(inventory, caller, "bolt-m8", "90", **change)

    assert (written.state, written.ref) == ("adjusted", "COUNT-2026-11")
    assert here(await stock_of(inventory, caller, "BOLT-M8"))["JEN"] == left
    [one] = await moved(inventory, caller, "COUNT-2026-11")
    assert (one.from_location, one.to_location, one.quantity) == way
    assert (one.id, one.kind, one.done_by) == (written.id, "adjustment", "person:lee")
    [(_, data)] = await announced(database, "adjusted")
    assert (data["delta"], data["reason"]) == (str(left - 90), "COUNT-2026-11")
    await check_books(database)


async def test_a_count_that_finds_what_is_on_hand_changes_nothing(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    for sku, quantity in (("BOLT-M8", "90"), ("SEAL-9", "0")):
        written = await adjust(inventory, caller, sku, quantity, counted=quantity)
        assert (written.changed, written.state) == (False, "unchanged")
    assert await announced(database) == []


async def test_a_count_below_what_is_reserved_names_who_holds_it(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    with pytest.raises(ConflictError) as refused:
        await adjust(inventory, caller, "BOLT-M8", "90", counted="29")

    assert refused.value.message == "30 of BOLT-M8 is reserved in JEN: 30 by rsv_1 for SO-1"
    assert refused.value.details == {
        "reserved": "30",
        "reservations": [{"id": "rsv_1", "for_ref": "SO-1", "quantity": "30"}],
    }
    await check_books(database)


async def test_lots_are_counted_one_by_one(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    await adjust(inventory, caller, GLUE, "8", lot="L1", counted="0")
    await adjust(inventory, caller, GLUE, "0", lot="L7", delta="2", expires_on=date(2027, 1, 1))

    lots = (await stock_of(inventory, caller, GLUE)).lots
    assert [(one.lot, one.on_hand, one.expires_on) for one in lots] == [("L7", 2, date(2027, 1, 1))]
    await check_books(database)


@pytest.mark.parametrize(
    ("sku", "expected", "change", "error", "field"),
    [
        ("BOLT-M8", "89", {"counted": "95"}, ConflictError, "expected_quantity"),
        ("BOLT-M8", "110", {"delta": "1"}, ConflictError, "expected_quantity"),
        ("BOLT-M8", "90", {"delta": "-91"}, InvalidRequestError, "delta"),
        ("BOLT-M8", "90", {"delta": "0.5"}, InvalidRequestError, "delta"),
        ("BOLT-M8", "90", {}, InvalidRequestError, "counted"),
        ("BOLT-M8", "90", {"counted": "1", "delta": "1"}, InvalidRequestError, "counted"),
        ("BOLT-M8", "90", {"counted": "95", "lot": "L1"}, InvalidRequestError, "lot"),
        (
            "HOSE-2",
            "12.5",
            {"delta": "1", "expires_on": date.max},
            InvalidRequestError,
            "expires_on",
        ),
        ("HOSE-2", "12.5", {"counted": str(MOST_STOCK + 1)}, InvalidRequestError, "counted"),
        ("HOSE-2", "12.5", {"counted": "999999999999"}, InvalidRequestError, "counted"),
        (GLUE, "8", {"counted": "7"}, InvalidRequestError, "lot"),
        (GLUE, "8", {"counted": "7", "lot": "L%"}, ConflictError, "expected_quantity"),
        ("NONE", "0", {"counted": "7"}, NotFoundError, "sku"),
        ("HOSE-2", "0", {"counted": "7", "location": "supplier"}, NotFoundError, "location"),
    ],
)
async def test_a_refused_adjustment_changes_nothing(
    inventory: InventoryBackend,
    caller: Caller,
    database: Database,
    sku: str,
    expected: str,
    change: dict[str, Any],
    error: type[ConflictError],
    field: str,
) -> None:
    with pytest.raises(error) as refused:
        await adjust(inventory, caller, sku, expected, **change)

    assert refused.value.field == field
    assert await announced(database) == []
    await check_books(database)


async def test_no_more_of_an_item_is_kept_than_can_be_counted(
    inventory: InventoryBackend, caller: Caller
) -> None:
    await adjust(inventory, caller, "HOSE-2", "12.5", counted=str(MOST_STOCK))

    line = ReceiptLine(sku=Sku("HOSE-2"), quantity=Decimal("0.000001"))
    with pytest.raises(InvalidRequestError) as refused:
        await inventory.receive(
            caller.tenant, lines=[line], location=HAM, source_ref="PO-9", caller=caller
        )
    assert refused.value.field == "lines.0.quantity"


async def test_a_lot_expires_on_one_day_wherever_it_is(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    await lot_comes(inventory, caller, "L1", "1", date(2027, 5, 1))
    await lot_comes(inventory, caller, "L1", "1", None)

    with pytest.raises(InvalidRequestError) as refused:
        await lot_comes(inventory, caller, "L1", "1", date(2027, 5, 2))
    assert refused.value.message == f"lot L1 of {GLUE} expires on 2027-05-01, not on 2027-05-02"
    [lot] = (await stock_of(inventory, caller, GLUE)).lots
    assert (lot.on_hand, lot.expires_on) == (10, date(2027, 5, 1))
    await check_books(database)


async def test_counts_and_transfers_at_the_same_time_leave_the_books_in_balance(
    inventory: InventoryBackend, caller: Caller, database: Database
) -> None:
    results = await asyncio.gather(
        *(transfer(inventory, caller, ("BOLT-M8", "10"), ("HOSE-2", "1")) for _ in range(8)),
        *(transfer(inventory, caller, ("HOSE-2", "1"), ("BOLT-M8", "10")) for _ in range(8)),
        *(adjust(inventory, caller, "BOLT-M8", "90", delta="-5") for _ in range(8)),
        return_exceptions=True,
    )

    assert {type(one) for one in results} <= {WriteResult, ConflictError}
    bolts = await stock_of(inventory, caller, "BOLT-M8")
    assert here(bolts)["JEN"] in (30, 35, 85)
    await check_books(database)
