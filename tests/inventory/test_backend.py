"""What every inventory behind the port promises when it is read."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import (
    ItemEntry,
    ItemId,
    Level,
    LocationCode,
    LowStock,
    Movement,
    Sku,
    Stock,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError

AddItem = Callable[[int], Awaitable[None]]


NOTHING: dict[str, Any] = {"sku": None, "item_id": None, "location": None}


def search(**criteria: Any) -> dict[str, Any]:
    return {"query": None, "sku": None, "barcode": None, "limit": 10, "cursor": None, **criteria}


def moved(**criteria: Any) -> dict[str, Any]:
    every = ("sku", "source_ref", "kind", "since", "cursor")
    return {**dict.fromkeys(every), "limit": 10, **criteria}


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({}, ["BOLT-M8", "GLUE_50%", "HOSE-2", "PUMP-1", "SEAL-9"]),
        ({"query": "pump"}, ["PUMP-1", "SEAL-9"]),
        ({"query": "seal pump"}, ["SEAL-9"]),
        ({"query": "bolt-m8"}, ["BOLT-M8"]),
        ({"query": "50%"}, ["GLUE_50%"]),
        ({"query": "_"}, ["GLUE_50%"]),
        ({"query": "2000000000022"}, ["HOSE-2"]),
        ({"query": "zzzz"}, []),
        ({"query": "  "}, []),
        ({"sku": "pump-1"}, ["PUMP-1"]),
        ({"sku": "PUMP"}, []),
        ({"barcode": "2000000000039"}, ["GLUE_50%"]),
        ({"query": "bolt", "barcode": "2000000000039"}, []),
    ],
)
async def test_items_are_found_by_parts_of_names_and_whole_codes_best_first(
    inventory: InventoryBackend, caller: Caller, criteria: dict[str, Any], found: list[str]
) -> None:
    page = await inventory.find_items(caller.tenant, **search(**criteria))

    assert [item.sku for item in page.items] == found
    assert (page.total, page.approximate, page.truncated) == (len(found), False, False)


async def test_an_item_is_listed_with_its_stock_over_all_warehouses(
    inventory: InventoryBackend, caller: Caller
) -> None:
    page = await inventory.find_items(caller.tenant, **search(sku="BOLT-M8"))

    assert page.items == (
        ItemEntry(
            id=ItemId("itm_bolt"),
            sku=Sku("BOLT-M8"),
            name="Hexagon bolt M8",
            category="parts",
            unit="C62",
            barcode="2000000000015",
            is_lot_tracked=False,
            on_hand=Decimal(110),
            available=Decimal(80),
        ),
    )


@pytest.mark.parametrize(
    ("query", "first"), [("Hexagn blt", None), ("hexagom bolt", "BOLT-M8"), ("PUNP-1", "PUMP-1")]
)
async def test_what_matches_nothing_is_answered_with_what_is_spelled_alike(
    inventory: InventoryBackend, caller: Caller, query: str, first: str | None
) -> None:
    page = await inventory.find_items(caller.tenant, **search(query=query))

    assert [item.sku for item in page.items][:1] == ([first] if first else [])
    assert page.approximate == (first is not None)


async def test_pages_of_items_neither_repeat_nor_skip_while_some_are_added(
    inventory: InventoryBackend, caller: Caller, add_item: AddItem
) -> None:
    for number in range(20, 40, 2):
        await add_item(number)
    seen: list[str] = []
    cursor: str | None = None
    added = 1
    for _ in range(40):
        page = await inventory.find_items(
            caller.tenant, **search(query="nut", limit=3, cursor=cursor)
        )
        seen += [item.sku for item in page.items]
        await add_item(added)
        added += 1
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == [f"NUT-{number:02d}" for number in range(20, 40, 2)]


async def test_stock_is_shown_in_total_and_by_warehouse(
    inventory: InventoryBackend, caller: Caller
) -> None:
    stock = await inventory.get_stock(
        caller.tenant, sku=Sku("bolt-m8"), item_id=None, location=None
    )

    assert stock == Stock(
        item_id=ItemId("itm_bolt"),
        sku=Sku("BOLT-M8"),
        name="Hexagon bolt M8",
        unit="C62",
        is_lot_tracked=False,
        vendor_id="acc_1",
        reorder_point=Decimal(100),
        reorder_quantity=Decimal(500),
        on_hand=Decimal(110),
        reserved=Decimal(30),
        available=Decimal(80),
        incoming=Decimal(45),
        levels=(
            Level(
                location=LocationCode("HAM"),
                location_name="Hamburg",
                on_hand=Decimal(20),
                reserved=Decimal(0),
                available=Decimal(20),
                incoming=Decimal(0),
                version="1",
            ),
            Level(
                location=LocationCode("JEN"),
                location_name="Jena",
                on_hand=Decimal(90),
                reserved=Decimal(30),
                available=Decimal(60),
                incoming=Decimal(45),
                version="1",
            ),
        ),
    )


async def test_stock_in_one_warehouse_is_zero_where_the_item_never_was(
    inventory: InventoryBackend, caller: Caller
) -> None:
    here = await inventory.get_stock(
        caller.tenant, sku=None, item_id=ItemId("itm_hose"), location=LocationCode("JEN")
    )
    there = await inventory.get_stock(
        caller.tenant, sku=None, item_id=ItemId("itm_hose"), location=LocationCode("HAM")
    )

    assert (here.on_hand, here.available, len(here.levels)) == (Decimal("12.5"), Decimal(12), 1)
    assert (there.on_hand, [level.version for level in there.levels]) == (Decimal(0), ["0"])


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ({"sku": "NONE"}, "there is no item NONE"),
        ({"sku": "BOLT-M8", "item_id": "itm_hose"}, "there is no item BOLT-M8 itm_hose"),
        ({"sku": "BOLT-M8", "location": "supplier"}, "there is no warehouse supplier"),
    ],
)
async def test_an_unknown_item_or_warehouse_is_not_found(
    inventory: InventoryBackend, caller: Caller, criteria: dict[str, Any], message: str
) -> None:
    with pytest.raises(NotFoundError, match=message):
        await inventory.get_stock(caller.tenant, **{**NOTHING, **criteria})


async def test_low_stock_is_what_is_available_against_the_reorder_point_least_covered_first(
    inventory: InventoryBackend, caller: Caller
) -> None:
    page = await inventory.list_low_stock(caller.tenant, location=None, limit=10, cursor=None)
    here = await inventory.list_low_stock(
        caller.tenant, location=LocationCode("HAM"), limit=10, cursor=None
    )

    assert [(item.sku, item.cover_percent) for item in page.items] == [
        ("SEAL-9", 0),
        ("HOSE-2", 60),
        ("BOLT-M8", 80),
    ]
    assert page.items[0] == LowStock(
        item_id=ItemId("itm_seal"),
        sku=Sku("SEAL-9"),
        name="Pump seal",
        unit="C62",
        available=Decimal(0),
        incoming=Decimal(7),
        reorder_point=Decimal(10),
        reorder_quantity=Decimal(50),
        cover_percent=0,
        vendor_id="acc_1",
    )
    assert [(item.sku, item.available, item.incoming) for item in here.items] == [
        ("BOLT-M8", Decimal(20), Decimal(0))
    ]
    with pytest.raises(NotFoundError):
        await inventory.list_low_stock(
            caller.tenant, location=LocationCode("NONE"), limit=10, cursor=None
        )


async def test_pages_of_low_stock_neither_repeat_nor_skip_while_items_are_added(
    inventory: InventoryBackend, caller: Caller, add_item: AddItem
) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for number in range(10):
        page = await inventory.list_low_stock(caller.tenant, location=None, limit=1, cursor=cursor)
        seen += [item.sku for item in page.items]
        await add_item(number)
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == ["SEAL-9", "HOSE-2", "BOLT-M8"]


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({}, ["mov_5", "mov_4", "mov_3", "mov_2", "mov_6", "mov_1"]),
        ({"sku": "bolt-m8"}, ["mov_3", "mov_2", "mov_1"]),
        ({"source_ref": "PO-1"}, ["mov_4", "mov_3"]),
        ({"source_ref": "PO-1", "kind": "receipt", "sku": "HOSE-2"}, ["mov_4"]),
        ({"kind": "shipment"}, ["mov_2"]),
        ({"since": datetime(2026, 10, 3, 8, tzinfo=UTC)}, ["mov_5", "mov_4", "mov_3"]),
        ({"source_ref": "PO-%"}, []),
        ({"sku": "NONE"}, []),
    ],
)
async def test_filters_of_movements_combine_and_the_newest_comes_first(
    inventory: InventoryBackend, caller: Caller, criteria: dict[str, Any], found: list[str]
) -> None:
    page = await inventory.list_movements(caller.tenant, **moved(**criteria))

    assert [movement.id for movement in page.items] == found
    assert page.total == len(found)


async def test_a_movement_says_what_went_from_where_to_where_and_why(
    inventory: InventoryBackend, caller: Caller
) -> None:
    page = await inventory.list_movements(caller.tenant, **moved(source_ref="PO-2"))

    assert page.items == (
        Movement(
            id="mov_5",
            kind="receipt",
            sku=Sku("GLUE_50%"),
            quantity=Decimal(8),
            unit="LTR",
            from_location="supplier",
            to_location="JEN",
            source_ref="PO-2",
            lot="L1",
            expires_on=None,
            moved_at=datetime(2026, 10, 4, 8, tzinfo=UTC),
            done_by="demo",
        ),
    )


async def test_a_tenant_sees_nothing_of_another(inventory: InventoryBackend) -> None:
    nobody = TenantId("nobody")

    found = await inventory.find_items(nobody, **search())
    movements = await inventory.list_movements(nobody, **moved())
    low = await inventory.list_low_stock(nobody, location=None, limit=10, cursor=None)

    assert (found.items, movements.items, low.items) == ((), (), ())
    assert (found.total, movements.total, low.total) == (0, 0, 0)
    with pytest.raises(NotFoundError):
        await inventory.get_stock(nobody, sku=Sku("BOLT-M8"), item_id=None, location=None)


@pytest.mark.parametrize("cursor", ["nonsense", "WyJpbnZlbnRvcnkubW92ZW1lbnRzIiwxLDJd"])
async def test_a_cursor_that_is_not_ours_is_refused(
    inventory: InventoryBackend, caller: Caller, cursor: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        await inventory.list_movements(caller.tenant, **moved(cursor=cursor))

    assert refused.value.field == "cursor"


async def test_skus_and_warehouses_are_listed_for_completion(
    inventory: InventoryBackend, caller: Caller
) -> None:
    assert await inventory.skus(caller.tenant, prefix="p", limit=20) == ["PUMP-1"]
    assert await inventory.skus(caller.tenant, prefix="", limit=2) == ["BOLT-M8", "GLUE_50%"]
    assert await inventory.locations(caller.tenant) == ["HAM", "JEN"]
