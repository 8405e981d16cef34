"""What can be promised, and what to order."""

from datetime import date
from typing import Annotated

from pydantic import Field

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import Availability, ReorderPage
from switchgear_inventory.tools.arguments import Cursor, Limit, Lines, Warehouse, inventory
from switchgear_shared.contracts.caller import Caller


@inventory.read(permission="inventory.stock.read")
async def inventory_check_availability(
    backend: InventoryBackend,
    caller: Caller,
    *,
    lines: Lines,
    location: Warehouse | None = None,
    by_date: Annotated[
        date | None, Field(description="Count what is on order until then; without: only now.")
    ] = None,
) -> Availability:
    """Check whether goods can be promised, now or by a delivery date, else when.

    Use it before you quote or confirm; it holds nothing: inventory_reserve does. Without
    `location`: all warehouses together. Fails with not_found for an unknown item or warehouse,
    with invalid_request for a past date or a split piece.
    """
    return await backend.check_availability(
        caller.tenant, lines=lines, location=location, by_date=by_date
    )


@inventory.read(permission="inventory.stock.read")
async def inventory_propose_reorder(
    backend: InventoryBackend,
    caller: Caller,
    *,
    location: Warehouse | None = None,
    vendor_id: Annotated[
        str | None, Field(max_length=64, description="`id` from erp_find_party: only its items.")
    ] = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> ReorderPage:
    """Propose what to buy to replenish low stock, vendor by vendor, with reasons.

    Counts what is incoming and the use of 90 days; orders nothing: erp_create_order does. No
    items means enough is here or on its way. Fails with not_found for an unknown warehouse.
    """
    return await backend.propose_reorder(
        caller.tenant, location=location, vendor_id=vendor_id, limit=limit, cursor=cursor
    )


@inventory.prompt("plan_reorder")
def plan_reorder(
    location: Annotated[str, "Warehouse code; all warehouses without."] = "",
) -> str:
    """Plan what to order for a warehouse."""
    where = f"warehouse {location}" if location else "all warehouses together"
    argument = f" with location {location}" if location else ""
    return (
        f"Plan a reorder for {where}.\n"
        f"1. inventory_propose_reorder{argument}, all pages.\n"
        f"2. inventory_list_low_stock{argument}, all pages: name what is low but left out, because "
        "`incoming` already brings enough.\n"
        "3. Where a proposal looks odd, see in inventory_list_movements what was shipped, and say "
        "so.\n"
        "4. vendor_id is the party_id of the ERP; where you have the ERP's tools, add the "
        "vendor's name and our cost.\n"
        "Answer with one table a vendor: sku, name, available, incoming, proposed quantity, why. "
        "Order nothing; ask me which of them to order."
    )
