"""The inventory's tools over a real Tryton."""

import asyncio
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


async def test_pages_of_items_neither_repeat_nor_skip_while_others_are_added(
    suite: InventorySuite, client: TrytonClient
) -> None:
    skus = [await new_item(client) for _ in range(3)]
    seen: list[str] = []
    cursor = {}
    while True:
        page = await suite.answer("find_item", query="thing", limit=2, **cursor)
        seen += [item["sku"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        if len(seen) == 2:
            await new_item(client)

    assert len(seen) == len(set(seen))
    assert set(skus) <= set(seen)


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


async def test_a_count_sets_what_is_on_hand_and_is_found_by_its_reason(
    suite: InventorySuite, sku: str
) -> None:
    done = await suite.answer(
        "adjust", sku=sku, location="WH", counted="7", expected_quantity="0", reason=f"C-{sku}"
    )
    movements = await suite.answer("list_movements", source_ref=f"C-{sku}")

    assert await suite.on_hand(sku) == {"WH": "7"}
    assert (done["state"], done["ref"], done["changed"]) == ("adjusted", f"C-{sku}", True)
    [movement] = movements["items"]
    assert (movement["id"], movement["kind"], movement["quantity"]) == (
        done["id"],
        "adjustment",
        "7",
    )
    assert (movement["from_location"], movement["to_location"]) == ("count", "WH")
    assert movement["source_ref"] == f"C-{sku}"
    assert await suite.events() == ["inventory.stock.adjusted"]


async def test_a_stale_expected_quantity_is_a_conflict_and_changes_nothing(
    suite: InventorySuite, sku: str
) -> None:
    await suite.put(sku, "5")
    stale = {"sku": sku, "location": "WH", "expected_quantity": "4", "reason": "COUNT"}

    error = await suite.refusal("adjust", counted="9", **stale)

    assert (error.code, error.field, error.outcome) == ("conflict", "expected_quantity", "not_done")
    assert await suite.on_hand(sku) == {"WH": "5"}


async def test_counts_at_the_same_moment_change_the_stock_once_at_most(
    suite: InventorySuite, sku: str
) -> None:
    await suite.put(sku, "5")
    gone = {"sku": sku, "location": "WH", "expected_quantity": "5", "delta": "-2"}

    outcomes = await asyncio.gather(
        *(suite.call("adjust", reason=f"GONE-{number}", **gone) for number in range(4))
    )

    done = [outcome for outcome in outcomes if outcome.error is None]
    assert len(done) <= 1
    assert {outcome.error.code for outcome in outcomes if outcome.error} <= {"conflict"}
    assert await suite.on_hand(sku) == {"WH": "3" if done else "5"}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"counted": "1.5"}, "counted"),
        ({"counted": "1000000001"}, "counted"),
        ({"delta": "-1"}, "delta"),
        ({"counted": "1", "delta": "1"}, "counted"),
        ({"counted": "1", "lot": "L"}, "lot"),
    ],
)
async def test_a_count_that_cannot_be_is_refused(
    suite: InventorySuite, sku: str, arguments: dict[str, str], field: str
) -> None:
    about = {"sku": sku, "location": "WH", "expected_quantity": "0", "reason": "COUNT"}

    error = await suite.refusal("adjust", **about, **arguments)

    assert (error.code, error.field) == ("invalid_request", field)


async def test_goods_go_to_another_warehouse_whole(suite: InventorySuite, sku: str) -> None:
    await suite.put(sku, "5")

    done = await suite.answer(
        "transfer",
        lines=[{"sku": sku, "quantity": "2"}],
        from_location="WH",
        to_location="NORTH",
        source_ref=f"TR-{sku}",
    )
    movements = await suite.answer("list_movements", source_ref=f"TR-{sku}")

    assert await suite.on_hand(sku) == {"NORTH": "2", "WH": "3"}
    assert (done["state"], done["ref"]) == ("transferred", f"TR-{sku}")
    [movement] = movements["items"]
    assert (movement["id"], movement["kind"], movement["source_ref"]) == (
        done["id"],
        "transfer",
        f"TR-{sku}",
    )
    assert (movement["from_location"], movement["to_location"]) == ("WH", "NORTH")
    assert await suite.events() == ["inventory.stock.adjusted", "inventory.stock.transferred"]


