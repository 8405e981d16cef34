"""Items as resources, and the completion of what arguments name."""

from typing import Annotated

from pydantic import Field

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import Sku
from switchgear_inventory.tools.arguments import inventory
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.toolset import ResourceBody

_MOST_VALUES = 20


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
    """An item with its stock by warehouse and lot, and who holds it."""
    stock = await backend.get_stock(
        caller.tenant, sku=sku, item_id=None, location=None, include=("lots", "reservations")
    )
    return ResourceBody(text=stock.model_dump_json(), mime_type="application/json")


@inventory.complete("sku")
async def complete_sku(backend: InventoryBackend, caller: Caller, typed: str) -> list[str]:
    """Complete SKUs."""
    return [*await backend.skus(caller.tenant, prefix=typed, limit=_MOST_VALUES)]


@inventory.complete("reservation_id")
async def complete_reservation(backend: InventoryBackend, caller: Caller, typed: str) -> list[str]:
    """Complete the ids of reservations that hold stock."""
    return await backend.reservation_ids(caller.tenant, prefix=typed, limit=_MOST_VALUES)


@inventory.complete("for_ref")
async def complete_for_ref(backend: InventoryBackend, caller: Caller, typed: str) -> list[str]:
    """Complete the references that stock is held for."""
    return await backend.reserved_refs(caller.tenant, prefix=typed, limit=_MOST_VALUES)


@inventory.complete("location")
async def complete_location(backend: InventoryBackend, caller: Caller, typed: str) -> list[str]:
    """Complete the codes of warehouses."""
    codes = await backend.locations(caller.tenant)
    return [code for code in codes if code.lower().startswith(typed.lower())]
