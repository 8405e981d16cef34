"""The inventory's tools over a real Tryton."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live_inventory import InventorySuite, new_item, purchase, serving_inventory
from live_tryton import Command, confirmed_sale

from switchgear_inventory.tryton import CAVEATS
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[InventorySuite]:
    async with serving_inventory(tmp_path / "data", tryton) as suite:
        yield suite


@pytest.fixture
async def sku(client: TrytonClient) -> str:
    """An item that nobody else uses, without stock."""
    return await new_item(client)


@pytest.fixture
async def glue(client: TrytonClient) -> str:
    """A lot-tracked item that nobody else uses, without stock."""
    return await new_item(client, has_lots=True)


def day(days: int) -> str:
    """Return the day so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


async def test_whoami_tells_what_tryton_cannot_keep(suite: InventorySuite) -> None:
    backend = (await suite.answer("whoami"))["backend"]

    assert (backend["name"], tuple(backend["caveats"])) == ("inventory/tryton", CAVEATS)


async def test_an_item_is_found_by_sku_name_and_spelling(suite: InventorySuite, sku: str) -> None:
    by_sku = await suite.answer("find_item", sku=sku.lower())
    by_name = await suite.answer("find_item", query=f"thing {sku}")
    spelled = await suite.answer("find_item", query="circiut braeker")
    nothing = await suite.answer("find_item", query="%_\\'")

    assert [item["sku"] for item in by_sku["items"]] == [sku]
    assert [item["sku"] for item in by_name["items"]] == [sku]
    assert spelled["approximate"]
    assert {"BRK-016", "BRK-063"} <= {item["sku"] for item in spelled["items"]}
    assert (nothing["items"], nothing["total"]) == ([], 0)


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "field"),
    [
        ("get_stock", {"sku": "NOPE"}, "not_found", "sku"),
        ("get_stock", {"sku": "BRK%"}, "not_found", "sku"),
        ("get_stock", {"item_id": "1" * 30}, "not_found", "item_id"),
        ("get_stock", {"sku": "BRK-016", "location": "W_"}, "not_found", "location"),
        ("get_stock", {"sku": "BRK\0"}, "invalid_request", "sku"),
        ("find_item", {"query": "a", "cursor": "WyJ4Il0"}, "invalid_request", "cursor"),
        ("list_movements", {"cursor": "WyJ4Il0"}, "invalid_request", "cursor"),
        ("list_low_stock", {"location": "NOPE"}, "not_found", "location"),
        ("propose_reorder", {"location": "NOPE"}, "not_found", "location"),
        ("release", {"reservation_id": "99999999"}, "not_found", "reservation_id"),
        ("release", {"reservation_id": "rsv_1"}, "not_found", "reservation_id"),
    ],
)
async def test_what_is_not_known_is_refused(
    suite: InventorySuite, tool: str, arguments: dict[str, Any], code: str, field: str
) -> None:
    error = await suite.refusal(tool, **arguments)

    assert (error.code, error.field) == (code, field)


async def test_a_delivery_that_tryton_refuses_leaves_the_purchase_as_it_was(
    suite: InventorySuite, client: TrytonClient, glue: str
) -> None:
    """Tryton lets no expired goods in, and says so only when they are taken in."""
    number = await purchase(client, {glue: 6.0})
    ask = {"location": "WH", "source_ref": number}
    gone = {"sku": glue, "quantity": "1", "lot": "GONE", "expires_on": day(-1)}
    good = {"sku": glue, "quantity": "2", "lot": "GOOD", "expires_on": day(9)}

    error = await suite.refusal("receive", lines=[good, gone], **ask)
    before = await suite.answer("get_stock", sku=glue)
    done = await suite.answer("receive", lines=[{**good, "quantity": "6"}], **ask)

    assert (error.code, error.outcome) == ("invalid_request", "not_done")
    assert (before["on_hand"], before["incoming"]) == ("0", "6")
    assert done["state"] == "received"
    assert await suite.on_hand(glue) == {"WH": "6"}