async def test_more_than_is_available_does_not_go(suite: InventorySuite, sku: str) -> None:
    await suite.put(sku, "5")
    way = {"from_location": "WH", "to_location": "NORTH"}

    at = await suite.call("transfer", lines=[{"sku": sku, "quantity": "5"}], dry_run=True, **way)
    above = await suite.refusal("transfer", lines=[{"sku": sku, "quantity": "6"}], **way)
    twice = await suite.refusal(
        "transfer", lines=[{"sku": sku, "quantity": "3"}, {"sku": sku, "quantity": "3"}], **way
    )

    assert at.error is None
    assert (above.code, above.field, above.details["available"]) == (
        "conflict",
        "lines.0.quantity",
        "5",
    )
    assert (twice.code, twice.field) == ("conflict", "lines.1.quantity")
    assert await suite.on_hand(sku) == {"WH": "5"}


async def test_of_eight_transfers_at_once_exactly_those_happen_that_the_stock_is_enough_for(
    suite: InventorySuite, sku: str
) -> None:
    await suite.put(sku, "3")
    way = {"from_location": "WH", "to_location": "NORTH"}
    lines = [{"sku": sku, "quantity": "1"}]

    outcomes = await asyncio.gather(
        *(suite.call("transfer", key=f"{sku}-{number}", lines=lines, **way) for number in range(8))
    )

    refused = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert [error.code for error in refused] == ["conflict"] * 5
    assert await suite.on_hand(sku) == {"NORTH": "3", "WH": "0"}


async def test_lots_leave_in_the_order_that_they_expire_in(
    suite: InventorySuite, glue: str
) -> None:
    await suite.put(glue, "4", lot="LATE", expires_on=day(90))
    await suite.put(glue, "2", lot="SOON", expires_on=day(30))
    await suite.put(glue, "1", lot="GONE", expires_on=day(-1))
    way = {"from_location": "WH", "to_location": "NORTH"}

    await suite.answer("transfer", lines=[{"sku": glue, "quantity": "3"}], **way)
    named = [{"sku": glue, "quantity": "1", "lot": "GONE"}]
    await suite.answer("transfer", lines=named, **way)
    above = await suite.refusal("transfer", lines=[{"sku": glue, "quantity": "4"}], **way)
    stock = await suite.answer("get_stock", sku=glue, include=["lots"])

    lots = [(lot["location"], lot["lot"], lot["on_hand"]) for lot in stock["lots"]]
    assert lots == [
        ("NORTH", "GONE", "1"),
        ("NORTH", "SOON", "2"),
        ("NORTH", "LATE", "1"),
        ("WH", "LATE", "3"),
    ]
    assert [level["available"] for level in stock["levels"]] == ["3", "3"]
    assert above.code == "conflict"


