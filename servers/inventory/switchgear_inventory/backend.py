"""The port: what every inventory behind this server promises."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from switchgear_inventory.models import (
    Availability,
    ItemId,
    ItemPage,
    LocationCode,
    LowStockPage,
    MovementKind,
    MovementPage,
    ReceiptLine,
    ReorderPage,
    Sku,
    Stock,
    StockLine,
    StockPart,
    TransferLine,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId


class InventoryBackend(Protocol):
    """Items, stock by warehouse, and the movements that made it, of one tenant at a time.

    What is on hand is the sum of the movements, by lot too: each takes from one place what it
    brings to another and names its source. A record of another tenant is not found; SKUs are
    found in any case of letters. Pages neither repeat nor skip a row when others are added
    meanwhile. Queries are plain text, without wildcards. A warehouse that is not named is the
    first by code. Of an item there are at most MOST_STOCK, and pieces are not split.

    A reservation holds an item in a warehouse and no lot of it, until it is released, shipped or
    expires; it counts no more from that moment on. Available is on hand less expired lots (the day
    in `expires_on`, UTC, is a lot's last good one) less reserved, and never below zero. What
    leaves may take no more than is available, expires first where no lot is named, and never
    makes on hand less than reserved, whatever happens at the same time.

    A write that makes what is available over all warehouses fall to an item's reorder point or
    below announces inventory.stock.below_reorder_point; one that touches an item announces
    inventory.stock.released for those of its reservations that expired meanwhile.
    """

    async def find_items(
        self,
        tenant: TenantId,
        *,
        query: str | None,
        sku: Sku | None,
        barcode: str | None,
        limit: int,
        cursor: str | None,
    ) -> ItemPage:
        """Return items in which every word of `query` stands, best first; all without criteria.

        The item of that SKU or barcode comes first, then SKUs and names that begin so. Where
        nothing matches `query`, one page of what is spelled alike; `approximate` says so.
        """
        ...

    async def get_stock(
        self,
        tenant: TenantId,
        *,
        sku: Sku | None,
        item_id: ItemId | None,
        location: LocationCode | None,
        include: Collection[StockPart] = (),
    ) -> Stock:
        """Return an item's stock in every warehouse that has had it, or in `location` only.

        Of lots those on hand, and of reservations those that hold, if `include` names them.

        Raises:
            NotFoundError: there is no such item or warehouse.
        """
        ...

    async def list_low_stock(
        self, tenant: TenantId, *, location: LocationCode | None, limit: int, cursor: str | None
    ) -> LowStockPage:
        """Return items with a reorder point and no more than that available, least covered first.

        With `location`: only items that this warehouse has had, by what is available there.

        Raises:
            NotFoundError: there is no such warehouse.
        """
        ...

    async def list_movements(
        self,
        tenant: TenantId,
        *,
        sku: Sku | None,
        source_ref: str | None,
        kind: MovementKind | None,
        since: datetime | None,
        limit: int,
        cursor: str | None,
    ) -> MovementPage:
        """Return movements, newest first; none for a SKU or reference that does not exist."""
        ...

    async def receive(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[ReceiptLine],
        location: LocationCode,
        source_ref: str,
        caller: Caller,
    ) -> WriteResult:
        """Take goods in, all lines or none; announces inventory.stock.received for each movement.

        The result's id is that of the first movement. Of a purchase order that the inventory
        expects, only what is still to come can be received.

        Raises:
            NotFoundError: there is no such item or warehouse.
            ConflictError: the purchase order expects less of an item than this.
            InvalidRequestError: a lot is missing, not wanted or known to expire on another day, a
                piece is split, it would be too much, or the purchase order is for other items or
                for another warehouse.
        """
        ...

    async def check_availability(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[StockLine],
        location: LocationCode | None,
        by_date: date | None,
    ) -> Availability:
        """Say what of the lines can be promised by a date, today by default, and saves nothing.

        Without `location` over all warehouses. Goods on order count from the day they are due, at
        the earliest today, and only where `by_date` is given; lots that expire before do not.

        Raises:
            NotFoundError: there is no such item or warehouse.
            InvalidRequestError: the date is past, a piece is split, or it is too much.
        """
        ...

    async def reserve(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[StockLine],
        location: LocationCode | None,
        for_ref: str,
        expires_at: datetime | None,
        caller: Caller,
    ) -> WriteResult:
        """Hold stock for a reference, all lines or none; announces inventory.stock.reserved.

        Each line becomes a reservation; the result's id is the first one's. Reserving again for
        the same reference holds more.

        Raises:
            NotFoundError: there is no such item or warehouse.
            ConflictError: less is available; the message and `details` say how much.
            InvalidRequestError: `expires_at` is not in the future or more than 365 days ahead, or
                a piece is split.
        """
        ...

    async def release(
        self,
        tenant: TenantId,
        *,
        reservation_id: str | None,
        for_ref: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Hold no longer what one reservation or all of a reference hold.

        Announces inventory.stock.released. What holds nothing any more, or never did, changes
        nothing; the state is then how the reservation ended.

        Raises:
            NotFoundError: there is no such reservation, or it is not for that reference.
        """
        ...

    async def transfer(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[TransferLine],
        from_location: LocationCode,
        to_location: LocationCode,
        source_ref: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Move available goods between warehouses, all lines or none, lots with their expiry.

        An expired lot goes only if it is named. Announces inventory.stock.transferred for each
        movement; the result's ref, and the movements' source, is `source_ref` or a fresh one.

        Raises:
            NotFoundError: there is no such item, lot or warehouse.
            ConflictError: less is available there.
            InvalidRequestError: both warehouses are the same, a lot is not wanted or a piece split.
        """
        ...

    async def adjust(
        self,
        tenant: TenantId,
        *,
        sku: Sku,
        location: LocationCode,
        counted: Decimal | None,
        delta: Decimal | None,
        expected_quantity: Decimal,
        reason: str,
        lot: str | None,
        expires_on: date | None,
        caller: Caller,
    ) -> WriteResult:
        """Set what is on hand to `counted` or change it by `delta`; exactly one is given.

        Of a lot-tracked item the quantities are those of `lot`. Announces
        inventory.stock.adjusted; the movement's source is `reason`. A count that finds what is
        on hand changes nothing.

        Raises:
            NotFoundError: there is no such item or warehouse.
            ConflictError: not `expected_quantity` is on hand, or more is reserved than would be
                left; the message and `details` name the reservations.
            InvalidRequestError: a lot is missing, not wanted or known to expire on another day, a
                piece is split, or less than nothing would be left.
        """
        ...

    async def propose_reorder(
        self,
        tenant: TenantId,
        *,
        location: LocationCode | None,
        vendor_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> ReorderPage:
        """Return what to order, by vendor and SKU, and saves nothing.

        That is each item of which no more is available and on order than its reorder point, in
        multiples of its reorder quantity, so many that more than the reorder point, and than a
        third of what was shipped in the last 90 days, is there. With `location`: only items that
        this warehouse has had, by what is available there.

        Raises:
            NotFoundError: there is no such warehouse.
        """
        ...

    async def skus(self, tenant: TenantId, *, prefix: str, limit: int) -> list[Sku]:
        """Return SKUs that begin with `prefix`, in order."""
        ...

    async def reservation_ids(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """Return the ids of reservations that hold and begin with `prefix`, in order."""
        ...

    async def reserved_refs(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """Return the references that stock is held for and that begin with `prefix`, in order."""
        ...

    async def locations(self, tenant: TenantId) -> list[LocationCode]:
        """Return the codes of our warehouses, in order."""
        ...
