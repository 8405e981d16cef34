"""The inventory in Tryton over its port: the work of each call is next door."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from switchgear_inventory.count import Count
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
from switchgear_inventory.tryton import availability, catalogue, holding, movements, planning
from switchgear_inventory.tryton.acting import Act
from switchgear_inventory.tryton.caveats import HOLDS
from switchgear_inventory.tryton.counting import adjust
from switchgear_inventory.tryton.moving import transfer
from switchgear_inventory.tryton.places import places_of
from switchgear_inventory.tryton.products import products_of
from switchgear_inventory.tryton.receiving import receive
from switchgear_inventory.tryton.stock import get_stock
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId, utc_now
from switchgear_shared.errors import BackendRejectedError, PolicyDeniedError
from switchgear_shared.storage.remote_write import current_write
from switchgear_shared.storage.tryton.client import TrytonClient


class TrytonInventory:
    """InventoryBackend over one company in Tryton, which is one tenant's."""

    def __init__(
        self,
        client: TrytonClient,
        clock: Callable[[], datetime] = utc_now,
        tenant: TenantId = DEFAULT_TENANT,
    ) -> None:
        self._client = client
        self._clock = clock
        self._tenant = tenant

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
        """See InventoryBackend."""
        search = catalogue.ItemSearch(query, sku, barcode)
        return await catalogue.find_items(
            self._of(tenant), search, self._today, limit=limit, cursor=cursor
        )

    async def get_stock(
        self,
        tenant: TenantId,
        *,
        sku: Sku | None,
        item_id: ItemId | None,
        location: LocationCode | None,
        include: Collection[StockPart] = (),
    ) -> Stock:
        """See InventoryBackend."""
        return await get_stock(self._of(tenant), sku, item_id, location, include, self._today)

    async def list_low_stock(
        self, tenant: TenantId, *, location: LocationCode | None, limit: int, cursor: str | None
    ) -> LowStockPage:
        """See InventoryBackend."""
        return await planning.list_low_stock(
            self._of(tenant), location, self._today, limit=limit, cursor=cursor
        )

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
        """See InventoryBackend."""
        search = movements.MovementSearch(sku, source_ref, kind, since)
        return await movements.list_movements(self._of(tenant), search, limit=limit, cursor=cursor)

    async def receive(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[ReceiptLine],
        location: LocationCode,
        source_ref: str,
        caller: Caller,
    ) -> WriteResult:
        """See InventoryBackend."""
        return await receive(self._act(tenant, caller), lines, location, source_ref)

    async def check_availability(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[StockLine],
        location: LocationCode | None,
        by_date: date | None,
    ) -> Availability:
        """See InventoryBackend."""
        return await availability.check(self._of(tenant), lines, location, by_date, self._today)

    async def reserve(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[StockLine],
        location: LocationCode | None,
        for_ref: str,
        expires_at: datetime | None,  # noqa: ARG002  # the port's; nothing is held
        caller: Caller,  # noqa: ARG002  # the port's; nothing is announced
    ) -> WriteResult:
        """Refuse what is known, for Tryton holds nothing for others; see CAVEATS."""
        (await places_of(self._of(tenant))).named(location)
        await products_of(self._of(tenant), [line.sku for line in lines])
        raise BackendRejectedError(f"{HOLDS} Confirm {for_ref} in the ERP instead")

    async def release(
        self,
        tenant: TenantId,
        *,
        reservation_id: str | None,
        for_ref: str | None,
        caller: Caller,  # noqa: ARG002  # the port's; nothing is announced
    ) -> WriteResult:
        """See InventoryBackend."""
        return await holding.release(self._of(tenant), reservation_id, for_ref)

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
        """See InventoryBackend."""
        return await transfer(
            self._act(tenant, caller), lines, from_location, to_location, source_ref
        )

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
        """See InventoryBackend."""
        count = Count(sku, location, counted, delta, expected_quantity, reason, lot, expires_on)
        return await adjust(self._act(tenant, caller), count)

    async def propose_reorder(
        self,
        tenant: TenantId,
        *,
        location: LocationCode | None,
        vendor_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> ReorderPage:
        """See InventoryBackend."""
        return await planning.propose(
            self._of(tenant), location, vendor_id, self._today, limit=limit, cursor=cursor
        )

    async def skus(self, tenant: TenantId, *, prefix: str, limit: int) -> list[Sku]:
        """See InventoryBackend."""
        return await catalogue.skus(self._of(tenant), prefix, limit)

    async def reservation_ids(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """See InventoryBackend."""
        ids = {one.id for one in await holding.held(self._of(tenant))}
        return _beginning(ids, prefix, limit)

    async def reserved_refs(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """See InventoryBackend."""
        refs = {one.for_ref for one in await holding.held(self._of(tenant))}
        return _beginning(refs - {""}, prefix, limit)

    async def locations(self, tenant: TenantId) -> list[LocationCode]:
        """See InventoryBackend."""
        return [warehouse.code for warehouse in (await places_of(self._of(tenant))).warehouses]

    @property
    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _of(self, tenant: TenantId) -> TrytonClient:
        if tenant != self._tenant:
            raise PolicyDeniedError("the company in Tryton is another tenant's")
        return self._client

    def _act(self, tenant: TenantId, caller: Caller) -> Act:
        return Act(self._of(tenant), current_write(), caller, self._today)


def _beginning(texts: Collection[str], prefix: str, limit: int) -> list[str]:
    begin = prefix.lower()
    return sorted(text for text in texts if text.lower().startswith(begin))[:limit]
