"""The inventory's records and answers, the same whatever system keeps them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, NewType

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page
from switchgear_shared.contracts.values import ExactDecimal

ItemId = NewType("ItemId", str)
Sku = NewType("Sku", str)
LocationCode = NewType("LocationCode", str)

MovementKind = Literal["receipt", "shipment", "transfer", "adjustment"]

OUTSIDE: tuple[str, ...] = ("supplier", "customer", "count")
"""The places that goods come from or go to beyond our warehouses; stock there is not counted."""

PIECES = "C62"
"""The unit of what cannot be split."""

MOST_LINES = 100
"""Lines one receipt may have."""


class ItemEntry(Contract):
    """An item with its stock over all warehouses, as lists show it."""

    id: ItemId
    sku: Sku
    name: str
    category: str
    unit: str = Field(description="UN/ECE Recommendation 20: C62 pieces, MTR metres, LTR litres.")
    barcode: str
    is_lot_tracked: bool
    on_hand: ExactDecimal
    available: ExactDecimal


class ItemPage(Page):
    """What a search found, best first."""

    items: tuple[ItemEntry, ...]
    approximate: bool = Field(
        description="True if nothing matched as written and these are spelled alike."
    )


class Level(Contract):
    """The stock of an item in one warehouse; available is on hand less reserved."""

    location: LocationCode
    location_name: str
    on_hand: ExactDecimal
    reserved: ExactDecimal
    available: ExactDecimal
    incoming: ExactDecimal = Field(description="Ordered for here and not yet received.")
    version: str


class Stock(Contract):
    """An item and what there is of it, in total and by warehouse."""

    item_id: ItemId
    sku: Sku
    name: str
    unit: str
    is_lot_tracked: bool
    vendor_id: str = Field(description="Who supplies it: `party_id` in the ERP.")
    reorder_point: ExactDecimal
    reorder_quantity: ExactDecimal
    on_hand: ExactDecimal
    reserved: ExactDecimal
    available: ExactDecimal
    incoming: ExactDecimal
    levels: tuple[Level, ...]


class LowStock(Contract):
    """An item of which no more is available than its reorder point."""

    item_id: ItemId
    sku: Sku
    name: str
    unit: str
    available: ExactDecimal
    incoming: ExactDecimal
    reorder_point: ExactDecimal
    reorder_quantity: ExactDecimal
    cover_percent: int = Field(description="Available as a share of the reorder point.")
    vendor_id: str


class LowStockPage(Page):
    """Items that run out, the least covered first."""

    items: tuple[LowStock, ...]


class Movement(Contract):
    """Goods that went from one place to another; supplier, customer and count are outside."""

    id: str
    kind: MovementKind
    sku: Sku
    quantity: ExactDecimal
    unit: str
    from_location: str
    to_location: str
    source_ref: str
    lot: str | None
    expires_on: date | None
    moved_at: datetime
    done_by: str


class MovementPage(Page):
    """Movements, newest first."""

    items: tuple[Movement, ...]


class ReceiptLine(Contract):
    """Goods of one item, and of one lot where it has lots, that came in."""

    sku: Annotated[Sku, Field(min_length=1, max_length=64, description="`sku` of the item.")]
    quantity: Annotated[ExactDecimal, Field(gt=Decimal(0), description="In the item's unit.")]
    lot: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Needed if the item is lot-tracked."
    )
    expires_on: date | None = None
