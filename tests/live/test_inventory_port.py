"""The inventory's port over every system behind it: our tables on both databases, and Tryton."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live_inventory import InventoryWorld, SqlWorld, TrytonWorld, serving_inventory
from live_tryton import Command, client_of
from pydantic import SecretStr

from engines import SYSTEMS, own_database, service
from switchgear_shared.testing import TEST_DATABASE_URL


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture(params=SYSTEMS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[InventoryWorld]:
    """An inventory of two warehouses, over each system."""
    async with AsyncExitStack() as opened:
        if request.param == "tryton":
            connection = request.getfixturevalue("tryton")
            suite = await opened.enter_async_context(serving_inventory(tmp_path, connection))
            client = client_of(connection)
            opened.push_async_callback(client.close)
            yield TrytonWorld(suite, client)
            return
        url: str | None = None
        if request.param == "postgresql":
            url = await opened.enter_async_context(own_database(service(TEST_DATABASE_URL)))
        suite = await opened.enter_async_context(
            serving_inventory(tmp_path, database_url=SecretStr(url) if url else None)
        )
        yield await SqlWorld(suite).open()


@pytest.fixture
async def sku(world: InventoryWorld) -> str:
    """An item that nobody else uses, without stock."""
    return await world.new_item()


@pytest.fixture
async def glue(world: InventoryWorld) -> str:
    """A lot-tracked item that nobody else uses, without stock."""
    return await world.new_item(has_lots=True)


def day(days: int) -> str:
    """Return the day so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


async def test_pages_of_items_neither_repeat_nor_skip_while_others_are_added(
    world: InventoryWorld,
) -> None:
    suite = world.suite
    skus = [await world.new_item() for _ in range(3)]
    seen: list[str] = []
    cursor = {}
    while True:
        page = await suite.answer("find_item", query="thing", limit=2, **cursor)
        seen += [item["sku"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        if len(seen) == 2:
            await world.new_item()

    assert len(seen) == len(set(seen))
    assert set(skus) <= set(seen)


async def test_a_count_sets_what_is_on_hand_and_is_found_by_its_reason(
    world: InventoryWorld, sku: str
) -> None:
    suite = world.suite
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
    world: InventoryWorld, sku: str
) -> None:
    suite = world.suite
    await suite.put(sku, "5")
    stale = {"sku": sku, "location": "WH", "expected_quantity": "4", "reason": "COUNT"}

    error = await suite.refusal("adjust", counted="9", **stale)

    assert (error.code, error.field, error.outcome) == ("conflict", "expected_quantity", "not_done")
    assert await suite.on_hand(sku) == {"WH": "5"}


async def test_counts_at_the_same_moment_change_the_stock_once_at_most(
    world: InventoryWorld, sku: str
) -> None:
    suite = world.suite
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
    world: InventoryWorld, sku: str, arguments: dict[str, str], field: str
) -> None:
    suite = world.suite
    about = {"sku": sku, "location": "WH", "expected_quantity": "0", "reason": "COUNT"}

    error = await suite.refusal("adjust", **about, **arguments)

    assert (error.code, error.field) == ("invalid_request", field)


async def test_goods_go_to_another_warehouse_whole(world: InventoryWorld, sku: str) -> None:
    suite = world.suite
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


async def test_more_than_is_available_does_not_go(world: InventoryWorld, sku: str) -> None:
    suite = world.suite
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
    world: InventoryWorld, sku: str
) -> None:
    suite = world.suite
    await suite.put(sku, "3")
    way = {"from_location": "WH", "to_location": "NORTH"}
    lines = [{"sku": sku, "quantity": "1"}]

    async def told(number: int) -> str:
        """Ask as a caller does, again with the key while the answer says so."""
        for _ in range(20):
            outcome = await suite.call("transfer", key=f"{sku}-{number}", lines=lines, **way)
            if outcome.error is None:
                return "done"
            if not outcome.error.retryable:
                return outcome.error.code
            await asyncio.sleep(outcome.error.retry_after_s or 0.1)
        return "never told"

    answers = await asyncio.gather(*(told(number) for number in range(8)))

    assert sorted(answers) == ["conflict"] * 5 + ["done"] * 3
    assert await suite.on_hand(sku) == {"NORTH": "3", "WH": "0"}


async def test_lots_leave_in_the_order_that_they_expire_in(
    world: InventoryWorld, glue: str
) -> None:
    suite = world.suite
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
    world: InventoryWorld, sku: str
) -> None:
    suite = world.suite
    number = await world.purchase({sku: 5})
    into = {"location": "WH"}
    before = await suite.answer("get_stock", sku=sku)

    first = await suite.answer(
        "receive", lines=[{"sku": sku, "quantity": "3"}], source_ref=number, **into
    )
    above = await suite.refusal(
        "receive", lines=[{"sku": sku, "quantity": "3"}], source_ref=number, **into
    )
    second = await suite.answer(
        "receive", lines=[{"sku": sku, "quantity": "2"}], source_ref=number, **into
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


async def test_a_delivery_of_several_lots_comes_in_as_one(world: InventoryWorld, glue: str) -> None:
    suite = world.suite
    number = await world.purchase({glue: 6})
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


async def test_what_a_purchase_does_not_bring_is_refused(
    world: InventoryWorld, sku: str, glue: str
) -> None:
    suite = world.suite
    number = await world.purchase({sku: 5})
    some = {"quantity": "1"}
    ask = {"location": "WH", "source_ref": number}

    other = await suite.refusal("receive", lines=[{"sku": glue, "lot": "L", **some}], **ask)
    no_lot = await suite.refusal("receive", lines=[{"sku": glue, **some}], **ask)
    elsewhere = await suite.refusal(
        "receive", lines=[{"sku": sku, **some}], location="NORTH", source_ref=number
    )

    fields = [(one.code, one.field) for one in (other, no_lot, elsewhere)]
    assert fields == [
        ("invalid_request", "lines.0.sku"),
        ("invalid_request", "lines.0.lot"),
        ("invalid_request", "location"),
    ]


async def test_a_receipt_at_the_same_moment_books_no_more_than_is_expected(
    world: InventoryWorld, sku: str
) -> None:
    suite = world.suite
    number = await world.purchase({sku: 5})
    ask = {"lines": [{"sku": sku, "quantity": "5"}], "location": "WH", "source_ref": number}

    outcomes = await asyncio.gather(
        *(suite.call("receive", key=f"{sku}-{place}", **ask) for place in range(3))
    )

    assert len([outcome for outcome in outcomes if outcome.error is None]) == 1
    assert {outcome.error.code for outcome in outcomes if outcome.error} == {"conflict"}
    assert await suite.on_hand(sku) == {"WH": "5"}


async def test_a_write_with_the_same_key_has_one_effect(world: InventoryWorld, sku: str) -> None:
    suite = world.suite
    number = await world.purchase({sku: 5})
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


async def test_goods_on_order_can_be_promised_from_the_day_they_are_due(
    world: InventoryWorld, sku: str
) -> None:
    suite = world.suite
    await world.purchase({sku: 5})
    lines = [{"sku": sku, "quantity": "5"}]

    now = await suite.answer("check_availability", lines=lines)
    then = await suite.answer("check_availability", lines=lines, by_date=day(7))
    past = await suite.refusal("check_availability", lines=lines, by_date=day(-1))

    assert (now["is_available"], now["lines"][0]["earliest_on"]) == (False, day(7))
    assert then["is_available"]
    assert (past.code, past.field) == ("invalid_request", "by_date")


async def test_pages_of_movements_follow_one_another(world: InventoryWorld, sku: str) -> None:
    suite = world.suite
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
