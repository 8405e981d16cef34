"""The three-way match of a payable: its rows, and its order's, read in one go."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp import matching
from switchgear_erp.models import InvoiceId, Match, Received, Tolerance
from switchgear_erp.sql import invoices, orders
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError


async def match_invoice(
    session: AsyncSession,
    tenant: TenantId,
    invoice_id: InvoiceId,
    receipts: Sequence[Received] | None,
    tolerance: Tolerance,
) -> Match:
    """See ErpBackend."""
    invoice = await invoices.get_invoice(session, tenant, invoice_id, include=("lines",))
    if invoice.direction != "payable":
        raise InvalidRequestError(
            f"invoice {invoice_id} is a receivable: only payables are matched",
            field="invoice_id",
        )
    order = None
    if invoice.order_id is not None:
        order = await orders.get_order(
            session, tenant, order_id=invoice.order_id, ref=None, include=("lines",)
        )
    return matching.match(invoice, order, receipts, tolerance)
