"""The toolset itself, and the arguments that several tools take."""

from typing import Annotated

from pydantic import Field

from switchgear_inventory.backend import InventoryBackend
from switchgear_inventory.models import MOST_LINES, LocationCode, Sku, StockLine
from switchgear_shared.toolset import Toolset

inventory = Toolset[InventoryBackend]()

_TEXT = r"^\S(.*\S)?$"

ItemSku = Annotated[
    Sku, Field(min_length=1, max_length=64, description="`sku` from inventory_find_item.")
]
Warehouse = Annotated[
    LocationCode,
    Field(
        min_length=1,
        max_length=16,
        description="Warehouse code, as `location` in inventory_get_stock.",
    ),
]
SourceRef = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=_TEXT,
        description="Number of the order behind it: the ERP order's `ref`, such as PO-2026-0901.",
    ),
]
ForRef = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=_TEXT,
        description="What it is held for: the sales order's `ref`, such as SO-2026-0225.",
    ),
]
Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern=_TEXT,
        description="Why, such as COUNT-2026-11; becomes the movement's `source_ref`.",
    ),
]
LotName = Annotated[
    str, Field(min_length=1, max_length=64, description="Needed if the item is lot-tracked.")
]
Lines = Annotated[
    tuple[StockLine, ...],
    Field(min_length=1, max_length=MOST_LINES, description="Which items, how much of each."),
]
Limit = Annotated[int, Field(ge=1, le=50, description="Most rows to return.")]
Cursor = Annotated[
    str, Field(min_length=1, max_length=500, description="`next_cursor` of the page before.")
]