async def test_goods_come_in_for_a_purchase_until_all_are_there(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    number = await purchase(client, {sku: 5.0}, reference=f"PO-{sku}")
    into = {"location": "WH"}
    before = await suite.answer("get_stock", sku=sku)

    first = await suite.answer(
        "receive", lines=[{"sku": sku, "quantity": "3"}], source_ref=number, **into
    )
    above = await suite.refusal(
        "receive", lines=[{"sku": sku, "quantity": "3"}], source_ref=number, **into
    )
    second = await suite.answer(
        "receive", lines=[{"sku": sku, "quantity": "2"}], source_ref=f"PO-{sku}", **into
    )
    movements = await suite.answer("list_movements", source_ref=number, kind="receipt")

    assert (before["on_hand"], before["incoming"]) == ("0", "5")
    assert (first["state"], second["state"]) == ("partly_received", "received")
    assert (above.code, above.field) == ("conflict", "lines.0.quantity")
    assert await suite.on_hand(sku) == {"WH": "5"}
    assert [(one["id"], one["quantity"], one["source_ref"]) for one in movements["items"]] == [
        (second["id"], "2", number),
        (first["id"], "3", number),
    ]
    assert await suite.events() == ["inventory.stock.received"] * 2


async def test_a_delivery_of_several_lots_comes_in_as_one(
    suite: InventorySuite, client: TrytonClient, glue: str
) -> None:
    number = await purchase(client, {glue: 6.0})
    lines = [
        {"sku": glue, "quantity": "2", "lot": "A", "expires_on": day(40)},
        {"sku": glue, "quantity": "3", "lot": "B", "expires_on": day(50)},
    ]

    done = await suite.answer("receive", lines=lines, location="WH", source_ref=number)
    stock = await suite.answer("get_stock", sku=glue, include=["lots"])

    assert done["state"] == "partly_received"
    assert [(lot["lot"], lot["on_hand"], lot["expires_on"]) for lot in stock["lots"]] == [
        ("A", "2", day(40)),
        ("B", "3", day(50)),
    ]
    assert stock["incoming"] == "1"


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


async def test_what_a_purchase_does_not_bring_is_refused(
    suite: InventorySuite, client: TrytonClient, sku: str, glue: str
) -> None:
    number = await purchase(client, {sku: 5.0})
    some = {"quantity": "1"}
    ask = {"location": "WH", "source_ref": number}

    other = await suite.refusal("receive", lines=[{"sku": glue, "lot": "L", **some}], **ask)
    no_lot = await suite.refusal("receive", lines=[{"sku": glue, **some}], **ask)
    elsewhere = await suite.refusal(
        "receive", lines=[{"sku": sku, **some}], location="NORTH", source_ref=number
    )
    unknown = await suite.refusal(
        "receive", lines=[{"sku": sku, **some}], location="WH", source_ref="NOPE"
    )

    fields = [(one.code, one.field) for one in (other, no_lot, elsewhere, unknown)]
    assert fields == [
        ("invalid_request", "lines.0.sku"),
        ("invalid_request", "lines.0.lot"),
        ("invalid_request", "location"),
        ("invalid_request", "source_ref"),
    ]


async def test_a_receipt_at_the_same_moment_books_no_more_than_is_expected(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    number = await purchase(client, {sku: 5.0})
    ask = {"lines": [{"sku": sku, "quantity": "5"}], "location": "WH", "source_ref": number}

    outcomes = await asyncio.gather(
        *(suite.call("receive", key=f"{sku}-{place}", **ask) for place in range(3))
    )

    assert len([outcome for outcome in outcomes if outcome.error is None]) == 1
    assert {outcome.error.code for outcome in outcomes if outcome.error} == {"conflict"}
    assert await suite.on_hand(sku) == {"WH": "5"}


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


async def test_a_write_with_the_same_key_has_one_effect(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    number = await purchase(client, {sku: 5.0})
    count = {"sku": sku, "location": "WH", "expected_quantity": "2", "reason": "COUNT"}
    move = {"lines": [{"sku": sku, "quantity": "1"}], "from_location": "WH"}
    calls: list[tuple[str, dict[str, Any]]] = [
        (
            "receive",
            {
                "lines": [{"sku": sku, "quantity": "2"}],
                "location": "WH",
                "source_ref": number,
            },
        ),
        ("adjust", {"counted": "3", **count}),
        ("transfer", {"to_location": "NORTH", **move}),
    ]

    for tool, arguments in calls:
        first = await suite.answer(tool, key=sku, **arguments)
        second = await suite.answer(tool, key=sku, **arguments)
        assert second == {**first, "replayed": True}

    assert await suite.on_hand(sku) == {"NORTH": "1", "WH": "2"}


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


async def test_goods_on_order_can_be_promised_from_the_day_they_are_due(
    suite: InventorySuite, client: TrytonClient, sku: str
) -> None:
    await purchase(client, {sku: 5.0})
    lines = [{"sku": sku, "quantity": "5"}]

    now = await suite.answer("check_availability", lines=lines)
    then = await suite.answer("check_availability", lines=lines, by_date=day(7))
    past = await suite.refusal("check_availability", lines=lines, by_date=day(-1))

    assert (now["is_available"], now["lines"][0]["earliest_on"]) == (False, day(7))
    assert then["is_available"]
    assert (past.code, past.field) == ("invalid_request", "by_date")


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


async def test_pages_of_movements_follow_one_another(suite: InventorySuite, sku: str) -> None:
    await suite.put(sku, "1")
    for number in range(1, 5):
        about = {"sku": sku, "location": "WH", "expected_quantity": str(number), "reason": "MORE"}
        await suite.answer("adjust", delta="1", **about)

    first = await suite.answer("list_movements", sku=sku, limit=3)
    await suite.put(sku, "9", "NORTH")
    second = await suite.answer("list_movements", sku=sku, limit=3, cursor=first["next_cursor"])
    later = await suite.answer("list_movements", sku=sku, since=day(1))

    ids = [movement["id"] for page in (first, second) for movement in page["items"]]
    assert (len(ids), len(set(ids)), first["total"], second["next_cursor"]) == (5, 5, 5, None)
    assert later["items"] == []