async def test_goods_come_in_by_the_vendors_number_too_and_for_no_unknown_one(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    number = await purchase(client, {sku: 5.0}, reference=f"PO-{sku}")
    ask = {"lines": [{"sku": sku, "quantity": "5"}], "location": "WH"}

    done = await suite.answer("receive", source_ref=f"PO-{sku}", **ask)
    unknown = await suite.refusal("receive", source_ref="NOPE", **ask)
    movements = await suite.answer("list_movements", sku=sku)

    assert done["state"] == "received"
    assert [one["source_ref"] for one in movements["items"]] == [number]
    assert (unknown.code, unknown.field) == ("invalid_request", "source_ref")


async def test_a_preview_sends_nothing_and_holds_only_while_the_stock_is_the_same(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    await suite.put(sku, "5")
    ask = {
        "lines": [{"sku": sku, "quantity": "2"}],
        "from_location": "WH",
        "to_location": "NORTH",
    }
    shipments = await client.call("stock.shipment.internal", "search_count", [])

    shown = await suite.answer("transfer", dry_run=True, **ask)
    sent = await client.call("stock.shipment.internal", "search_count", []) - shipments
    digest = shown["preview"]["preview_digest"]
    gone = {"sku": sku, "location": "WH", "expected_quantity": "5", "reason": "GONE"}
    await suite.answer("adjust", counted="4", **gone)
    error = await suite.refusal("transfer", preview_digest=digest, **ask)
    again = await suite.answer("transfer", dry_run=True, **ask)
    done = await suite.answer("transfer", preview_digest=again["preview"]["preview_digest"], **ask)

    assert sent == 0
    assert len(shown["preview"]["effects"]) == 2
    assert (error.code, done["state"]) == ("conflict", "transferred")
    assert await suite.on_hand(sku) == {"NORTH": "2", "WH": "2"}


async def test_what_an_order_holds_is_reserved_and_not_available(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    await suite.put(sku, "5")
    sale_id = await confirmed_sale(client, sku, 2.0)
    [sale] = await client.call("sale.sale", "read", [sale_id], ["number", "shipments"])
    await client.call("stock.shipment.out", "assign_try", sale["shipments"])

    stock = await suite.answer("get_stock", sku=sku, include=["reservations"])
    check = await suite.answer("check_availability", lines=[{"sku": sku, "quantity": "4"}])
    count = {"sku": sku, "location": "WH", "expected_quantity": "5", "reason": "COUNT"}
    below = await suite.refusal("adjust", counted="1", **count)
    held = await suite.refusal("release", for_ref=sale["number"])
    nothing = await suite.answer("release", for_ref="NOTHING")

    assert (stock["on_hand"], stock["reserved"], stock["available"]) == ("5", "2", "3")
    [reservation] = stock["reservations"]
    assert (reservation["for_ref"], reservation["quantity"]) == (sale["number"], "2")
    assert (check["is_available"], check["lines"][0]["shortfall"]) == (False, "1")
    assert (below.code, below.details["reserved"]) == ("conflict", "2")
    assert (held.code, nothing["changed"]) == ("backend_rejected", False)


async def test_a_sale_that_left_is_a_shipment_of_the_sale(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    await suite.put(sku, "5")
    sale_id = await confirmed_sale(client, sku, 2.0)
    [sale] = await client.call("sale.sale", "read", [sale_id], ["number", "shipments"])
    for step in ("assign_try", "pick", "pack", "do"):
        await client.call("stock.shipment.out", step, sale["shipments"])

    found = await suite.answer("list_movements", sku=sku, source_ref=sale["number"])

    [movement] = found["items"]
    assert (movement["kind"], movement["from_location"], movement["to_location"]) == (
        "shipment",
        "WH",
        "customer",
    )
    assert await suite.on_hand(sku) == {"WH": "3"}


async def test_stock_is_held_by_orders_only(suite: InventorySuite, sku: str) -> None:
    await suite.put(sku, "5")

    error = await suite.refusal(
        "reserve", lines=[{"sku": sku, "quantity": "1"}], for_ref="SO-2026-0001"
    )

    assert (error.code, error.outcome) == ("backend_rejected", "not_done")
    assert "SO-2026-0001" in error.message


async def test_what_runs_out_is_listed_and_proposed(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    [product] = (
        await client.search("product.product", [["code", "=", sku]], ["id"], limit=1)
    ).records
    [place] = (
        await client.search("stock.location", [["code", "=", "WH"]], ["id"], limit=1)
    ).records
    point = {
        "product": product["id"],
        "location": place["id"],
        "type": "purchase",
        "min_quantity": 10.0,
        "target_quantity": 30.0,
    }
    await client.call("stock.order_point", "create", [point])
    await suite.put(sku, "12")
    gone = {"sku": sku, "location": "WH", "expected_quantity": "12", "reason": "GONE"}

    await suite.answer("adjust", counted="4", **gone)
    low = await suite.answer("list_low_stock", location="WH", limit=50)
    reorder = await suite.answer("propose_reorder", limit=50)

    [one] = [item for item in low["items"] if item["sku"] == sku]
    assert (one["available"], one["reorder_point"], one["cover_percent"]) == ("4", "10", 40)
    [line] = [item for item in reorder["items"] if item["sku"] == sku]
    assert (line["quantity"], line["vendor_id"]) == ("20", "")
    assert (await suite.events())[-1] == "inventory.stock.below_reorder_point"
