"""A back office over MCP: order to cash, then procure to pay, as a transcript.

export TOKEN=$(.venv/bin/switchgear token issue back-office)
.venv/bin/python examples/trade.py [CUSTOMER SKU VENDOR SKU]

The same script runs on whatever systems stand behind the servers. Amounts stay below the limit
from which a person must approve.
"""
# ruff: noqa: INP001, T201 - a script that talks to a person

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

URL = os.environ.get("SWITCHGEAR_URL", "http://127.0.0.1:8080")
PATIENCE_S = 30
DEMO = ("Lindquell Automation GmbH", "FIT-1360", "Montalvo Ríos Instrumentación S.A.", "FIT-1360")

Answer = dict[str, Any]
Call = Callable[..., Awaitable[Answer]]


class NotSoError(Exception):
    """What the transcript claims does not hold."""


async def order_to_cash(call: Call, customer: str, sku: str) -> None:
    """Quote, sell, ship, bill and be paid."""
    party = await first(call, "erp_find_party", query=customer, role="customer")
    lines = [{"sku": sku, "quantity": "2"}]
    await call("erp_price_order", party_id=party, kind="sale", lines=lines)
    mark = f"WEB-{uuid4().hex[:8]}"
    order = await call(
        "erp_create_order", kind="sale", party_id=party, lines=lines, external_ref=mark
    )
    again = await call("erp_create_order", repeat=True, **order["asked"])
    told(again["id"] == order["id"] and again["replayed"], "repeated with its key: the same order")
    for state in ("quoted", "confirmed"):
        await call("erp_advance_order", order_id=order["id"], to=state)
    before = await call("inventory_get_stock", sku=sku)
    await call("erp_fulfil_order", order_id=order["id"])
    await stock_follows(call, sku, before)
    invoice = await bill(call, order["id"], party)
    await call("erp_post_invoice", invoice_id=invoice)
    paid = await call("erp_record_payment", invoice_id=invoice, reference=f"SEPA {mark}")
    told(paid["state"] == "paid", "the invoice is paid")
    done = await call("erp_advance_order", order_id=order["id"], to="processed")
    told(done["state"] == "processed", "the sale is done")


async def procure_to_pay(call: Call, vendor: str, sku: str) -> None:
    """Order from a vendor, receive, match the vendor's invoice, post and pay it."""
    party = await first(call, "erp_find_party", query=vendor, role="vendor")
    lines = [{"sku": sku, "quantity": "3"}]
    order = await call("erp_create_order", kind="purchase", party_id=party, lines=lines)
    for state in ("quoted", "confirmed"):
        await call("erp_advance_order", order_id=order["id"], to=state)
    before = await call("inventory_get_stock", sku=sku)
    await call("erp_fulfil_order", order_id=order["id"])
    await stock_follows(call, sku, before)
    number = f"RE-{uuid4().hex[:8]}"
    invoice = await bill(call, order["id"], party, external_ref=number)
    match = await call("erp_match_invoice", invoice_id=invoice)
    told(match["matched"], "order, receipt and invoice agree")
    await call("erp_post_invoice", invoice_id=invoice)
    paid = await call("erp_record_payment", invoice_id=invoice, reference=f"OUT {number}")
    told(paid["state"] == "paid", "the vendor is paid")
    balances = await call("erp_get_balances")
    told(balances["debit_total"] == balances["credit_total"], "the books balance")


async def bill(call: Call, order_id: str, party: str, **more: str) -> str:
    """Return the id of a draft invoice for all that the order has left to bill."""
    order = await call("erp_get_order", order_id=order_id)
    direction = "receivable" if order["kind"] == "sale" else "payable"
    draft = await call(
        "erp_create_invoice", direction=direction, party_id=party, order_id=order_id, **more
    )
    return draft["id"]


async def stock_follows(call: Call, sku: str, before: Answer) -> None:
    """Wait until the delivery shows in the stock."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            stock = await call("inventory_get_stock", sku=sku, quiet=True)
            if stock["on_hand"] != before["on_hand"]:
                break
            await asyncio.sleep(0.2)
    told(is_true=True, what=f"on hand of {sku}: {before['on_hand']} -> {stock['on_hand']}")


async def first(call: Call, tool: str, **arguments: str) -> str:
    """Return the id of the best match."""
    found = await call(tool, **arguments)
    if not found["items"]:
        raise NotSoError(f"{tool} found nothing for {arguments}")
    return found["items"][0]["id"]


def told(is_true: bool, what: str) -> None:
    """Print a claim that holds; end where it does not."""
    if not is_true:
        raise NotSoError(what)
    print(f"    ✓ {what}")


def caller(client: Client) -> Call:
    """Return a function that calls a tool, prints the call, and ends where it fails.

    What may succeed later is asked again, a write with its key: so it happens once.
    """

    async def call(
        tool: str, *, repeat: bool = False, quiet: bool = False, **arguments: Any
    ) -> Answer:
        is_write = tool.split("_")[1] in {"create", "advance", "fulfil", "post", "record"}
        if is_write and not repeat:
            arguments["idempotency_key"] = uuid4().hex
        async with asyncio.timeout(4 * PATIENCE_S):
            while (result := await client.call_tool(tool, arguments)).is_error:
                error = (result.meta or {})["io.switchgear/error"]
                if not error["retryable"]:
                    raise NotSoError(f"{tool} {arguments}\n{error['code']}: {error['message']}")
                print(f"{tool:22} {error['code']}, outcome {error['outcome']}: asked again")
                await asyncio.sleep(error["retry_after_s"] or 1)
        answer = result.structured_content or {}
        if not quiet:
            shown = {key: answer[key] for key in ("ref", "state", "gross") if answer.get(key)}
            print(f"{tool:22} {shown or ''}")
        return {**answer, "asked": arguments}

    return call


async def main(customer: str, sold: str, vendor: str, bought: str) -> None:
    """Run both."""
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE_S) as http,
        Client(streamable_http_client(f"{URL}/mcp", http_client=http)) as client,
    ):
        call = caller(client)
        print("— order to cash")
        await order_to_cash(call, customer, sold)
        print("— procure to pay")
        await procure_to_pay(call, vendor, bought)


if __name__ == "__main__":
    if len(sys.argv) not in (1, 5) or "TOKEN" not in os.environ:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*(sys.argv[1:] or DEMO)))
    except* NotSoError as failed:
        error: BaseException = failed
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        sys.exit(f"NOT SO: {error}")
