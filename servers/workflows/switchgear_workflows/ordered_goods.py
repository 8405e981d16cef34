"""What a customer's document orders, held against our own products and prices."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.process import Work

ORDER = "order"
"""Where a process keeps what is ordered: as the input of `workflows_start` has it."""


def as_stated(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document's order; the seller's item number in it is ours."""
    fields = reading["fields"]
    order = {
        "external_ref": fields.get("number"),
        "promised_on": fields.get("delivery_date"),
        "lines": [
            {
                "sku": line["seller_item_id"],
                "quantity": line["quantity"],
                "unit_price": line["unit_price"],
                "name": line["description"],
            }
            for line in reading["lines"]
        ],
    }
    return {name: value for name, value in order.items() if value is not None}


def priced(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines as the ERP takes them; without a price they are at ours."""
    shown = ("sku", "quantity", "unit_price")
    return [{name: line[name] for name in shown if line.get(name) is not None} for line in lines]


async def unknown_goods(
    tools: ProcessTools, work: Work, lines: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Return why lines cannot be ordered as they are written, none for those that can."""
    reasons: list[str] = []
    for number, line in enumerate(lines, start=1):
        sku, name = line.get("sku"), line.get("name") or ""
        if not _is_quantity(line.get("quantity")):
            reasons.append(f"line {number} states no quantity: {name or sku}")
        elif not sku:
            reasons.append(f"line {number} names no item number of ours: {name}")
        elif not await _is_ours(tools, work, sku):
            reasons.append(f"line {number} names an item we do not sell: {sku} {name}".strip())
    return tuple(reasons)


async def price_doubts(
    tools: ProcessTools, work: Work, order: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return where the document states another price than ours; accepted, it is the order's."""
    lines = order["lines"]
    try:
        quote = await tools.read(
            work,
            "erp_price_order",
            kind="sale",
            party_id=work.data["party_id"],
            lines=[{"sku": line["sku"], "quantity": line["quantity"]} for line in lines],
        )
    except (InvalidRequestError, NotFoundError) as refusal:
        return (f"the ERP refuses: {refusal.message}",)
    return tuple(
        f"{line['sku']} is ordered at {line['unit_price']}, our price is {ours['unit_price']}"
        for line, ours in zip(lines, quote["lines"], strict=True)
        if line.get("unit_price") and Decimal(line["unit_price"]) != Decimal(ours["unit_price"])
    )


async def _is_ours(tools: ProcessTools, work: Work, sku: str) -> bool:
    try:
        found = await tools.read(work, "erp_find_product", query=sku[:200])
    except InvalidRequestError:
        return False
    return any(product["sku"] == sku for product in found["items"])


def _is_quantity(text: str | None) -> bool:
    try:
        return text is not None and Decimal(text) > 0
    except InvalidOperation:
        return False
