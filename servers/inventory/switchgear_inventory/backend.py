"""The port: what every inventory behind this server promises."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from switchgear_inventory.models import (
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
from switchgear_shared.contracts.values import TenantId


class InventoryBackend(Protocol):
    """Items, stock by warehouse, and the movements that made it, of one tenant at a time.

    Available is on hand less reserved and never below zero. What is on hand is the sum of the
    movements: each takes from one place what it brings to another and names its source. A record
    of another tenant is not found; SKUs are found in any case of letters. Pages neither repeat
    nor skip a row when others are added meanwhile. Queries are plain text, without wildcards.
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
    ) -> Stock:
        """Return an item's stock in every warehouse that has had it, or in `location` only.

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
            InvalidRequestError: a lot is missing or not wanted, a piece is split, or the purchase
                order is for other items or for another warehouse.
        """
        ...

    async def skus(self, tenant: TenantId, *, prefix: str, limit: int) -> list[Sku]:
        """Return SKUs that begin with `prefix`, in order."""
        ...

    async def locations(self, tenant: TenantId) -> list[LocationCode]:
        """Return the codes of our warehouses, in order."""
        ...
