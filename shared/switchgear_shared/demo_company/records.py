"""The records of the invented company: plain frozen values that every server's demo loads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Literal

from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company.papers import Invoice, Line, Order
from switchgear_shared.demo_company.party import Party

__all__ = [
    "Activity",
    "Company",
    "Contact",
    "Invoice",
    "Item",
    "Line",
    "Location",
    "Movement",
    "Opportunity",
    "Order",
    "Party",
    "Reservation",
    "Stage",
]

Stage = Literal["qualified", "proposal", "negotiation", "won", "lost"]


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at an account."""

    id: str
    account_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    job_title: str


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A sale that may come about; `reason` is set when it was lost."""

    id: str
    ref: str
    account_id: str
    contact_id: str
    name: str
    stage: Stage
    amount: Money
    probability_percent: int
    owner_email: str
    close_on: date
    created_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that was done with an account; `about_id` is an account or an opportunity."""

    id: str
    account_id: str
    about_id: str
    kind: Literal["call", "email", "meeting", "note"]
    subject: str
    note: str
    by_email: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Location:
    """One of our warehouses."""

    id: str
    code: str
    name: str
    city: str


@dataclass(frozen=True, slots=True)
class Item:
    """What we buy and sell; `cost` and `price` are for one `unit` (UN/ECE Rec 20), in EUR."""

    id: str
    sku: str
    name: str
    category: str
    unit: str
    barcode: str
    cost: Money
    price: Money
    is_lot_tracked: bool
    reorder_point: Decimal
    reorder_quantity: Decimal
    vendor_id: str


@dataclass(frozen=True, slots=True)
class Movement:
    """Goods from one place to another; `supplier`, `customer` and `count` are places outside."""

    id: str
    kind: Literal["receipt", "shipment", "adjustment"]
    item_id: str
    sku: str
    quantity: Decimal
    unit: str
    from_location: str
    to_location: str
    source_ref: str
    order_id: str | None
    line_number: int | None
    lot: str | None
    expires_on: date | None
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Reservation:
    """Stock held in a warehouse for a confirmed sales order."""

    id: str
    item_id: str
    sku: str
    location: str
    quantity: Decimal
    for_ref: str
    reserved_at: datetime


@dataclass(frozen=True)
class Company:
    """Everything the demo company has; ids are the same in every server."""

    today: date
    self: Party
    accounts: tuple[Party, ...]
    contacts: tuple[Contact, ...]
    opportunities: tuple[Opportunity, ...]
    activities: tuple[Activity, ...]
    locations: tuple[Location, ...]
    items: tuple[Item, ...]
    orders: tuple[Order, ...]
    invoices: tuple[Invoice, ...]
    movements: tuple[Movement, ...]
    reservations: tuple[Reservation, ...]
    exchange_rates: Mapping[str, Decimal]
    sample_purchases: tuple[Order, ...]

    @cached_property
    def party(self) -> Mapping[str, Party]:
        """The accounts by id."""
        return {account.id: account for account in self.accounts}

    @cached_property
    def item(self) -> Mapping[str, Item]:
        """The items by SKU."""
        return {item.sku: item for item in self.items}

    @cached_property
    def on_hand(self) -> Mapping[tuple[str, str], Decimal]:
        """What the movements leave, by SKU and warehouse code."""
        stock: dict[tuple[str, str], Decimal] = {}
        inside = {location.code for location in self.locations}
        for move in self.movements:
            for place, sign in ((move.from_location, -1), (move.to_location, 1)):
                if place in inside:
                    key = (move.sku, place)
                    stock[key] = stock.get(key, Decimal(0)) + sign * move.quantity
        return stock
