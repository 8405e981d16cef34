"""Sales and purchases of Tryton that can be billed, and what tests look at in its books."""

from typing import Any

from live_inventory import new_item, purchase
from live_tryton import confirmed_sale

from switchgear_shared.storage.tryton.client import TrytonClient

CUSTOMER = "O'Hara & Sons Ltd"
VENDOR = "Kupfer und Draht KG"


async def sold(client: TrytonClient, quantity: float = 10.0) -> tuple[str, str]:
    """Sell a new item to a customer, confirmed; return the order's id and the SKU."""
    sku = await new_item(client)
    number = await confirmed_sale(client, sku, quantity, party=CUSTOMER)
    return f"sale-{number}", sku


async def bought(
    client: TrytonClient, quantity: float = 10.0, *, received: float | None = None
) -> tuple[str, str]:
    """Buy a new item at 5 from a vendor; return the order's id and the SKU."""
    sku = await new_item(client)
    number = await purchase(client, {sku: quantity})
    [order] = (
        await client.search("purchase.purchase", [["number", "=", number]], ["party"], limit=2)
    ).records
    if received is not None:
        await receive(client, order, received)
    return f"purchase-{order['id']}", sku


async def receive(client: TrytonClient, order: dict[str, Any], quantity: float) -> None:
    """Take in goods of a purchase of one line."""
    domain = [["origin.purchase", "=", order["id"], "purchase.line"], ["state", "=", "draft"]]
    [move] = (await client.search("stock.move", domain, ["quantity"], limit=2)).records
    warehouse = ["warehouse", "warehouse.input_location", "warehouse.storage_location"]
    record = await client.get("purchase.purchase", order["id"], warehouse)
    shipment = {
        "supplier": order["party"],
        "warehouse": record["warehouse"]["id"],
        "warehouse_input": record["warehouse"]["input_location"],
        "warehouse_storage": record["warehouse"]["storage_location"],
        "incoming_moves": [
            ["add", [move["id"]]],
            ["write", [move["id"]], {"quantity": quantity}],
        ],
    }
    [made] = await client.call("stock.shipment.in", "create", [shipment])
    await client.call("stock.shipment.in", "receive", [made])
    await client.call("stock.shipment.in", "do", [made])


async def invoices_of(client: TrytonClient, order_id: str) -> list[dict[str, Any]]:
    """Return the invoices that Tryton knows of an order, the oldest first."""
    kind, _, number = order_id.partition("-")
    domain = [[f"{kind}s", "=", int(number)]]
    fields = ["state", "number", "total_amount", "description", "lines.quantity"]
    return [*(await client.search("account.invoice", domain, fields, limit=50)).records]


async def payments_of(client: TrytonClient, invoice_id: str) -> int:
    """Return how many payments of an invoice are booked."""
    number = int(invoice_id.partition("-")[2])
    domain = [["origin", "=", f"account.invoice,{number}"], ["journal.type", "=", "cash"]]
    return await client.call("account.move", "search_count", domain)
