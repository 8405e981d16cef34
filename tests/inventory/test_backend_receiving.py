"""What every inventory behind the port promises when goods come in."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import LocationCode, Movement, ReceiptLine, Sku
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError

JEN = LocationCode("JEN")


def line(sku: str, quantity: str, **lot: Any) -> ReceiptLine:
    return ReceiptLine(sku=Sku(sku), quantity=Decimal(quantity), **lot)


async def receive(
    inventory: InventoryBackend,
    caller: Caller,
    *lines: ReceiptLine,
    ref: str = "PO-9",
    location: str = "JEN",
) -> WriteResult:
    return await inventory.receive(
        caller.tenant,
        lines=lines,
        location=LocationCode(location),
        source_ref=ref,
        caller=caller,
    )


async def on_hand(inventory: InventoryBackend, caller: Caller, sku: str) -> Decimal:
    stock = await inventory.get_stock(caller.tenant, sku=Sku(sku), item_id=None, location=JEN)
    return stock.on_hand


async def movements(inventory: InventoryBackend, caller: Caller, ref: str) -> list[Movement]:
    page = await inventory.list_movements(
        caller.tenant, sku=None, source_ref=ref, kind=None, since=None, limit=50, cursor=None
    )
    return list(page.items)


async def test_goods_received_are_on_hand_and_named_in_a_movement(
    inventory: InventoryBackend, caller: Caller, stranger: Caller
) -> None:
    written = await receive(inventory, caller, line("bolt-m8", "15"))

    assert written == WriteResult(id=written.id, ref="PO-9", state="received", version="2")
    assert await movements(inventory, caller, "PO-9") == [
        Movement(
            id=written.id,
            kind="receipt",
            sku=Sku("BOLT-M8"),
            quantity=Decimal(15),
            unit="C62",
            from_location="supplier",
            to_location="JEN",
            source_ref="PO-9",
            lot=None,
            expires_on=None,
            moved_at=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
            done_by="person:lee",
        )
    ]
    assert await on_hand(inventory, caller, "BOLT-M8") == Decimal(105)
    assert await on_hand(inventory, stranger, "BOLT-M8") == Decimal(90)


async def test_an_item_that_a_warehouse_never_had_can_be_received_there(
    inventory: InventoryBackend, caller: Caller
) -> None:
    await receive(inventory, caller, line("PUMP-1", "3"), line("HOSE-2", "0.25"))

    assert await on_hand(inventory, caller, "PUMP-1") == Decimal(3)
    assert await on_hand(inventory, caller, "HOSE-2") == Decimal("12.75")


async def test_lots_of_one_item_come_in_side_by_side(
    inventory: InventoryBackend, caller: Caller
) -> None:
    await receive(
        inventory,
        caller,
        line("GLUE_50%", "1.5", lot="L2", expires_on=date(2027, 5, 1)),
        line("GLUE_50%", "2", lot="L3"),
    )

    assert await on_hand(inventory, caller, "GLUE_50%") == Decimal("11.5")
    lots = {one.lot: one.expires_on for one in await movements(inventory, caller, "PO-9")}
    assert lots == {"L2": date(2027, 5, 1), "L3": None}


async def test_what_a_purchase_order_still_expects_goes_line_by_line_until_it_is_complete(
    inventory: InventoryBackend, caller: Caller
) -> None:
    first = await receive(inventory, caller, line("BOLT-M8", "42"), ref="PO-3")
    second = await receive(inventory, caller, line("BOLT-M8", "3"), line("SEAL-9", "7"), ref="PO-3")

    assert (first.state, second.state) == ("partly_received", "received")
    booked = sorted((one.sku, one.quantity) for one in await movements(inventory, caller, "PO-3"))
    assert booked == [
        ("BOLT-M8", Decimal(2)),
        ("BOLT-M8", Decimal(3)),
        ("BOLT-M8", Decimal(40)),
        ("SEAL-9", Decimal(7)),
    ]
    stock = await inventory.get_stock(caller.tenant, sku=Sku("BOLT-M8"), item_id=None, location=JEN)
    assert (stock.on_hand, stock.incoming) == (Decimal(135), Decimal(0))


REFUSED: list[tuple[str, str, str, type[Exception], str]] = [
    ("PO-3", "JEN", "BOLT-M8 46", ConflictError, "PO-3 expects 45 more of BOLT-M8, not 46"),
    ("PO-1", "HAM", "BOLT-M8 1", ConflictError, "PO-1 expects 0 more of BOLT-M8, not 1"),
    (
        "PO-3",
        "JEN",
        "BOLT-M8 40, BOLT-M8 6",
        ConflictError,
        "PO-3 expects 5 more of BOLT-M8, not 6",
    ),
    ("PO-3", "JEN", "PUMP-1 1", InvalidRequestError, "PO-3 is not for PUMP-1"),
    ("PO-3", "HAM", "BOLT-M8 1", InvalidRequestError, "PO-3 brings BOLT-M8 to JEN"),
    ("PO-9", "JEN", "BOLT-M8 1.5", InvalidRequestError, "BOLT-M8 is kept in whole pieces, not 1.5"),
    ("PO-9", "JEN", "GLUE_50% 1", InvalidRequestError, "GLUE_50% is lot-tracked"),
    ("PO-9", "JEN", "BOLT-M8 1, NONE 1", NotFoundError, "there is no item NONE"),
    ("PO-9", "count", "BOLT-M8 1", NotFoundError, "there is no warehouse count, only HAM, JEN"),
]


@pytest.mark.parametrize(("ref", "location", "lines", "error", "message"), REFUSED)
async def test_a_refused_receipt_leaves_nothing_behind(
    inventory: InventoryBackend,
    caller: Caller,
    ref: str,
    location: str,
    lines: str,
    error: type[Exception],
    message: str,
) -> None:
    before = await movements(inventory, caller, ref)

    with pytest.raises(error) as refused:
        await receive(
            inventory,
            caller,
            *(line(*one.split()) for one in lines.split(", ")),
            ref=ref,
            location=location,
        )

    assert str(refused.value) == message
    assert await movements(inventory, caller, ref) == before
    stock = await inventory.get_stock(caller.tenant, sku=Sku("BOLT-M8"), item_id=None, location=JEN)
    assert (stock.on_hand, stock.incoming) == (Decimal(90), Decimal(45))


async def test_a_lot_for_an_item_without_lots_is_refused(
    inventory: InventoryBackend, caller: Caller
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        await receive(inventory, caller, line("BOLT-M8", "1"), line("PUMP-1", "1", lot="L1"))

    assert (refused.value.message, refused.value.field) == ("PUMP-1 has no lots", "lines.1.lot")


async def test_receipts_at_the_same_time_all_count_and_never_exceed_the_order(
    inventory: InventoryBackend, caller: Caller
) -> None:
    free = [receive(inventory, caller, line("PUMP-1", "1")) for _ in range(8)]
    ordered = [receive(inventory, caller, line("BOLT-M8", "10"), ref="PO-3") for _ in range(8)]

    results = await asyncio.gather(*free, *ordered, return_exceptions=True)

    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(one) for one in refused] == [ConflictError] * 4
    assert await on_hand(inventory, caller, "PUMP-1") == Decimal(8)
    assert await on_hand(inventory, caller, "BOLT-M8") == Decimal(130)
    booked = await movements(inventory, caller, "PO-3")
    assert sum(one.quantity for one in booked) == Decimal(40)
