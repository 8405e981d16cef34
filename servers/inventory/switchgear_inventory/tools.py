"""The inventory's tools: one function, one backend call, no I/O of its own."""

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import Field

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import (
    MOST_LINES,
    ItemId,
    ItemPage,
    LocationCode,
    LowStockPage,
    MovementKind,
    MovementPage,
    ReceiptLine,
    Sku,
    Stock,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.toolset import ResourceBody, Toolset

inventory = Toolset[InventoryBackend]()

_Sku = Annotated[
    Sku, Field(min_length=1, max_length=64, description="`sku` from inventory_find_item.")
]
_Location = Annotated[
    LocationCode,
    Field(
        min_length=1,
        max_length=16,
        description="Warehouse code, as `location` in inventory_get_stock.",
    ),
]
_SourceRef = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^\S(.*\S)?$",
        description="Number of the order behind it: the ERP order's `ref`, such as PO-2026-0901.",
    ),
]
_Limit = Annotated[int, Field(ge=1, le=50, description="Most rows to return.")]
_Cursor = Annotated[
    str, Field(min_length=1, max_length=500, description="`next_cursor` of the page before.")
]


@inventory.read(permission="inventory.item.read")
async def inventory_find_item(
    backend: InventoryBackend,
    caller: Caller,
    *,
    query: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="Parts of the name, SKU or category; all words must match.",
        ),
    ] = None,
    sku: Annotated[Sku | None, Field(max_length=64, description="The whole SKU.")] = None,
    barcode: Annotated[
        str | None, Field(pattern="^[0-9]{8,14}$", description="The whole EAN or GTIN.")
    ] = None,
    limit: _Limit = 10,
    cursor: _Cursor | None = None,
) -> ItemPage:
    """Find items with their stock, best match first.

    Start here for a `sku`. `approximate` means nothing matched as written and these are only
    spelled alike: make sure before you use one. No items means no match.
    Fails with invalid_request unless one of query, sku and barcode is given.
    """
    return await backend.find_items(
        caller.tenant, query=query, sku=sku, barcode=barcode, limit=limit, cursor=cursor
    )


@inventory.read(permission="inventory.stock.read")
async def inventory_get_stock(
    backend: InventoryBackend,
    caller: Caller,
    *,
    sku: _Sku | None = None,
    item_id: Annotated[
        ItemId | None, Field(max_length=64, description="Instead of `sku`: the item's `id`.")
    ] = None,
    location: _Location | None = None,
) -> Stock:
    """Get what is on hand, reserved, available and incoming of one item, by warehouse.

    Promise only what is `available`. Give `sku` or `item_id`, else invalid_request.
    Fails with not_found for an unknown item or warehouse.
    """
    if sku is None and item_id is None:
        raise InvalidRequestError("sku or item_id is needed", field="sku")
    return await backend.get_stock(caller.tenant, sku=sku, item_id=item_id, location=location)


@inventory.read(permission="inventory.stock.read")
async def inventory_list_low_stock(
    backend: InventoryBackend,
    caller: Caller,
    *,
    location: _Location | None = None,
    limit: _Limit = 10,
    cursor: _Cursor | None = None,
) -> LowStockPage:
    """List items at or below their reorder point, the least covered first.

    See `incoming` before you order more. With `location`: what is available there, against the
    same reorder point. Fails with not_found for an unknown warehouse.
    """
    return await backend.list_low_stock(
        caller.tenant, location=location, limit=limit, cursor=cursor
    )


@inventory.read(permission="inventory.movement.read")
async def inventory_list_movements(
    backend: InventoryBackend,
    caller: Caller,
    *,
    sku: _Sku | None = None,
    source_ref: _SourceRef | None = None,
    kind: Annotated[MovementKind | None, Field(description="Keep only these.")] = None,
    since: Annotated[date | None, Field(description="From the start of this day, UTC.")] = None,
    limit: _Limit = 10,
    cursor: _Cursor | None = None,
) -> MovementPage:
    """List goods received, shipped and adjusted, newest first.

    With kind `receipt` and the purchase order as `source_ref`: what was received for it, as
    erp_match_invoice wants it. Filters combine; no items means nothing moved.
    Fails with invalid_request for a foreign cursor.
    """
    return await backend.list_movements(
        caller.tenant,
        sku=sku,
        source_ref=source_ref,
        kind=kind,
        since=datetime.combine(since, time(), UTC) if since else None,
        limit=limit,
        cursor=cursor,
    )


@inventory.write(permission="inventory.stock.receive", idempotent=False)
async def inventory_receive(
    backend: InventoryBackend,
    caller: Caller,
    *,
    lines: Annotated[
        tuple[ReceiptLine, ...],
        Field(min_length=1, max_length=MOST_LINES, description="What came, as counted."),
    ],
    location: _Location,
    source_ref: _SourceRef,
) -> WriteResult:
    """Take goods into a warehouse that came for a purchase order: all lines or none.

    State `partly_received` means the order expects more. Fails with conflict if it expects less
    of an item (look at inventory_list_movements: they may be received already), with
    invalid_request for a missing lot or an item or warehouse the order is not for, with not_found.
    """
    return await backend.receive(
        caller.tenant, lines=lines, location=location, source_ref=source_ref, caller=caller
    )


@inventory.resource(
    "inventory://items/{sku}",
    permission="inventory.stock.read",
    mime_type="application/json",
    name="inventory_item_resource",
)
async def item_resource(
    backend: InventoryBackend,
    caller: Caller,
    *,
    sku: Annotated[Sku, Field(min_length=1, max_length=64)],
) -> ResourceBody:
    """An item with its stock by warehouse."""
    stock = await backend.get_stock(caller.tenant, sku=sku, item_id=None, location=None)
    return ResourceBody(text=stock.model_dump_json(), mime_type="application/json")


@inventory.prompt("plan_reorder")
def plan_reorder(
    location: Annotated[str, "Warehouse code; all warehouses without."] = "",
) -> str:
    """Plan what to order for a warehouse."""
    where = f"warehouse {location}" if location else "all warehouses together"
    argument = f" with location {location}" if location else ""
    return (
        f"Plan a reorder for {where}.\n"
        f"1. inventory_list_low_stock{argument}, all pages.\n"
        "2. Drop what `incoming` already brings above the reorder point; say which.\n"
        "3. For the rest propose reorder_quantity, or more where inventory_list_movements of the "
        "last 90 days shows that more is shipped while an order is on its way.\n"
        "4. Group by vendor_id, which is the party_id of the ERP; where you have the ERP's tools, "
        "add the vendor's name and our cost.\n"
        "Answer with one table a vendor: sku, name, available, incoming, proposed quantity, why. "
        "Order nothing; ask me which of them to order."
    )


@inventory.complete("sku")
async def complete_sku(backend: InventoryBackend, caller: Caller, typed: str) -> list[str]:
    """Complete SKUs."""
    return [*await backend.skus(caller.tenant, prefix=typed, limit=20)]


@inventory.complete("location")
async def complete_location(backend: InventoryBackend, caller: Caller, typed: str) -> list[str]:
    """Complete the codes of warehouses."""
    codes = await backend.locations(caller.tenant)
    return [code for code in codes if code.lower().startswith(typed.lower())]
