"""The embedded inventory over its port: one session for each call, the work is next door."""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

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
from switchgear_inventory.sql import availability, catalogue, movements, reordering
from switchgear_inventory.sql.moving import adjust, transfer
from switchgear_inventory.sql.places import check_location, location_names
from switchgear_inventory.sql.receiving import Goods, book
from switchgear_inventory.sql.reserving import release, reserve
from switchgear_inventory.sql.stock import find_item, stock_of
from switchgear_inventory.sql.stockroom import Act, Stockroom
from switchgear_inventory.tables import ItemRow, ReservationRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.storage.database import Database


class SqlInventory:
    """InventoryBackend over our own tables."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

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
        search = catalogue.ItemSearch(tenant, self._clock(), query, sku, barcode)
        async with self._database.reading() as session:
            return await catalogue.find_items(session, search, limit=limit, cursor=cursor)

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
        async with self._database.reading() as session:
            item = await find_item(session, tenant, sku, item_id)
            names = await check_location(session, tenant, location)
            return await stock_of(
                session,
                item,
                names,
                self._clock(),
                is_asked_for=location is not None,
                include=include,
            )

    async def list_low_stock(
        self, tenant: TenantId, *, location: LocationCode | None, limit: int, cursor: str | None
    ) -> LowStockPage:
        """See InventoryBackend."""
        async with self._database.reading() as session:
            await check_location(session, tenant, location)
            return await catalogue.list_low_stock(
                session, tenant, self._clock(), location=location, limit=limit, cursor=cursor
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
        search = movements.MovementSearch(tenant, sku, source_ref, kind, since)
        async with self._database.reading() as session:
            return await movements.list_movements(session, search, limit=limit, cursor=cursor)

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
        async with self._opened(caller, tenant, {line.sku for line in lines}) as room:
            goods = [Goods(line) for line in lines]
            booked = await book(room, goods, room.location(location), source_ref)
        return WriteResult(
            id=booked.movements[0].id,
            ref=source_ref,
            state="received" if booked.is_complete else "partly_received",
            version=str(booked.version),
        )

    async def check_availability(
        self,
        tenant: TenantId,
        *,
        lines: Sequence[StockLine],
        location: LocationCode | None,
        by_date: date | None,
    ) -> Availability:
        """See InventoryBackend."""
        question = availability.Question(tenant, lines, location, by_date, self._clock())
        async with self._database.reading() as session:
            await check_location(session, tenant, location)
            return await availability.check(session, question)

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
        """See InventoryBackend."""
        async with self._opened(caller, tenant, {line.sku for line in lines}) as room:
            return await reserve(room, lines, location, for_ref, expires_at)

    async def release(
        self,
        tenant: TenantId,
        *,
        reservation_id: str | None,
        for_ref: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See InventoryBackend."""
        async with self._database.writing() as session:
            return await release(session, self._act(caller, tenant), reservation_id, for_ref)

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
        async with self._opened(caller, tenant, {line.sku for line in lines}) as room:
            return await transfer(room, lines, from_location, to_location, source_ref)

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
        async with self._opened(caller, tenant, {sku}) as room:
            return await adjust(room, count)

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
        async with self._database.reading() as session:
            await check_location(session, tenant, location)
            return await reordering.propose(
                session,
                tenant,
                self._clock(),
                location=location,
                vendor_id=vendor_id,
                limit=limit,
                cursor=cursor,
            )

    async def skus(self, tenant: TenantId, *, prefix: str, limit: int) -> list[Sku]:
        """See InventoryBackend."""
        begins = func.lower(ItemRow.sku).startswith(prefix.lower(), autoescape=True)
        statement = select(ItemRow.sku).where(ItemRow.tenant == tenant, begins)
        async with self._database.reading() as session:
            found = await session.scalars(statement.order_by(ItemRow.sku).limit(limit))
            return [Sku(sku) for sku in found]

    async def reservation_ids(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """See InventoryBackend."""
        return await self._holding(ReservationRow.id, tenant, prefix, limit)

    async def reserved_refs(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """See InventoryBackend."""
        return await self._holding(ReservationRow.for_ref, tenant, prefix, limit)

    async def locations(self, tenant: TenantId) -> list[LocationCode]:
        """See InventoryBackend."""
        async with self._database.reading() as session:
            return list(await location_names(session, tenant))

    async def _holding(
        self, column: InstrumentedAttribute[str], tenant: TenantId, prefix: str, limit: int
    ) -> list[str]:
        until = ReservationRow.expires_at
        statement = select(column).where(
            ReservationRow.tenant == tenant,
            ReservationRow.held > 0,
            or_(until.is_(None), until > self._clock()),
            func.lower(column).startswith(prefix.lower(), autoescape=True),
        )
        async with self._database.reading() as session:
            found = await session.scalars(statement.distinct().order_by(column).limit(limit))
            return list(found)

    def _act(self, caller: Caller, tenant: TenantId) -> Act:
        return Act(tenant, self._clock(), caller.requested_by, caller=caller)

    @asynccontextmanager
    async def _opened(
        self, caller: Caller, tenant: TenantId, skus: Collection[str]
    ) -> AsyncGenerator[Stockroom]:
        async with self._database.writing() as session:
            yield await Stockroom.open(session, self._act(caller, tenant), skus=skus)
