"""What every ERP adapter must do when goods of an order are shipped or received."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from switchgear_erp.models import ShipmentLine
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError

BILL: dict[str, Any] = {
    "direction": "payable",
    "party": "weidner",
    "order": "PO-2026-00001",
    "external_ref": "RE-4711",
}
PUMP = {"sku": "PUMP-1", "quantity": "1"}


async def fulfilled(world: Any, caller: Caller, order_id: str) -> list[Decimal]:
    order = await world.read(caller, order_id)
    moved: dict[int, Decimal] = {}
    for shipment in order.shipments:
        for line in shipment.lines:
            moved[line.number] = moved.get(line.number, Decimal(0)) + line.quantity
    assert moved == {line.number: line.fulfilled for line in order.lines if line.fulfilled}
    return [line.fulfilled for line in order.lines]


async def test_all_that_is_left_is_fulfilled_by_default(world: Any, caller: Caller) -> None:
    order_id = world.order["PO-2026-00001"]
    await world.fulfil(caller, order_id, lines=[{"number": 1, "quantity": "400"}])

    done = await world.fulfil(caller, order_id)

    assert (done.state, done.version, done.changed) == ("confirmed", "3", True)
    assert await fulfilled(world, caller, order_id) == [Decimal(1000), Decimal(4)]
    with pytest.raises(ConflictError, match="is fulfilled in full already"):
        await world.fulfil(caller, order_id)


async def test_a_shipment_shows_lot_expiry_place_and_day(world: Any, caller: Caller) -> None:
    order_id = world.order["PO-2026-00001"]
    line = {**PUMP, "lot": "L'1%", "expires_on": "2028-01-31"}
    await world.fulfil(caller, order_id, lines=[line], location="JEN", fulfilled_on="2026-10-30")

    (shipment,) = (await world.read(caller, order_id)).shipments
    assert (shipment.location, shipment.fulfilled_on) == ("JEN", date(2026, 10, 30))
    assert shipment.lines == (
        ShipmentLine(
            number=2,
            sku="PUMP-1",
            quantity=Decimal(1),
            lot="L'1%",
            expires_on=date(2028, 1, 31),
        ),
    )


async def test_goods_of_a_sku_on_several_lines_fill_the_first_ones_first(
    world: Any, caller: Caller
) -> None:
    order = await world.confirmed(caller, party="sauber", lines=[{**PUMP, "quantity": "2"}] * 2)

    await world.fulfil(caller, order.id, lines=[{**PUMP, "quantity": "3"}])

    assert await fulfilled(world, caller, order.id) == [Decimal(2), Decimal(1)]


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ([{**PUMP, "quantity": "4.000001"}], "4 of PUMP-1"),
        ([{"number": 2, "quantity": "5"}], "4 of line 2"),
        ([{**PUMP, "quantity": "3"}, {**PUMP, "quantity": "2"}], "1 of PUMP-1"),
    ],
)
async def test_more_than_was_ordered_is_a_conflict_that_says_what_is_left(
    world: Any, caller: Caller, lines: list[dict[str, Any]], left: str
) -> None:
    order_id = world.order["PO-2026-00001"]

    with pytest.raises(ConflictError, match=f"has {left} left to fulfil") as refused:
        await world.fulfil(caller, order_id, lines=lines)

    assert refused.value.details == {"left": left.split(maxsplit=1)[0]}
    assert await fulfilled(world, caller, order_id) == [Decimal(0), Decimal(0)]


@pytest.mark.parametrize(
    ("fulfilment", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [PUMP] * 501}, "lines"),
        ({"lines": [PUMP] * 10_000}, "lines"),
        ({"lines": [{"quantity": "1"}]}, "lines.0.sku"),
        ({"lines": [PUMP, {**PUMP, "quantity": "0"}]}, "lines.1.quantity"),
        ({"lines": [{**PUMP, "quantity": "-1"}]}, "lines.0.quantity"),
        ({"lines": [{**PUMP, "sku": "HOSE-2"}]}, "lines.0"),
        ({"lines": [{**PUMP, "sku": "%"}]}, "lines.0"),
        ({"lines": [{"number": 3, "quantity": "1"}]}, "lines.0"),
        ({"lines": [{**PUMP, "number": 1}]}, "lines.0"),
        ({"lines": [{**PUMP, "expires_on": "0001-01-01"}]}, "lines.0.expires_on"),
        ({"fulfilled_on": "2026-09-30"}, "fulfilled_on"),
        ({"fulfilled_on": "2026-11-04"}, "fulfilled_on"),
        ({"fulfilled_on": "0001-01-01"}, "fulfilled_on"),
        ({"fulfilled_on": "9999-12-31"}, "fulfilled_on"),
    ],
)
async def test_a_fulfilment_that_breaks_a_rule_is_refused_with_the_field_at_fault(
    world: Any, caller: Caller, fulfilment: dict[str, Any], field: str
) -> None:
    order_id = world.order["PO-2026-00001"]

    with pytest.raises(InvalidRequestError) as refused:
        await world.fulfil(caller, order_id, **fulfilment)

    assert refused.value.field == field
    assert await fulfilled(world, caller, order_id) == [Decimal(0), Decimal(0)]


@pytest.mark.parametrize("day", ["2026-10-01", "2026-11-03"])
async def test_goods_move_from_the_day_of_the_order_until_tomorrow(
    world: Any, caller: Caller, day: str
) -> None:
    assert (await world.fulfil(caller, world.order["PO-2026-00001"], fulfilled_on=day)).changed


@pytest.mark.parametrize("count", [499, 500])
async def test_up_to_500_lots_are_received_at_once(world: Any, caller: Caller, count: int) -> None:
    order_id = world.order["PO-2026-00001"]
    lots = [{"number": 1, "quantity": "1", "lot": f"L{lot}"} for lot in range(count)]

    await world.fulfil(caller, order_id, lines=lots)

    assert (await fulfilled(world, caller, order_id))[0] == count


async def test_what_is_too_much_for_one_announcement_is_refused_whole(
    world: Any, caller: Caller
) -> None:
    order_id = world.order["PO-2026-00001"]
    lots = [{"number": 1, "quantity": "1", "lot": f"{lot:064}"} for lot in range(500)]

    with pytest.raises(InvalidRequestError, match="500 lines are too much to announce"):
        await world.fulfil(caller, order_id, lines=lots)

    assert await fulfilled(world, caller, order_id) == [Decimal(0), Decimal(0)]


@pytest.mark.parametrize("state", ["draft", "quoted", "cancelled"])
async def test_only_confirmed_orders_are_fulfilled(world: Any, caller: Caller, state: str) -> None:
    made = await world.take(caller)
    if state != "draft":
        await world.advance(caller, made.id, state)

    with pytest.raises(InvalidRequestError, match=f"is {state}: only confirmed orders") as refused:
        await world.fulfil(caller, made.id)

    assert refused.value.details == {"state": state}


async def test_a_fulfilment_of_an_order_that_moved_on_or_is_not_there_is_refused(
    world: Any, caller: Caller
) -> None:
    order_id = world.order["PO-2026-00001"]
    with pytest.raises(ConflictError, match="is at version 1"):
        await world.fulfil(caller, order_id, version="0")
    with pytest.raises(NotFoundError):
        await world.fulfil(caller, "ord_%")
    assert await fulfilled(world, caller, order_id) == [Decimal(0), Decimal(0)]


async def test_a_match_uses_the_receipts_of_the_order_when_it_is_given_none(
    world: Any, caller: Caller
) -> None:
    written = await world.create(caller, **BILL)
    order_id = world.order["PO-2026-00001"]

    async def match() -> tuple[bool, list[tuple[str, str | None, str | None]]]:
        answer = await world.erp.match_invoice(caller.tenant, invoice_id=written.id, receipts=None)
        found = [(one.kind, one.sku, one.expected) for one in answer.differences]
        return answer.receipts_checked, found

    assert await match() == (False, [])
    await world.fulfil(caller, order_id, lines=[{"number": 1, "quantity": "400"}])
    assert await match() == (
        True,
        [
            ("quantity_over_received", "BOLT-M8", "400"),
            ("quantity_over_received", "PUMP-1", "0"),
        ],
    )
    await world.fulfil(caller, order_id)
    assert await match() == (True, [])
