"""How much of an item is on order, as the ERP knows it."""

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

from switchgear_shared.errors import InvalidRequestError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.process import Work

_OPEN = ("draft", "quoted", "confirmed")


async def on_order(
    tools: ProcessTools, work: Work, *, vendor_id: str | None, sku: str, unit: str
) -> tuple[Decimal, list[str]]:
    """Return what open orders are to bring of `sku`, drafts included, and their numbers.

    With `vendor_id`, those with this vendor alone. Raises InvalidRequestError where one counts
    in another unit. The inventory counts as incoming only what was confirmed, and a moment
    later than the ERP.
    """
    total, refs = Decimal(0), list[str]()
    async for row in _open_orders(tools, work, vendor_id):
        order = await tools.read(work, "erp_get_order", order_id=row["id"], include=["lines"])
        left = Decimal(0)
        for line in order["lines"]:
            lacks = max(Decimal(line["quantity"]) - Decimal(line["fulfilled"]), Decimal(0))
            if line["sku"] == sku and lacks:
                refuse_other_unit(f"order {order['ref']}", line, unit)
                left += lacks
        if left:
            total += left
            refs.append(order["ref"])
    return total, sorted(refs)


def refuse_other_unit(what: str, line: Mapping[str, Any], unit: str) -> None:
    """Raise InvalidRequestError where a line of the ERP counts in another unit than `unit`."""
    if line["unit"] != unit:
        raise InvalidRequestError(
            f"{what} counts {line['sku']} in {line['unit']}, the inventory in {unit}"
        )


async def _open_orders(
    tools: ProcessTools, work: Work, vendor_id: str | None
) -> AsyncIterator[dict[str, Any]]:
    for state in _OPEN:
        cursor: str | None = None
        while True:
            page = await tools.read(
                work,
                "erp_list_orders",
                kind="purchase",
                state=state,
                party_id=vendor_id,
                limit=50,
                cursor=cursor,
            )
            for row in page["items"]:
                yield row
            cursor = page["next_cursor"]
            if cursor is None:
                break
