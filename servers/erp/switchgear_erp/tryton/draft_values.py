"""A draft as it is to be, and the values that make one of Tryton's into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from switchgear_erp.models import InvoiceDraft
from switchgear_erp.tryton.amounts import exact
from switchgear_erp.tryton.billed_orders import BilledOrder
from switchgear_erp.tryton.draft_header import Header
from switchgear_erp.tryton.product_defaults import ProductDefaults, defaults_of, text_account
from switchgear_erp.tryton.reckoning import Reckoned
from switchgear_erp.tryton.wanted_lines import WantedInvoiceLine
from switchgear_shared.storage.tryton.client import Record, TrytonClient


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written: into `target`, an invoice as it is, or into a new one."""

    draft: InvoiceDraft
    order: BilledOrder | None
    header: Header
    lines: Sequence[WantedInvoiceLine]
    totals: Reckoned
    target: Record | None
    is_earlier: bool


async def values_of(client: TrytonClient, plan: Plan) -> dict[str, Any]:
    """Return what is written into the plan's target, or what makes a new invoice."""
    header = plan.header
    values: dict[str, Any] = {}
    if plan.target is None or plan.is_earlier:
        values |= {"payment_term_date": None, **header.of_party}
    values |= header.own
    there = [] if plan.target is None else plan.target["lines"]
    kept, new = _shared_out(plan.lines, there)
    gone = [line["id"] for line in there if line["id"] not in kept]
    changes: list[Any] = [
        ["write", [line["id"]], changed]
        for line in there
        if line["id"] in kept and (changed := _changed(line, kept[line["id"]]))
    ]
    if gone:
        changes.append(["delete", gone])
    if new:
        changes.append(["create", await _new_lines(client, plan, new)])
    if changes:
        values["lines"] = changes
    return values


def _shared_out(
    lines: Sequence[WantedInvoiceLine], there: Sequence[Record]
) -> tuple[dict[int, WantedInvoiceLine], list[WantedInvoiceLine]]:
    """Return which line goes into which that bills the same line of the order, and the rest."""
    free = {line["origin"]: line["id"] for line in reversed(there) if line["origin"]}
    kept: dict[int, WantedInvoiceLine] = {}
    new: list[WantedInvoiceLine] = []
    for line in lines:
        number = free.pop(line.origin, None)
        if number is None:
            new.append(line)
        else:
            kept[number] = line
    return kept, new


def _changed(line: Record, wanted: WantedInvoiceLine) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if exact(line["quantity"]) != wanted.quantity:
        values["quantity"] = float(wanted.quantity)
    if exact(line["unit_price"]) != wanted.unit_price:
        values["unit_price"] = wanted.unit_price
    if wanted.note not in (None, line["description"]):
        values["description"] = wanted.note
    taxes = tuple(tax["id"] for tax in line["taxes"] or [])
    if set(taxes) != {*wanted.taxes}:
        values["taxes"] = [["remove", taxes], ["add", wanted.taxes]]
    return values


async def _new_lines(
    client: TrytonClient, plan: Plan, lines: Sequence[WantedInvoiceLine]
) -> list[dict[str, Any]]:
    nameless = [line.sku for line in lines if line.sku and line.account is None]
    products = await defaults_of(client, plan.header.about, nameless)
    text = None
    if any(not (line.account or _account(line, products)) for line in lines):
        text = await text_account(client, plan.draft.direction)
    return [
        {
            "type": "line",
            "company": plan.header.about["company"],
            "currency": plan.header.currency.id,
            "product": line.product,
            "description": line.note,
            "quantity": float(line.quantity),
            "unit": line.unit,
            "unit_price": line.unit_price,
            "account": line.account or _account(line, products) or text,
            "taxes": [["add", line.taxes]],
            "origin": line.origin,
            **({"stock_moves": [["add", line.moves]]} if line.origin and line.moves else {}),
        }
        for line in lines
    ]


def _account(line: WantedInvoiceLine, products: Mapping[str, ProductDefaults]) -> int | None:
    found = products.get(line.sku or "")
    return found.account if found else None
