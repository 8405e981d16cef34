"""Records of a Tryton's business, made the way its own clients make them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.tryton.client import TrytonClient, without_labels

Command = Callable[..., dict[str, Any]]
Connect = Callable[..., TrytonClient]


def over_tryton(connection: dict[str, Any], server: str) -> dict[str, Any]:
    """Return the settings that put a server over a Tryton, which shares its machine with tests."""
    return {
        f"{server}_backend": "tryton",
        "tryton_url": connection["url"],
        "tryton_user": connection["user"],
        "tryton_password": SecretStr(connection["password"]),
        "tryton_key": SecretStr(connection["key"]),
        "tryton_company": connection["company"],
        "attempt_timeout_s": 25,
        "call_timeout_s": 60,
    }


def client_of(connection: dict[str, Any], **instead: Any) -> TrytonClient:
    """Return a client of a Tryton's; whoever makes it closes it."""
    told = {**connection, **instead}
    return TrytonClient(
        JsonApi("Tryton", told["url"], transport=told.get("transport")),
        user=told["user"],
        password=SecretStr(told["password"]),
        key=SecretStr(told["key"]),
        company=told["company"],
    )


async def one(client: TrytonClient, model: str, field: str, value: str) -> int:
    """Return the id of the one record whose field says so."""
    [record] = (await client.search(model, [[field, "=", value]], ["id"], limit=2)).records
    return record["id"]


def added(taxes: dict[str, Any]) -> list[Any]:
    return [["add", [tax["id"] for _, tax in taxes.get("add", [])]]]


async def confirmed_sale(
    client: TrytonClient,
    sku: str,
    quantity: float,
    *,
    party: str = "Brandt Maschinenbau GmbH",
    reference: str | None = None,
) -> int:
    """Sell from the main warehouse."""
    wanted = ["company", "currency", "invoice_method", "shipment_method"]
    order = without_labels(await client.call("sale.sale", "default_get", wanted))
    order["party"] = await one(client, "party.party", "name", party)
    order |= without_labels(await client.call("sale.sale", "on_change", order, ["party"]))
    product = await one(client, "product.product", "code", sku)
    line = {"type": "line", "product": product, "quantity": quantity}
    about = {key: order[key] for key in ("party", "currency", "company", "payment_term")}
    proposed = await client.call(
        "sale.line",
        "on_change",
        {**line, "company": order["company"], "currency": order["currency"], "sale": about},
        ["product", "quantity"],
    )
    line |= {
        "unit": proposed["unit"],
        "unit_price": proposed["unit_price"],
        "taxes": added(proposed["taxes"]),
    }
    order |= {
        "reference": reference,
        "warehouse": await one(client, "stock.location", "code", "WH"),
        "lines": [["create", [line]]],
    }
    [sale_id] = await client.call("sale.sale", "create", [order])
    await client.call("sale.sale", "quote", [sale_id])
    await client.call("sale.sale", "confirm", [sale_id])
    return sale_id


async def purchase_invoice(client: TrytonClient, number: str) -> int:
    """Take in a vendor's invoice over two circuit breakers, as a draft."""
    today = date.today()  # noqa: DTZ011  # the fiscal year's day
    party = await one(client, "party.party", "name", "Kupfer und Draht KG")
    product = await one(client, "product.product", "code", "BRK-016")
    invoice = {"type": "in", "company": 1, "currency": 1, "party": party}
    invoice |= without_labels(
        await client.call("account.invoice", "on_change", invoice, ["type", "party"])
    )
    line = {"type": "line", "product": product, "quantity": 2.0}
    about = {"type": "in", "party": party, "company": 1, "currency": 1, "invoice_date": today}
    proposed = await client.call(
        "account.invoice.line",
        "on_change",
        {
            **line,
            "company": 1,
            "currency": 1,
            "invoice": about,
            "invoice_type": "in",
            "party": party,
        },
        ["product", "quantity"],
    )
    line |= {
        "unit": proposed["unit"],
        "unit_price": Decimal(7),
        "account": proposed["account"],
        "taxes": added(proposed["taxes"]),
    }
    invoice |= {"reference": number, "invoice_date": today, "lines": [["create", [line]]]}
    [invoice_id] = await client.call("account.invoice", "create", [invoice])
    return invoice_id


async def posted_invoice(client: TrytonClient, number: str) -> int:
    """Take in a vendor's invoice and post it."""
    invoice_id = await purchase_invoice(client, number)
    await client.call("account.invoice", "post", [invoice_id])
    return invoice_id
