"""Items, their stock and what moved."""

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import Field

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import (
    ItemId,
    ItemPage,
    LowStockPage,
    MovementKind,
    MovementPage,
    Sku,
    Stock,
    StockPart,
)
from switchgear_inventory.tools.arguments import Cursor, ItemSku, Limit, Warehouse, inventory
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import InvalidRequestError


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
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> ItemPage:
    """Find items with their stock, best match first.

    Start here for a `sku`. `approximate` means nothing matched as written and these are only
    spelled alike: make sure before you use one. No items means no match.
    Fails with invalid_request for a foreign cursor.
    """
    return await backend.find_items(
        caller.tenant, query=query, sku=sku, barcode=barcode, limit=limit, cursor=cursor
    )


@inventory.read(permission="inventory.stock.read")
async def inventory_get_stock(
    backend: InventoryBackend,
    caller: Caller,
    *,
    sku: ItemSku | None = None,
    item_id: Annotated[
        ItemId | None, Field(max_length=64, description="Instead of `sku`: the item's `id`.")
    ] = None,
    location: Warehouse | None = None,
    include: Annotated[
        tuple[StockPart, ...],
        Field(max_length=2, description="Add lots with expiry, or who holds it."),
    ] = (),
) -> Stock:
    """Get what is on hand, reserved, available and incoming of one item, by warehouse.

    Promise only what is `available`: not reserved, not expired. Give `sku` or `item_id`, else
    invalid_request. Fails with not_found for an unknown item or warehouse.
    """
    if sku is None and item_id is None:
        raise InvalidRequestError("sku or item_id is needed", field="sku")
    return await backend.get_stock(
        caller.tenant, sku=sku, item_id=item_id, location=location, include=include
    )


@inventory.read(permission="inventory.stock.read")
async def inventory_list_low_stock(
    backend: InventoryBackend,
    caller: Caller,
    *,
    location: Warehouse | None = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> LowStockPage:
    """List items at or below their reorder point, the least covered first.

    What runs out; for what to order see inventory_propose_reorder. With `location`: what is
    available there, against the same reorder point. Fails with not_found for an unknown warehouse.
    """
    return await backend.list_low_stock(
        caller.tenant, location=location, limit=limit, cursor=cursor
    )


@inventory.read(permission="inventory.movement.read")
async def inventory_list_movements(
    backend: InventoryBackend,
    caller: Caller,
    *,
    sku: ItemSku | None = None,
    source_ref: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=80,
            description="The order's `ref`, a transfer's, or the reason of an adjustment.",
        ),
    ] = None,
    kind: Annotated[MovementKind | None, Field(description="Keep only these.")] = None,
    since: Annotated[date | None, Field(description="From the start of this day, UTC.")] = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> MovementPage:
    """List goods received, shipped, transferred and adjusted, newest first.

    The history of an item or an order. With kind `receipt` and the purchase order as
    `source_ref`: what was received for it, as erp_match_invoice wants it. Filters combine; no
    items means nothing moved. Fails with invalid_request for a foreign cursor.
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
