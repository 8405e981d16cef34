"""The three-way match of what Tryton has."""

from collections.abc import Sequence
from datetime import date

from switchgear_erp import matching
from switchgear_erp.models import InvoiceId, Match, Received, Tolerance
from switchgear_erp.tryton.invoices import get_invoice
from switchgear_erp.tryton.orders import get_order
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.tryton.client import TrytonClient


async def match_invoice(
    client: TrytonClient,
    named: InvoiceId,
    receipts: Sequence[Received] | None,
    tolerance: Tolerance,
    today: date,
) -> Match:
    """See ErpBackend."""
    invoice = await get_invoice(client, named, today, include=("lines",))
    if invoice.direction != "payable":
        raise InvalidRequestError(
            f"invoice {named} is a receivable: only payables are matched", field="invoice_id"
        )
    order = None
    if invoice.order_id is not None:
        order = await get_order(client, order_id=invoice.order_id, ref=None, include=("lines",))
    return matching.match(invoice, order, receipts, tolerance)
