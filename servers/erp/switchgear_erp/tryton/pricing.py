"""What an order would cost: Tryton proposes prices and taxes as it does to its own clients."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from switchgear_erp.models import MOST_LINES, OrderKind, Role
from switchgear_erp.totals import document_totals
from switchgear_erp.trade import PricedLine, Quote, WantedLine
from switchgear_erp.tryton.amounts import ZERO, exact, money, tax_percent
from switchgear_erp.tryton.company import Company, company_of, currency_code
from switchgear_erp.tryton.credit import check_credit, exceeded
from switchgear_erp.tryton.ids import MODELS, party_id
from switchgear_erp.tryton.parties import check_role, party_named, roles_of
from switchgear_erp.tryton.price_digits import check_price_digits
from switchgear_erp.tryton.products import products_of
from switchgear_shared.contracts.values import minor_digits
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.tryton.client import Record, TrytonClient, without_labels
from switchgear_shared.storage.tryton.texts import unit_code

ROLES: dict[OrderKind, Role] = {"sale": "customer", "purchase": "vendor"}
_DEFAULTS: dict[OrderKind, tuple[str, ...]] = {
    "sale": ("company", "currency", "invoice_method", "shipment_method", "warehouse"),
    "purchase": ("company", "currency", "invoice_method", "warehouse"),
}
_TRADED: dict[OrderKind, tuple[str, str]] = {
    "sale": ("salable", "sold"),
    "purchase": ("purchasable", "bought"),
}
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Priced:
    """An order to be: what Tryton is to create it from, and what it adds up to."""

    header: Record
    lines: Sequence[Record]
    shown: tuple[PricedLine, ...]
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal


async def price(
    client: TrytonClient,
    party_text: str,
    kind: OrderKind | None,
    wanted: Sequence[WantedLine],
    today: date,
) -> Quote:
    """See ErpBackend.price_order."""
    party = await party_named(client, party_text)
    company = await company_of(client)
    chosen: OrderKind = kind or ("sale" if "customer" in roles_of(party, company) else "purchase")
    check_role(party, company, ROLES[chosen])
    priced = await priced_order(client, company, chosen, party, wanted)
    credit = None
    if chosen == "sale":
        credit = await check_credit(
            client, company, party, priced.net, priced.header["currency"], today
        )
    is_exceeded = credit is not None and credit.is_exceeded
    return Quote(
        kind=chosen,
        party_id=party_id(party["id"]),
        net=money(priced.net, priced.currency),
        tax=money(priced.tax, priced.currency),
        gross=money(priced.gross, priced.currency),
        lines=priced.shown,
        credit=credit,
        warnings=(exceeded(party, credit, company),) if credit and is_exceeded else (),
    )


async def priced_order(
    client: TrytonClient,
    company: Company,
    kind: OrderKind,
    party: Record,
    wanted: Sequence[WantedLine],
) -> Priced:
    """Return the order as Tryton proposes it.

    Raises:
        NotFoundError: a product does not exist.
        InvalidRequestError: a line is out of bounds, or all together are nothing.
    """
    if not 1 <= len(wanted) <= MOST_LINES:
        raise InvalidRequestError(
            f"an order has 1 to {MOST_LINES} lines, not {len(wanted)}", field="lines"
        )
    products = await products_of(client, [line.sku for line in wanted])
    for index, (product, line) in enumerate(zip(products, wanted, strict=True)):
        _check(kind, index, product, line)
    await check_price_digits(client, f"{kind}.line", wanted)
    header = await _header(client, kind, party)
    currency = await currency_code(client, company, header["currency"])
    limit = asyncio.Semaphore(_AT_ONCE)

    async def proposed(index: int) -> Record:
        async with limit:
            return await _line(client, company, kind, header, products[index], wanted[index], index)

    lines = await asyncio.gather(*(proposed(index) for index in range(len(wanted))))
    rates = await _rates(client, lines)
    shown = tuple(
        _shown(kind, product, line, rates, currency)
        for product, line in zip(products, lines, strict=True)
    )
    document_totals(shown, currency)
    totals = [
        {
            **line,
            "amount": answer.net,
            "taxes": line["taxes"],
        }
        for line, answer in zip(lines, shown, strict=True)
    ]
    summed = await client.call(MODELS[kind], "on_change", {**header, "lines": totals}, ["lines"])
    if summed["total_amount"] <= 0:
        raise InvalidRequestError("the lines add up to nothing", field="lines")
    return Priced(
        header=header,
        lines=[{**line, "taxes": [["add", line["taxes"]]]} for line in lines],
        shown=shown,
        currency=currency,
        net=summed["untaxed_amount"],
        tax=summed["tax_amount"],
        gross=summed["total_amount"],
    )


async def _header(client: TrytonClient, kind: OrderKind, party: Record) -> Record:
    model = MODELS[kind]
    header = without_labels(await client.call(model, "default_get", [*_DEFAULTS[kind]]))
    header["party"] = party["id"]
    header |= without_labels(await client.call(model, "on_change", header, ["party"]))
    return header


async def _line(
    client: TrytonClient,
    company: Company,
    kind: OrderKind,
    header: Record,
    product: Record,
    wanted: WantedLine,
    index: int,
) -> Record:
    about = {key: header.get(key) for key in ("party", "currency", "company", "payment_term")}
    begun = {"type": "line", "product": product["id"], "quantity": float(wanted.quantity)}
    told = {**begun, "company": header["company"], "currency": header["currency"], kind: about}
    proposed = await client.call(f"{kind}.line", "on_change", told, ["product", "quantity"])
    unit_price = wanted.unit_price if wanted.unit_price is not None else proposed["unit_price"]
    if unit_price is None and header["currency"] == company.currency_id:
        unit_price = _cost(kind, product)
    if unit_price is None:
        raise InvalidRequestError(
            f"line {index + 1}: Tryton has no price of {wanted.sku}: unit_price is missing",
            field=f"lines.{index}.unit_price",
        )
    taxes = [tax["id"] for _, tax in (proposed.get("taxes") or {}).get("add", [])]
    more = {key: proposed[key] for key in ("product_supplier",) if proposed.get(key)}
    return {**begun, **more, "unit": proposed["unit"], "unit_price": unit_price, "taxes": taxes}


def _cost(kind: OrderKind, product: Record) -> Decimal | None:
    """Return what a product that the vendor has no price for costs, by the unit it is bought in."""
    is_by_unit = product["purchase_uom"]["id"] == product["default_uom"]["id"]
    return (product["cost_price"] or None) if kind == "purchase" and is_by_unit else None


async def _rates(client: TrytonClient, lines: Sequence[Record]) -> dict[int, Record]:
    ids = sorted({tax for line in lines for tax in line["taxes"]})
    if not ids:
        return {}
    page = await client.search("account.tax", [["id", "in", ids]], ["type", "rate"], limit=len(ids))
    return {record["id"]: record for record in page.records}


def _shown(
    kind: OrderKind, product: Record, line: Record, rates: dict[int, Record], currency: str
) -> PricedLine:
    amount = Decimal(str(line["quantity"])) * line["unit_price"]
    step = Decimal(1).scaleb(-minor_digits(currency))
    complete = PricedLine(
        sku=product["code"],
        description=product["name"],
        quantity=exact(line["quantity"]),
        unit=unit_code(product[f"{kind}_uom"]["symbol"]),
        unit_price=exact(line["unit_price"]),
        tax_percent=tax_percent(rates[tax] for tax in line["taxes"] if tax in rates),
        net=ZERO,
    )
    document_totals([complete], currency)
    net = amount.quantize(step, rounding=ROUND_HALF_EVEN)
    return complete.model_copy(update={"net": net})


def _check(kind: OrderKind, index: int, product: Record, line: WantedLine) -> None:
    if line.quantity <= 0:
        raise _out_of_bounds(index, "quantity", line.quantity)
    if line.unit_price is not None and line.unit_price < 0:
        raise _out_of_bounds(index, "unit_price", line.unit_price)
    field, traded = _TRADED[kind]
    if not product[field]:
        raise InvalidRequestError(f"{line.sku} is not {traded}", field=f"lines.{index}.sku")
    unit = product[f"{kind}_uom"]
    check_split(line.sku, line.quantity, unit["digits"], f"lines.{index}.quantity")


def check_split(sku: str, quantity: Decimal, digits: int, field: str) -> None:
    """Refuse a quantity that the unit does not split into."""
    if quantity != round(quantity, digits):
        kept = "whole units" if digits == 0 else f"units of {digits} digits"
        raise InvalidRequestError(f"{sku} goes in {kept}, not {quantity:f}", field=field)


def _out_of_bounds(index: int, field: str, value: Decimal) -> InvalidRequestError:
    return InvalidRequestError(
        f"line {index + 1}: {field} cannot be {value:f}", field=f"lines.{index}.{field}"
    )
