"""Sales and purchase orders as SQL keeps them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import Order, OrderKind, OrderPage, OrderPart, OrderState, Shipment
from switchgear_erp.sql import rows
from switchgear_erp.sql.listing import called, newest_first
from switchgear_erp.tables import (
    FulfilmentLineRow,
    FulfilmentRow,
    InvoiceRow,
    OrderLineRow,
    OrderRow,
    PartyRow,
)
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId
from switchgear_shared.errors import ConflictError, NotFoundError


async def list_orders(
    session: AsyncSession,
    tenant: TenantId,
    *,
    kind: OrderKind | None,
    state: OrderState | None,
    party_id: str | None,
    since: date | None,
    query: str | None,
    limit: int,
    cursor: str | None,
) -> OrderPage:
    """See ErpBackend."""
    statement = (
        select(OrderRow, PartyRow.name)
        .join(PartyRow, (PartyRow.tenant == OrderRow.tenant) & (PartyRow.id == OrderRow.party_id))
        .where(OrderRow.tenant == tenant)
    )
    for column, value in (
        (OrderRow.kind, kind),
        (OrderRow.state, state),
        (OrderRow.party_id, party_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if since is not None:
        statement = statement.where(OrderRow.ordered_on >= since)
    if query is not None:
        statement = statement.where(
            called(query, OrderRow.id, (OrderRow.ref, OrderRow.external_ref))
        )
    page = await newest_first(
        session,
        statement,
        listing="orders",
        day=OrderRow.ordered_on,
        id_=OrderRow.id,
        keys=lambda row: (row[0].ordered_on, row[0].id),
        limit=limit,
        cursor=cursor,
    )
    return OrderPage(
        items=tuple(rows.order_summary(row, name) for row, name in page.rows),
        total=page.total,
        next_cursor=page.next_cursor,
        truncated=page.next_cursor is not None,
    )


async def get_order(
    session: AsyncSession,
    tenant: TenantId,
    *,
    order_id: str | None,
    ref: str | None,
    include: Sequence[OrderPart],
) -> Order:
    """See ErpBackend."""
    key = OrderRow.id == order_id if order_id is not None else OrderRow.ref == ref
    row = await session.scalar(select(OrderRow).where(OrderRow.tenant == tenant, key))
    if row is None:
        field = "order_id" if order_id is not None else "ref"
        raise NotFoundError(f"there is no order {order_id or ref}", field=field)
    party_name = await session.scalar(
        select(PartyRow.name).where(PartyRow.tenant == tenant, PartyRow.id == row.party_id)
    )
    lines = shipments = invoices = None
    if "lines" in include:
        lines = tuple(rows.order_line(line, row.currency) for line in await line_rows(session, row))
    if "shipments" in include:
        shipments = await _shipments(session, row)
    if "invoices" in include:
        found = await session.scalars(
            select(InvoiceRow)
            .where(InvoiceRow.tenant == tenant, InvoiceRow.order_id == row.id)
            .order_by(InvoiceRow.issued_on, InvoiceRow.id)
        )
        invoices = tuple(rows.invoice_ref(invoice) for invoice in found)
    return Order(
        **dict(rows.order_summary(row, party_name or "")),
        location=row.location,
        net=Money.from_minor(row.net_minor, row.currency),
        tax=Money.from_minor(row.tax_minor, row.currency),
        lines=lines,
        shipments=shipments,
        invoices=invoices,
    )


async def locked_order(session: AsyncSession, tenant: TenantId, order_id: str) -> OrderRow:
    """Return the order, held against other writers until the transaction ends."""
    row = await session.scalar(
        select(OrderRow)
        .where(OrderRow.tenant == tenant, OrderRow.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFoundError(f"there is no order {order_id}", field="order_id")
    return row


async def line_rows(session: AsyncSession, order: OrderRow) -> Sequence[OrderLineRow]:
    """Return the order's lines as they are now, by number."""
    found = await session.scalars(
        select(OrderLineRow)
        .where(OrderLineRow.tenant == order.tenant, OrderLineRow.order_id == order.id)
        .order_by(OrderLineRow.number)
        .execution_options(populate_existing=True)
    )
    return found.all()


def check_version(order: OrderRow, expected_version: str | None) -> None:
    """Raise ConflictError if the order moved on since it was read."""
    if expected_version is not None and expected_version != str(order.version):
        raise ConflictError(
            f"order {order.ref} is at version {order.version}",
            field="expected_version",
            details={"version": str(order.version)},
        )


def written(order: OrderRow, *, changed: bool) -> WriteResult:
    """Return what a write that is done with `order` answers."""
    return WriteResult(
        id=order.id,
        ref=order.ref,
        state=order.state,
        version=str(order.version),
        changed=changed,
    )


async def _shipments(session: AsyncSession, order: OrderRow) -> tuple[Shipment, ...]:
    found = await session.scalars(
        select(FulfilmentRow)
        .where(FulfilmentRow.tenant == order.tenant, FulfilmentRow.order_id == order.id)
        .order_by(FulfilmentRow.fulfilled_on, FulfilmentRow.created_at, FulfilmentRow.id)
    )
    fulfilments = found.all()
    lines = await session.scalars(
        select(FulfilmentLineRow)
        .where(
            FulfilmentLineRow.tenant == order.tenant,
            FulfilmentLineRow.fulfilment_id.in_([one.id for one in fulfilments]),
        )
        .order_by(FulfilmentLineRow.position)
    )
    by_fulfilment: dict[str, list[FulfilmentLineRow]] = {}
    for line in lines:
        by_fulfilment.setdefault(line.fulfilment_id, []).append(line)
    return tuple(rows.shipment(one, by_fulfilment[one.id]) for one in fulfilments)
