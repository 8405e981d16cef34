"""Orders and invoices as resources, and the completion of ids and SKUs."""

from switchgear_erp.backend import ErpBackend
from switchgear_erp.tools.arguments import Invoice, Order, erp
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.toolset import ResourceBody

_MOST_VALUES = 20


@erp.resource(
    "erp://orders/{order_id}",
    permission="erp.order.read",
    mime_type="application/json",
    name="erp_order",
)
async def erp_order(backend: ErpBackend, caller: Caller, order_id: Order) -> ResourceBody:
    """One order with its lines, shipments and invoices."""
    order = await backend.get_order(
        caller.tenant, order_id=order_id, include=("lines", "shipments", "invoices")
    )
    return ResourceBody(text=order.model_dump_json())


@erp.resource(
    "erp://invoices/{invoice_id}",
    permission="erp.invoice.read",
    mime_type="application/json",
    name="erp_invoice",
)
async def erp_invoice(backend: ErpBackend, caller: Caller, invoice_id: Invoice) -> ResourceBody:
    """One invoice with its lines and journal entry."""
    invoice = await backend.get_invoice(
        caller.tenant, invoice_id=invoice_id, include=("lines", "journal")
    )
    return ResourceBody(text=invoice.model_dump_json())


@erp.complete("order_id")
async def complete_order_id(backend: ErpBackend, caller: Caller, typed: str) -> list[str]:
    """Return the ids of the newest orders whose id or number goes on from what was typed."""
    page = await backend.list_orders(
        caller.tenant,
        kind=None,
        state=None,
        party_id=None,
        since=None,
        query=typed or None,
        limit=_MOST_VALUES,
        cursor=None,
    )
    return [order.id for order in page.items]


@erp.complete("invoice_id")
async def complete_invoice_id(backend: ErpBackend, caller: Caller, typed: str) -> list[str]:
    """Return the ids of the newest invoices whose id or number goes on from what was typed."""
    page = await backend.list_invoices(
        caller.tenant,
        direction=None,
        state=None,
        overdue=False,
        party_id=None,
        query=typed or None,
        limit=_MOST_VALUES,
        cursor=None,
    )
    return [invoice.id for invoice in page.items]


@erp.complete("party_id")
async def complete_party_id(backend: ErpBackend, caller: Caller, typed: str) -> list[str]:
    """Return the ids of the parties whose id, number or name is like what was typed."""
    page = await backend.find_parties(caller.tenant, query=typed, role=None, limit=_MOST_VALUES)
    return [party.id for party in page.items]


@erp.complete("sku")
async def complete_sku(backend: ErpBackend, caller: Caller, typed: str) -> list[str]:
    """Return the SKUs of the products that are called like what was typed."""
    page = await backend.find_products(caller.tenant, query=typed, limit=_MOST_VALUES)
    return [product.sku for product in page.items]
