"""Goods that leave for a customer are bought again: once, whatever is delivered how often."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from journeys.office import Office, opened_office

SKU, CUSTOMER = "FIT-1360", "acc_0001"


async def sold_down(ask: Any) -> tuple[str, Decimal]:
    """Deliver so much of the item that its reorder point is reached; return its vendor."""
    stock = await ask("inventory_get_stock", sku=SKU)
    available, point = Decimal(stock["available"]), Decimal(stock["reorder_point"])
    left = available - point
    for level in stock["levels"]:
        quantity = min(left, Decimal(level["available"]))
        if quantity <= 0:
            continue
        order = await ask(
            "erp_create_order",
            by="back-office",
            kind="sale",
            party_id=CUSTOMER,
            lines=[{"sku": SKU, "quantity": str(quantity), "unit_price": "0.01"}],
            location=level["location"],
        )
        for to in ("quoted", "confirmed"):
            await ask("erp_advance_order", by="back-office", order_id=order["id"], to=to)
        await ask("erp_fulfil_order", by="back-office", order_id=order["id"])
        left -= quantity
    return stock["vendor_id"], point


async def bought(ask: Any, vendor_id: str) -> list[tuple[str, str]]:
    """Return state and quantity of every open order of the item at its vendor."""
    page = await ask("erp_list_orders", kind="purchase", party_id=vendor_id, limit=50)
    found = list[tuple[str, str]]()
    for row in page["items"]:
        order = await ask("erp_get_order", order_id=row["id"], include=["lines"])
        found += [
            (order["state"], line["quantity"])
            for line in order["lines"]
            if line["sku"] == SKU and order["state"] in ("draft", "quoted", "confirmed")
        ]
    return found


@pytest.mark.parametrize("times", [1, 2])
async def test_goods_that_were_sold_are_bought_again_once(own_data: Path, times: int) -> None:
    async with opened_office(own_data, reorder=True) as office:
        vendor_id, point = await sold_down(office.ask)
        assert await bought(office.ask, vendor_id) == []

        await office.deliver(times=times)

        ((state, quantity),) = await bought(office.ask, vendor_id)
        assert state == "confirmed"
        stock = await office.ask("inventory_get_stock", sku=SKU)
        assert (Decimal(stock["available"]), stock["incoming"]) == (point, quantity)
        assert await processes(office) == ["completed"]


async def test_goods_that_were_sold_are_not_bought_again_unless_that_is_set(
    own_data: Path,
) -> None:
    async with opened_office(own_data) as office:
        vendor_id, _ = await sold_down(office.ask)
        await office.deliver()
        assert await bought(office.ask, vendor_id) == []
        assert await processes(office) == []


async def processes(office: Office) -> list[str]:
    page = await office.ask("workflows_list", process="reorder")
    return [row["state"] for row in page["items"]]
