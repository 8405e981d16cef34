"""What Tryton puts on an invoice's line by itself: account, unit and taxes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from switchgear_erp.models import Direction
from switchgear_erp.tryton.amounts import exact, tax_percent
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient

_AT_ONCE = 8
_LINE = "account.invoice.line"
_FIELDS = ("code", "name", "list_price_used", "cost_price", "default_uom.digits")
_KINDS: dict[Direction, str] = {"receivable": "sale", "payable": "purchase"}
_ACCOUNTS: dict[Direction, str] = {
    "receivable": "default_category_account_revenue",
    "payable": "default_category_account_expense",
}


@dataclass(frozen=True, slots=True)
class ProductDefaults:
    """A product as an invoice to or from one party bills it."""

    sku: str
    product: int
    description: str
    unit: int | None
    digits: int
    price: Decimal
    cost: Decimal
    tax_percent: Decimal
    taxes: tuple[int, ...]
    account: int | None


async def defaults_of(
    client: TrytonClient, header: Mapping[str, Any], skus: Sequence[str]
) -> dict[str, ProductDefaults]:
    """Return those of the SKUs that exist, by SKU, on an invoice with this header."""
    wanted = sorted({*skus})
    if not wanted:
        return {}
    page = await client.search(
        "product.product", [["code", "in", wanted]], _FIELDS, limit=MOST_RECORDS
    )
    records: dict[str, Record] = {}
    for record in page.records:
        records.setdefault(record["code"], record)
    limit = asyncio.Semaphore(_AT_ONCE)

    async def proposed(record: Record) -> ProductDefaults:
        async with limit:
            return await _defaults(client, header, record)

    found = await asyncio.gather(*(proposed(record) for record in records.values()))
    return {one.sku: one for one in found}


async def text_account(client: TrytonClient, direction: Direction) -> int:
    """Return the account of a line without a product; raises InvalidRequestError without one."""
    field = _ACCOUNTS[direction]
    [record] = await client.call("account.configuration", "read", [1], [field])
    if record[field] is None:
        raise InvalidRequestError(
            "Tryton has no default account for lines without a product", field="lines"
        )
    return record[field]


async def taxes_of(
    client: TrytonClient, percent: Decimal, direction: Direction, field: str
) -> tuple[int, ...]:
    """Return the one tax of a percentage; raises InvalidRequestError about the field."""
    domain = [
        ["parent", "=", None],
        ["type", "=", "percentage"],
        ["rate", "=", percent / 100],
        ["OR", ["group", "=", None], ["group.kind", "in", [_KINDS[direction], "both"]]],
    ]
    found = (await client.search("account.tax", domain, ["name"], limit=MOST_RECORDS)).records
    if len(found) > 1:
        names = ", ".join(tax["name"] for tax in found[:5])
        raise InvalidRequestError(f"{percent:f} % may be {names} in Tryton", field=field)
    if not found and percent:
        raise InvalidRequestError(f"Tryton has no tax of {percent:f} %", field=field)
    return tuple(tax["id"] for tax in found)


async def _defaults(
    client: TrytonClient, header: Mapping[str, Any], product: Record
) -> ProductDefaults:
    about = {name: header[name] for name in ("type", "party", "company", "currency")}
    line = {
        "type": "line",
        "product": product["id"],
        "company": header["company"],
        "currency": header["currency"],
        "invoice_type": header["type"],
        "party": header["party"],
        "invoice": {**about, "invoice_date": header.get("invoice_date")},
    }
    proposed = await client.call(_LINE, "on_change", line, ["product"])
    taxes: tuple[int, ...] = tuple(
        tax["id"] for _, tax in (proposed.get("taxes") or {}).get("add", [])
    )
    rates: Sequence[Record] = ()
    if taxes:
        domain = [["id", "in", taxes]]
        page = await client.search("account.tax", domain, ["type", "rate"], limit=MOST_RECORDS)
        rates = page.records
    return ProductDefaults(
        sku=product["code"],
        product=product["id"],
        description=product["name"],
        unit=proposed.get("unit"),
        digits=product["default_uom"]["digits"],
        price=exact(product["list_price_used"]),
        cost=exact(product["cost_price"]),
        tax_percent=tax_percent(rates),
        taxes=taxes,
        account=proposed.get("account"),
    )
