"""Parties and goods of a Tryton that a test has for itself."""

from itertools import count
from typing import Any
from uuid import uuid4

from live_inventory import new_item
from live_tryton import one

from switchgear_shared.storage.tryton.client import TrytonClient

_NUMBERS = count(1)


async def new_party(
    client: TrytonClient, *, role: str = "customer", name: str | None = None
) -> str:
    """Make a customer, a vendor or `both` that nobody else uses, and return its id."""
    term = await one(client, "account.invoice.payment_term", "name", "30 days net")
    sides = {"customer": ["customer"], "vendor": ["supplier"], "both": ["customer", "supplier"]}
    values: dict[str, Any] = {
        "name": name or f"Party {next(_NUMBERS)} {uuid4().hex[:8]}",
        "addresses": [["create", [{"street": "Weg 1", "city": "Kiel"}]]],
        **{f"{side}_payment_term": term for side in sides[role]},
    }
    [party] = await client.call("party.party", "create", [values])
    return f"party-{party}"


async def stocked(
    client: TrytonClient,
    quantity: float,
    *,
    lots: dict[str, float] | None = None,
    location: str = "WH",
    unit: str = "u",
) -> str:
    """Make an item at 10 EUR that lies in a warehouse, by lot if there are lots."""
    sku = await new_item(client, has_lots=bool(lots), unit=unit)
    product = await one(client, "product.product", "code", sku)
    lines: list[dict[str, Any]] = [{"product": product, "quantity": quantity}]
    if lots:
        lines = []
        for number, each in lots.items():
            [lot] = await client.call(
                "stock.lot", "create", [{"number": number, "product": product}]
            )
            lines.append({"product": product, "quantity": each, "lot": lot})
    await _count(client, location, lines)
    return sku


async def counted(client: TrytonClient, sku: str, quantity: float, location: str = "WH") -> None:
    """Have so much of an item without lots in a warehouse."""
    product = await one(client, "product.product", "code", sku)
    lines = [{"product": product, "quantity": quantity}]
    await _count(client, location, lines)


async def on_hand(client: TrytonClient, sku: str, location: str = "WH") -> float:
    """Return what lies in a warehouse, whoever holds it."""
    product = await one(client, "product.product", "code", sku)
    place = await _storage(client, location)
    found = await client.get(
        "product.product",
        product,
        ["quantity"],
        context={"locations": [place], "with_childs": True},
    )
    return found["quantity"]


async def _count(client: TrytonClient, location: str, lines: list[dict[str, Any]]) -> None:
    values = {"location": await _storage(client, location), "lines": [["create", lines]]}
    [count_id] = await client.call("stock.inventory", "create", [values])
    await client.call("stock.inventory", "confirm", [count_id])


async def _storage(client: TrytonClient, location: str) -> int:
    domain = [["code", "=", location], ["type", "=", "warehouse"]]
    page = await client.search("stock.location", domain, ["storage_location"], limit=1)
    return page.records[0]["storage_location"]


def new_iban() -> str:
    """Return an account that no other test has."""
    number = f"{uuid4().int % 10**18:018d}"
    check = 98 - int(f"{number}131400") % 97
    return f"DE{check:02d}{number}"
