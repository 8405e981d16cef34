"""Goods of orders that go and come, over a real Tryton."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from live_erp import ErpSuite, serving_erp
from live_goods import new_party, on_hand, stocked
from live_inventory import new_item
from live_tryton import Command

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[ErpSuite]:
    async with serving_erp(tmp_path / "data", tryton) as suite:
        yield suite


async def test_lines_that_are_not_asked_for_stay_for_later(
    suite: ErpSuite, client: TrytonClient
) -> None:
    first, second = await stocked(client, 10.0), await stocked(client, 10.0)
    order = await suite.confirmed("sale", await new_party(client), {first: "2", second: "3"})

    await suite.answer("fulfil_order", order_id=order["id"], lines=[{"number": 2, "quantity": "3"}])
    read = await suite.answer("get_order", order_id=order["id"], include=["lines"])
    await suite.answer("fulfil_order", order_id=order["id"])
    after = await suite.answer("get_order", order_id=order["id"], include=["lines"])

    assert [line["fulfilled"] for line in read["lines"]] == ["0", "3"]
    assert [line["fulfilled"] for line in after["lines"]] == ["2", "3"]
    assert (await on_hand(client, first), await on_hand(client, second)) == (8.0, 7.0)


async def test_goods_that_are_not_there_are_refused_and_nothing_stays_half_done(
    suite: ErpSuite, client: TrytonClient
) -> None:
    sku = await stocked(client, 3.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})

    preview = await suite.refusal("fulfil_order", order_id=order["id"], dry_run=True)
    error = await suite.refusal("fulfil_order", order_id=order["id"])
    some = await suite.answer(
        "fulfil_order", order_id=order["id"], lines=[{"sku": sku, "quantity": "3"}]
    )

    assert (error.code, error.field, error.outcome) == ("conflict", "lines", "not_done")
    assert (preview.code, preview.details) == ("conflict", error.details)
    assert error.details["available"] == "3"
    assert some["state"] == "confirmed"
    assert await on_hand(client, sku) == 0.0


async def test_what_was_assigned_to_the_order_is_its_own(
    suite: ErpSuite, client: TrytonClient
) -> None:
    sku = await stocked(client, 5.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})
    number = int(order["id"].partition("-")[2])
    [sale] = await client.call("sale.sale", "read", [number], ["shipments"])
    await client.call("stock.shipment.out", "assign_try", sale["shipments"])

    await suite.answer("fulfil_order", order_id=order["id"], lines=[{"sku": sku, "quantity": "4"}])

    assert await on_hand(client, sku) == 1.0


async def test_lots_go_as_named_or_as_there_are(suite: ErpSuite, client: TrytonClient) -> None:
    sku = await stocked(client, 0.0, lots={"A": 3.0, "B": 4.0})
    order = await suite.confirmed("sale", await new_party(client), {sku: "6"})
    named = {"sku": sku, "lot": "B", "quantity": "1"}

    await suite.answer("fulfil_order", order_id=order["id"], lines=[named])
    unknown = await suite.refusal(
        "fulfil_order", order_id=order["id"], lines=[{**named, "lot": "Z"}]
    )
    lacking = await suite.refusal(
        "fulfil_order", order_id=order["id"], lines=[{**named, "quantity": "4"}]
    )
    await suite.answer("fulfil_order", order_id=order["id"])
    read = await suite.answer("get_order", order_id=order["id"], include=["shipments"])

    assert (unknown.code, unknown.field) == ("not_found", "lines.0.lot")
    assert (lacking.code, lacking.details["available"]) == ("conflict", "3")
    assert [
        sorted((line["lot"], line["quantity"]) for line in shipment["lines"])
        for shipment in read["shipments"]
    ] == [[("B", "1")], [("A", "3"), ("B", "2")]]
    assert await on_hand(client, sku) == 1.0


async def test_a_purchase_is_received_in_parts(suite: ErpSuite, client: TrytonClient) -> None:
    plain, lot_tracked = await new_item(client), await new_item(client, has_lots=True)
    vendor = await new_party(client, role="vendor")
    order = await suite.confirmed("purchase", vendor, {plain: "5", lot_tracked: "4"})
    lot = {"sku": lot_tracked, "lot": "L1", "expires_on": "2099-01-01", "quantity": "3"}

    missing = await suite.refusal("fulfil_order", order_id=order["id"])
    part = await suite.answer(
        "fulfil_order", order_id=order["id"], lines=[{"sku": plain, "quantity": "2"}, lot]
    )
    other_day = await suite.refusal(
        "fulfil_order",
        order_id=order["id"],
        lines=[{**lot, "quantity": "1", "expires_on": "2098-01-01"}],
    )
    await suite.answer(
        "fulfil_order",
        order_id=order["id"],
        lines=[{"sku": plain, "quantity": "3"}, {**lot, "quantity": "1", "lot": "L2"}],
    )
    read = await suite.answer("get_order", order_id=order["id"], include=["lines", "shipments"])

    assert (missing.code, missing.field) == ("invalid_request", "lines")
    assert part["state"] == "confirmed"
    assert (other_day.code, other_day.field) == ("invalid_request", "lines.0.expires_on")
    assert [line["fulfilled"] for line in read["lines"]] == ["5", "4"]
    assert [
        sorted((line["sku"] == plain, line["lot"], line["quantity"]) for line in one["lines"])
        for one in read["shipments"]
    ] == [
        [(False, "L1", "3"), (True, None, "2")],
        [(False, "L2", "1"), (True, None, "3")],
    ]
    assert read["shipments"][0]["lines"][-1]["expires_on"] in {None, "2099-01-01"}
    assert (await on_hand(client, plain), await on_hand(client, lot_tracked)) == (5.0, 4.0)


@pytest.mark.parametrize(
    ("lines", "code", "field"),
    [
        ([{"number": 1, "quantity": "0.5"}], "invalid_request", "lines.0.quantity"),
        ([{"number": 1, "quantity": "1", "lot": "L"}], "invalid_request", "lines.0.lot"),
    ],
)
async def test_lines_that_cannot_be_are_refused(
    suite: ErpSuite,
    client: TrytonClient,
    lines: list[dict[str, Any]],
    code: str,
    field: str,
) -> None:
    sku = await stocked(client, 9.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})

    error = await suite.refusal("fulfil_order", order_id=order["id"], lines=lines)

    assert (error.code, error.field, error.outcome) == (code, field, "not_done")
    assert await on_hand(client, sku) == 9.0


async def test_goods_leave_from_no_other_place_than_their_orders(
    suite: ErpSuite, client: TrytonClient
) -> None:
    sku = await stocked(client, 9.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})

    elsewhere = await suite.refusal("fulfil_order", order_id=order["id"], location="NORTH")
    nowhere = await suite.refusal("fulfil_order", order_id=order["id"], location="MOON")

    assert [(one.code, one.field) for one in (elsewhere, nowhere)] == [
        ("invalid_request", "location"),
        ("not_found", "location"),
    ]


async def test_a_preview_of_a_delivery_changes_nothing_and_says_what_would(
    suite: ErpSuite, client: TrytonClient
) -> None:
    sku = await stocked(client, 9.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})
    ask = {"order_id": order["id"], "lines": [{"sku": sku, "quantity": "2"}]}

    seen = await suite.answer("fulfil_order", dry_run=True, **ask)
    untouched = await suite.answer("get_order", order_id=order["id"], include=["lines"])
    await suite.answer("fulfil_order", preview_digest=seen["preview"]["preview_digest"], **ask)

    [effect] = seen["preview"]["effects"]
    assert (effect["before"]["fulfilled"], effect["after"]["fulfilled"]) == ("0", "2")
    assert untouched["version"] == order["version"]
    assert await on_hand(client, sku) == 7.0


async def test_orders_that_want_the_last_goods_at_the_same_moment_share_what_there_is(
    suite: ErpSuite, client: TrytonClient
) -> None:
    sku = await stocked(client, 5.0)
    customer = await new_party(client)
    orders = [await suite.confirmed("sale", customer, {sku: "3"}) for _ in range(3)]

    outcomes = await asyncio.gather(
        *(suite.call("fulfil_order", order_id=order["id"]) for order in orders)
    )

    done = [outcome for outcome in outcomes if outcome.error is None]
    refused = [outcome.error for outcome in outcomes if outcome.error]
    assert len(done) <= 1
    assert {(error.code, error.outcome) for error in refused} <= {("conflict", "not_done")}
    assert await on_hand(client, sku) == 5.0 - 3.0 * len(done)
