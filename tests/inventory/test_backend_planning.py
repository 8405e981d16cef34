"""What every inventory behind the port promises when asked what can be promised or ordered."""

from datetime import date
from decimal import Decimal

import pytest

from inventory.small_inventory import Clock
from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import (
    MOST_STOCK,
    Availability,
    LineAvailability,
    LocationCode,
    ReceiptLine,
    ReorderLine,
    Sku,
    StockLine,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.errors import InvalidRequestError, NotFoundError

TODAY, DUE = date(2026, 11, 2), date(2026, 11, 10)


async def check(
    inventory: InventoryBackend,
    caller: Caller,
    *lines: tuple[str, str],
    location: str | None = None,
    by_date: date | None = None,
) -> Availability:
    return await inventory.check_availability(
        caller.tenant,
        lines=[StockLine(sku=Sku(sku), quantity=Decimal(quantity)) for sku, quantity in lines],
        location=LocationCode(location) if location else None,
        by_date=by_date,
    )


async def test_a_line_says_what_is_there_what_comes_what_lacks_and_when_it_can_be_promised(
    inventory: InventoryBackend, caller: Caller
) -> None:
    now = await check(inventory, caller, ("bolt-m8", "100"))
    then = await check(inventory, caller, ("bolt-m8", "100"), by_date=DUE)

    line = LineAvailability(
        sku=Sku("BOLT-M8"),
        unit="C62",
        requested=Decimal(100),
        available=Decimal(80),
        incoming=Decimal(0),
        shortfall=Decimal(20),
        earliest_on=DUE,
    )
    assert now == Availability(by_date=TODAY, is_available=False, lines=(line,))
    met = line.model_copy(update={"incoming": Decimal(45), "shortfall": Decimal(0)})
    assert then == Availability(by_date=DUE, is_available=True, lines=(met,))


@pytest.mark.parametrize(
    ("quantity", "location", "by_date", "short", "earliest"),
    [
        ("80", None, None, 0, TODAY),
        ("81", None, date(2026, 11, 9), 1, DUE),
        ("125", None, DUE, 0, DUE),
        ("126", None, date.max, 1, None),
        ("60", "JEN", None, 0, TODAY),
        ("105", "JEN", DUE, 0, DUE),
        ("21", "HAM", date.max, 1, None),
        (str(MOST_STOCK), None, TODAY, int(MOST_STOCK) - 80, None),
    ],
)
async def test_goods_on_order_count_from_the_day_they_are_due(
    inventory: InventoryBackend,
    caller: Caller,
    quantity: str,
    location: str | None,
    by_date: date | None,
    short: int,
    earliest: date | None,
) -> None:
    answer = await check(
        inventory, caller, ("BOLT-M8", quantity), location=location, by_date=by_date
    )

    assert (answer.lines[0].shortfall, answer.lines[0].earliest_on) == (short, earliest)
    assert answer.is_available == (short == 0)


async def test_goods_that_are_overdue_count_from_today(
    inventory: InventoryBackend, caller: Caller, clock: Clock
) -> None:
    clock.move(days=30)

    [line] = (await check(inventory, caller, ("SEAL-9", "7"))).lines

    assert (line.available, line.shortfall, line.earliest_on) == (0, 7, date(2026, 12, 2))


async def test_lines_of_one_item_are_served_one_after_another(
    inventory: InventoryBackend, caller: Caller
) -> None:
    answer = await check(
        inventory, caller, ("BOLT-M8", "50"), ("HOSE-2", "12"), ("BOLT-M8", "50"), ("BOLT-M8", "5")
    )

    assert [line.available for line in answer.lines] == [80, 12, 30, 0]
    assert [line.shortfall for line in answer.lines] == [0, 0, 20, 5]


async def test_a_lot_that_expires_before_the_date_does_not_count_on_it(
    inventory: InventoryBackend, caller: Caller
) -> None:
    line = ReceiptLine(
        sku=Sku("GLUE_50%"), quantity=Decimal(5), lot="L2", expires_on=date(2026, 11, 5)
    )
    await inventory.receive(
        caller.tenant,
        lines=[line],
        location=LocationCode("JEN"),
        source_ref="PO-9",
        caller=caller,
    )

    until = await check(inventory, caller, ("GLUE_50%", "13"), by_date=date(2026, 11, 5))
    after = await check(inventory, caller, ("GLUE_50%", "13"), by_date=date(2026, 11, 6))

    assert (until.is_available, after.lines[0].shortfall) == (True, 5)


@pytest.mark.parametrize(
    ("line", "location", "by_date", "error", "field"),
    [
        (("NONE", "1"), None, None, NotFoundError, "lines.1.sku"),
        (("BOLT_M8", "1"), None, None, NotFoundError, "lines.1.sku"),
        (("PUMP-1", "0.5"), None, None, InvalidRequestError, "lines.1.quantity"),
        (("PUMP-1", str(MOST_STOCK + 1)), None, None, InvalidRequestError, "lines.1.quantity"),
        (("PUMP-1", "1"), "count", None, NotFoundError, "location"),
        (("PUMP-1", "1"), None, date(2026, 11, 1), InvalidRequestError, "by_date"),
        (("PUMP-1", "1"), None, date.min, InvalidRequestError, "by_date"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(
    inventory: InventoryBackend,
    caller: Caller,
    line: tuple[str, str],
    location: str | None,
    by_date: date | None,
    error: type[NotFoundError],
    field: str,
) -> None:
    with pytest.raises(error) as refused:
        await check(inventory, caller, ("BOLT-M8", "1"), line, location=location, by_date=by_date)
    assert refused.value.field == field


async def propose(
    inventory: InventoryBackend,
    caller: Caller,
    location: str | None = None,
    vendor_id: str | None = None,
    limit: int = 10,
    cursor: str | None = None,
) -> tuple[list[ReorderLine], str | None]:
    page = await inventory.propose_reorder(
        caller.tenant,
        location=LocationCode(location) if location else None,
        vendor_id=vendor_id,
        limit=limit,
        cursor=cursor,
    )
    return list(page.items), page.next_cursor


async def test_what_runs_out_with_what_is_on_order_counted_is_proposed_and_explained(
    inventory: InventoryBackend, caller: Caller
) -> None:
    found, _ = await propose(inventory, caller)

    assert found == [
        ReorderLine(
            vendor_id="acc_1",
            sku=Sku("HOSE-2"),
            name="Hydraulic hose",
            unit="MTR",
            quantity=Decimal(100),
            available=Decimal(12),
            incoming=Decimal(0),
            reorder_point=Decimal(20),
            used_90_days=Decimal(0),
            reason="12 available and 0 incoming against a reorder point of 20 and 0 used a month: "
            "1 x 100",
        ),
        ReorderLine(
            vendor_id="acc_1",
            sku=Sku("SEAL-9"),
            name="Pump seal",
            unit="C62",
            quantity=Decimal(50),
            available=Decimal(0),
            incoming=Decimal(7),
            reorder_point=Decimal(10),
            used_90_days=Decimal(0),
            reason="0 available and 7 incoming against a reorder point of 10 and 0 used a month: "
            "1 x 50",
        ),
    ]


async def test_a_warehouse_is_proposed_what_it_lacks_itself_and_a_vendor_what_is_its_own(
    inventory: InventoryBackend, caller: Caller
) -> None:
    there, _ = await propose(inventory, caller, "HAM")
    nobody, _ = await propose(inventory, caller, vendor_id="acc_%")

    assert [(one.sku, one.available, one.quantity) for one in there] == [("BOLT-M8", 20, 500)]
    assert nobody == []
    with pytest.raises(NotFoundError):
        await propose(inventory, caller, "NONE")


async def test_pages_of_proposals_follow_one_another(
    inventory: InventoryBackend, caller: Caller
) -> None:
    first, cursor = await propose(inventory, caller, limit=1)
    second, end = await propose(inventory, caller, limit=1, cursor=cursor)

    assert [one.sku for one in first + second] == ["HOSE-2", "SEAL-9"]
    assert end is None


@pytest.mark.parametrize(
    "keys",
    [["acc_1", 1], [1, "x"], ["acc_1\0", "x"], ["acc_1"], ["acc_1", "x", "y"]],
)
async def test_a_forged_cursor_of_proposals_is_refused(
    inventory: InventoryBackend, caller: Caller, keys: list[str | int]
) -> None:
    for listing in ("inventory.reorders", "inventory.items"):
        with pytest.raises(InvalidRequestError) as refused:
            await propose(inventory, caller, cursor=encode_cursor(listing, keys))
        assert refused.value.field == "cursor"


@pytest.mark.parametrize(
    "keys", [["2026-01-01T00:00:00", "x"], ["0001-01-01T00:00:00+14:00", "x"], ["x", "y"], [1, "x"]]
)
async def test_a_forged_cursor_of_movements_is_refused(
    inventory: InventoryBackend, caller: Caller, keys: list[str | int]
) -> None:
    with pytest.raises(InvalidRequestError):
        await inventory.list_movements(
            caller.tenant,
            sku=None,
            source_ref=None,
            kind=None,
            since=None,
            limit=5,
            cursor=encode_cursor("inventory.movements", keys),
        )


async def test_a_cursor_with_a_number_beyond_every_row_is_refused(
    inventory: InventoryBackend, caller: Caller
) -> None:
    with pytest.raises(InvalidRequestError):
        await inventory.list_low_stock(
            caller.tenant,
            location=None,
            limit=5,
            cursor=encode_cursor("inventory.low_stock", [2**63, "x"]),
        )
