"""What every ERP adapter must do when an invoice is matched."""

from decimal import Decimal
from typing import Any

import pytest

from switchgear_erp.models import (
    Difference,
    Match,
    Received,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import (
    InvalidRequestError,
)

BILL: dict[str, Any] = {
    "direction": "payable",
    "party": "weidner",
    "order": "PO-2026-00001",
    "external_ref": "RE-4711",
    "issued_on": "2026-10-20",
}


def line(**changes: Any) -> dict[str, Any]:
    return {"quantity": "1", "unit_price": "10", **changes}


async def matched(
    world: Any, caller: Caller, written: WriteResult, **received: str
) -> tuple[Difference, ...]:
    receipts = [
        Received(sku=sku.replace("_", "-"), quantity=Decimal(quantity))
        for sku, quantity in received.items()
    ]
    answer: Match = await world.erp.match_invoice(
        caller.tenant, invoice_id=written.id, receipts=receipts or None
    )
    assert answer.matched == (not answer.differences)
    assert answer.receipts_checked == bool(receipts)
    return answer.differences


def difference(kind: str, sku: str | None, expected: str | None, found: str) -> Difference:
    return Difference.model_validate(
        {"kind": kind, "sku": sku, "expected": expected, "found": found}
    )


async def test_an_invoice_as_ordered_and_received_matches_before_and_after_posting(
    world: Any, caller: Caller
) -> None:
    written = await world.create(caller, **BILL)

    assert await matched(world, caller, written) == ()
    assert await matched(world, caller, written, BOLT_M8="1000", PUMP_1="4") == ()
    await world.post(caller, written.id)
    assert await matched(world, caller, written, BOLT_M8="1000", PUMP_1="4") == ()


@pytest.mark.parametrize(
    ("lines", "differences"),
    [
        ([line(sku="PUMP-1", unit_price="181.80")], ()),
        (
            [line(sku="PUMP-1", unit_price="181.81")],
            (difference("price", "PUMP-1", "180", "181.81"),),
        ),
        (
            [line(sku="PUMP-1", unit_price="180", quantity="5")],
            (difference("quantity_over_ordered", "PUMP-1", "4", "5"),),
        ),
        (
            [line(sku="PUMP-1", unit_price="180", quantity="2")] * 3,
            (difference("quantity_over_ordered", "PUMP-1", "4", "6"),),
        ),
        ([line(sku="HOSE-2")], (difference("unknown_item", "HOSE-2", None, "Hydraulic hose 2 m"),)),
        (
            [line(description="Freight", tax_percent="19")],
            (difference("unknown_item", None, None, "Freight"),),
        ),
        (
            [line(sku="PUMP-1", unit_price="200", quantity="4")],
            (
                difference("price", "PUMP-1", "180", "200"),
                difference("total", None, "720.00", "800.00"),
            ),
        ),
    ],
)
async def test_what_is_not_as_ordered_is_named(
    world: Any, caller: Caller, lines: list[dict[str, Any]], differences: tuple[Difference, ...]
) -> None:
    written = await world.create(caller, **BILL, lines=lines)

    assert await matched(world, caller, written) == differences


async def test_goods_that_have_not_come_are_named(world: Any, caller: Caller) -> None:
    written = await world.create(caller, **BILL)

    assert await matched(world, caller, written, BOLT_M8="400") == (
        difference("quantity_over_received", "BOLT-M8", "400", "1000"),
        difference("quantity_over_received", "PUMP-1", "0", "4"),
    )


async def test_receipts_count_for_all_invoices_of_the_order_together(
    world: Any, caller: Caller
) -> None:
    half = [line(sku="PUMP-1", unit_price="180", quantity="2")]
    first = await world.create(caller, **BILL, lines=half)
    await world.post(caller, first.id)
    second = await world.create(caller, **{**BILL, "external_ref": "RE-2"}, lines=half)

    assert await matched(world, caller, second, PUMP_1="4") == ()
    assert await matched(world, caller, second, PUMP_1="3") == (
        difference("quantity_over_received", "PUMP-1", "1", "2"),
    )


async def test_an_order_invoiced_in_full_shows_in_the_match_and_stops_the_posting(
    world: Any, caller: Caller
) -> None:
    first = await world.create(caller, **BILL)
    await world.post(caller, first.id)
    pumps = [line(sku="PUMP-1", unit_price="180", quantity="4")]
    again = await world.create(caller, **{**BILL, "external_ref": "RE-2"}, lines=pumps)

    assert await matched(world, caller, again, PUMP_1="4") == (
        difference("already_invoiced", "PUMP-1", "0", "4"),
    )
    with pytest.raises(InvalidRequestError, match="has 0 of PUMP-1 left"):
        await world.post(caller, again.id)
    with pytest.raises(InvalidRequestError, match="invoiced in full already"):
        await world.create(caller, **{**BILL, "external_ref": "RE-3"})


async def test_another_partys_invoice_and_one_without_an_order_do_not_match(
    world: Any, caller: Caller
) -> None:
    other = await world.create(caller, **{**BILL, "party": "sauber"})
    alone = await world.create(
        caller,
        direction="payable",
        party="sauber",
        external_ref="2",
        lines=[line(description="Cleaning", tax_percent="19")],
    )

    assert await matched(world, caller, other) == (
        difference("party", None, world.party["weidner"], world.party["sauber"]),
    )
    assert await matched(world, caller, alone) == (
        difference("unknown_item", None, None, "Cleaning"),
    )


async def test_a_receivable_is_not_matched(world: Any, caller: Caller) -> None:
    written = await world.create(
        caller, direction="receivable", party="mueller", order="SO-2026-00001"
    )

    with pytest.raises(InvalidRequestError, match="is a receivable"):
        await matched(world, caller, written)
