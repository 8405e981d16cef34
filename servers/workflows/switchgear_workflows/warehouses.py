"""Which warehouse a whole order can leave from."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from switchgear_shared.errors import NotFoundError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.process import Work


async def warehouse_for(
    tools: ProcessTools, work: Work, needed: Mapping[str, Decimal], wanted: str | None
) -> dict[str, Any] | tuple[str, ...]:
    """Return the first warehouse that has all of it and the lines to hold, or why none has.

    `needed` is by SKU; what the inventory does not keep, such as a service, is passed over. Only
    `wanted` is looked at where it is given.
    """
    levels: dict[str, dict[str, Decimal]] = {}
    for sku in needed:
        try:
            stock = await tools.read(work, "inventory_get_stock", sku=sku)
        except NotFoundError:
            continue
        levels[sku] = {
            level["location"]: Decimal(level["available"])
            for level in stock["levels"]
            if wanted in (None, level["location"])
        }
    lines = [{"sku": sku, "quantity": format(needed[sku], "f")} for sku in levels]
    places = sorted({place for each in levels.values() for place in each})
    for place in places:
        if all(each.get(place, Decimal(0)) >= needed[sku] for sku, each in levels.items()):
            return {"location": place, "lines": lines}
    if not levels:
        return {"location": wanted, "lines": []}
    where = wanted or "any one warehouse"
    return tuple(
        f"stock: {format(needed[sku], 'f')} of {sku} wanted, "
        f"{format(max(each.values(), default=Decimal(0)), 'f')} available in {where}"
        for sku, each in levels.items()
        if max(each.values(), default=Decimal(0)) < needed[sku]
    ) or ("stock: no warehouse has all of the order",)
