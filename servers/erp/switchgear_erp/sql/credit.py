"""A customer's credit: what it owes and has on order, against its limit."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.ledger import RECEIVABLES
from switchgear_erp.sql.books import in_company_currency, with_invoice
from switchgear_erp.sql.rows import ledger_amount
from switchgear_erp.tables import (
    EntryLineRow,
    InvoiceRow,
    OrderLineRow,
    OrderRow,
    PartyRow,
)
from switchgear_erp.totals import document_totals
from switchgear_erp.trade import CreditCheck, PricedLine
from switchgear_shared.contracts.values import TenantId


async def check_credit(
    session: AsyncSession, party: PartyRow, gross_minor: int, currency: str, today: date
) -> CreditCheck | None:
    """Return how an order of `gross_minor` fits under the customer's limit; None without one.

    Used are all open receivables and what confirmed orders have left to invoice, tax included.
    """
    if party.credit_limit_minor is None:
        return None
    tenant = TenantId(party.tenant)
    limit = await in_company_currency(
        session, tenant, party.credit_limit_minor, party.currency, today
    )
    needed = await in_company_currency(session, tenant, gross_minor, currency, today)
    used = await _receivable(session, party) + await _on_order(session, party, today)
    return CreditCheck(
        limit=ledger_amount(limit), used=ledger_amount(used), needed=ledger_amount(needed)
    )


async def _receivable(session: AsyncSession, party: PartyRow) -> int:
    minor = await session.scalar(
        with_invoice(select(func.sum(EntryLineRow.minor))).where(
            EntryLineRow.tenant == party.tenant,
            EntryLineRow.account == RECEIVABLES,
            InvoiceRow.party_id == party.id,
        )
    )
    return int(minor or 0)


async def _on_order(session: AsyncSession, party: PartyRow, today: date) -> int:
    found = await session.execute(
        select(OrderRow.id, OrderRow.currency, OrderLineRow)
        .join(
            OrderLineRow,
            (OrderLineRow.tenant == OrderRow.tenant) & (OrderLineRow.order_id == OrderRow.id),
        )
        .where(
            OrderRow.tenant == party.tenant,
            OrderRow.party_id == party.id,
            OrderRow.kind == "sale",
            OrderRow.state == "confirmed",
            OrderLineRow.quantity > OrderLineRow.invoiced,
        )
        .execution_options(populate_existing=True)
    )
    left: dict[tuple[str, str], list[PricedLine]] = {}
    for order_id, currency, line in found:
        left.setdefault((order_id, currency), []).append(_left(line))
    total = 0
    for (_, currency), lines in left.items():
        total += await _gross(session, TenantId(party.tenant), lines, currency, today)
    return total


async def _gross(
    session: AsyncSession,
    tenant: TenantId,
    lines: Sequence[PricedLine],
    currency: str,
    today: date,
) -> int:
    gross_minor = document_totals(lines, currency).gross_minor
    return await in_company_currency(session, tenant, gross_minor, currency, today)


def _left(line: OrderLineRow) -> PricedLine:
    return PricedLine(
        sku=line.sku,
        description=line.description,
        quantity=line.quantity - line.invoiced,
        unit=line.unit,
        unit_price=line.unit_price,
        tax_percent=line.tax_percent,
        net=Decimal(0),
    )
