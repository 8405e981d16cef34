"""The composition root of the inventory server."""

from functools import partial
from pathlib import Path

from switchgear_inventory.demo import load_demo
from switchgear_inventory.sql import SqlInventory
from switchgear_inventory.sql.orders import OrderEvents
from switchgear_inventory.tools import inventory
from switchgear_inventory.tryton import CAVEATS, TrytonInventory
from switchgear_shared.part import Context, Part

INSTRUCTIONS = (
    "Items, stock and movements: find the SKU with inventory_find_item, then inventory_get_stock. "
    "Goods received for a purchase order: inventory_list_movements with its number. Before you "
    "promise goods, inventory_check_availability; to hold them for an order, inventory_reserve."
)


def build(context: Context) -> Part:
    """Return the inventory server over the backend that the settings name."""
    database = context.database("inventory")
    part = partial(
        Part,
        name="inventory",
        title="Switchgear inventory",
        instructions=INSTRUCTIONS,
        toolset=inventory,
        database=database,
        migrations=(Path(__file__).parent / "migrations",),
    )
    if context.settings.inventory_backend == "tryton":
        client = context.tryton()
        return part(
            backend=TrytonInventory(client),
            backend_name="tryton",
            is_remote=True,
            caveats=CAVEATS,
            close=client.close,
        )
    return part(
        backend=SqlInventory(database),
        consumers=OrderEvents(database).consumers(),
        load_demo=lambda: load_demo(database),
    )
