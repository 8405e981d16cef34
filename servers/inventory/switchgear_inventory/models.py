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
"""Lines one receipt, reservation, transfer or question may have."""

MOST_STOCK = Decimal(10**9)
"""What there may be of one item over all warehouses, and what may be asked for at once."""

MOST_SHOWN = 50
"""Lots or reservations that one answer shows."""

StockPart = Literal["lots", "reservations"]
"""What comes with an item's stock only when asked for."""


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
    """The stock of an item in one warehouse.

    Available is on hand less expired lots and less reserved, never below zero.
    """

    location: LocationCode
    location_name: str
    on_hand: ExactDecimal
    reserved: ExactDecimal
    available: ExactDecimal
    incoming: ExactDecimal = Field(description="Ordered for here and not yet received.")
    version: str


class Lot(Contract):
    """What a warehouse has of one lot; an expired one is on hand and not available."""

    location: LocationCode
    lot: str
    on_hand: ExactDecimal
    expires_on: date | None
    is_expired: bool


class Reservation(Contract):
    """Stock that is held for a reference now."""

    id: str
    location: LocationCode
    quantity: ExactDecimal
    for_ref: str
    reserved_at: datetime
    expires_at: datetime | None


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
    lots: tuple[Lot, ...] = Field(
        default=(), description="If included: what leaves first, first; 50 at most."
    )
    reservations: tuple[Reservation, ...] = Field(
        default=(), description="If included: the oldest first; 50 at most."
    )


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


class StockLine(Contract):
    """So much of one item."""

    sku: Annotated[Sku, Field(min_length=1, max_length=64, description="`sku` of the item.")]
    quantity: Annotated[ExactDecimal, Field(gt=Decimal(0), description="In the item's unit.")]


class TransferLine(StockLine):
    """So much of one item, of a lot of its own or of what expires first."""

    lot: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Else those that expire first."
    )


class LineAvailability(Contract):
    """Whether one line of a question can be promised; lines before it are served first."""

    sku: Sku
    unit: str
    requested: ExactDecimal
    available: ExactDecimal = Field(description="Now.")
    incoming: ExactDecimal = Field(description="Due by the date asked for.")
    shortfall: ExactDecimal = Field(description="Lacking on that date; 0 means promise it.")
    earliest_on: date | None = Field(description="Null: not with what is on order.")


class Availability(Contract):
    """Whether goods can be promised by a date, line by line."""

    by_date: date
    is_available: bool = Field(description="True if no line falls short.")
    lines: tuple[LineAvailability, ...]


class ReorderLine(Contract):
    """What to order of one item, and why."""

    vendor_id: str = Field(description="`party_id` in the ERP.")
    sku: Sku
    name: str
    unit: str
    quantity: ExactDecimal = Field(description="Proposed.")
    available: ExactDecimal
    incoming: ExactDecimal
    reorder_point: ExactDecimal
    used_90_days: ExactDecimal = Field(description="Shipped to customers.")
    reason: str


class ReorderPage(Page):
    """What to order, vendor by vendor."""

    items: tuple[ReorderLine, ...]
