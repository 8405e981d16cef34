"""Steps that Tryton refuses after others were done: taken back, or told as unknown."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from live_erp import ErpSuite, serving_erp
from live_goods import counted, new_party, on_hand, stocked
from live_inventory import new_item
from live_line import BusyLine, on_line
from live_tryton import Command

from engines import service
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.testing import TEST_DATABASE_URL

pytestmark = pytest.mark.live

GOING = "stock.shipment.out"
COMING = "stock.shipment.in"


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture
def line() -> BusyLine:
    return BusyLine()


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any], line: BusyLine) -> AsyncIterator[ErpSuite]:
    async with (
        serving_erp(tmp_path / "data", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "erp", tryton, line),
    ):
        yield suite


async def shipments(client: TrytonClient, order_id: str) -> list[dict[str, Any]]:
    """Return the shipments of a sale as they are in Tryton."""
    [sale] = await client.call(
        "sale.sale", "read", [int(order_id.partition("-")[2])], ["shipments"]
    )
    fields = ["state", "reference", "effective_date", "inventory_moves"]
    return await client.call(GOING, "read", sale["shipments"], fields)


async def quantities(client: TrytonClient, moves: list[int]) -> list[tuple[float, str]]:
    """Return what moves bring and their states."""
    read = await client.call("stock.move", "read", moves, ["quantity", "state"])
    return [(move["quantity"], move["state"]) for move in read]


async def test_goods_that_went_meanwhile_leave_the_shipment_as_it_was(
    suite: ErpSuite, client: TrytonClient, line: BusyLine
) -> None:
    sku = await stocked(client, 5.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})
    ask = {"order_id": order["id"], "lines": [{"sku": sku, "quantity": "3"}]}
    line.method = f"model.{GOING}.assign_try"
    line.meanwhile = lambda: counted(client, sku, 2.0)

    error = await suite.refusal("fulfil_order", **ask)
    [shipment] = await shipments(client, order["id"])
    moves = await quantities(client, shipment["inventory_moves"])
    await counted(client, sku, 9.0)
    await suite.answer("fulfil_order", **ask)

    assert (error.code, error.field, error.outcome) == ("conflict", "lines", "not_done")
    assert (shipment["state"], shipment["reference"], moves) == (
        "waiting",
        None,
        [(5.0, "draft")],
    )
    assert await on_hand(client, sku) == 6.0
    assert (await suite.events()).count("erp.order.fulfilled") == 1


async def test_a_delivery_that_is_refused_once_picked_is_unknown(
    suite: ErpSuite, client: TrytonClient, line: BusyLine
) -> None:
    sku = await stocked(client, 5.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})
    [shipment] = await shipments(client, order["id"])
    line.method = f"model.{GOING}.do"
    line.meanwhile = lambda: client.call(GOING, "cancel", [shipment["id"]])

    error = await suite.refusal("fulfil_order", order_id=order["id"])
    read = await suite.answer("get_order", order_id=order["id"], include=["lines"])

    assert (error.code, error.outcome) == ("invalid_request", "unknown")
    assert read["lines"][0]["fulfilled"] == "0"
    assert "erp.order.fulfilled" not in await suite.events()


async def test_a_receipt_that_is_refused_gives_its_moves_back(
    suite: ErpSuite, client: TrytonClient, line: BusyLine
) -> None:
    sku = await new_item(client)
    vendor = await new_party(client, role="vendor")
    order = await suite.confirmed("purchase", vendor, {sku: "5"})
    ask = {"order_id": order["id"], "lines": [{"sku": sku, "quantity": "3"}]}
    number = int(order["id"].partition("-")[2])

    async def too_much() -> None:
        [purchase] = await client.call("purchase.purchase", "read", [number], ["moves"])
        await client.call("stock.move", "write", purchase["moves"], {"quantity": 50.0})

    line.method, line.meanwhile = f"model.{COMING}.receive", too_much
    error = await suite.refusal("fulfil_order", **ask)
    [purchase] = await client.call("purchase.purchase", "read", [number], ["moves", "shipments"])
    moves = await quantities(client, purchase["moves"])
    await suite.answer("fulfil_order", order_id=order["id"])

    assert (error.code, error.outcome) == ("backend_rejected", "not_done")
    assert (purchase["shipments"], moves) == ([], [(5.0, "draft")])
    assert await on_hand(client, sku) == 5.0


@pytest.mark.service
async def test_goods_refused_after_tryton_was_made_to_process_their_order_are_not_sent(
    suite: ErpSuite, client: TrytonClient, tryton: dict[str, Any]
) -> None:
    """An order that Tryton left confirmed is processed first, which it would have been anyway."""
    sku = await stocked(client, 1.0)
    lines = [{"sku": sku, "quantity": "5"}]
    party = await new_party(client)
    made = await suite.answer("create_order", kind="sale", party_id=party, lines=lines)
    await suite.answer("advance_order", order_id=made["id"], to="quoted")
    server = service(TEST_DATABASE_URL).rsplit("/", 1)[0]
    database = await asyncpg.connect(f"{server}/{tryton['database']}")
    number = int(made["id"].partition("-")[2])
    await database.execute("UPDATE sale_sale SET state = 'confirmed' WHERE id = $1", number)
    await database.close()

    error = await suite.refusal("fulfil_order", key=sku, order_id=made["id"])
    [shipment] = await shipments(client, made["id"])
    await counted(client, sku, 9.0)
    await suite.answer("fulfil_order", key=sku, order_id=made["id"])

    assert (error.code, error.field, error.outcome) == ("conflict", "lines", "not_done")
    assert shipment["state"] == "waiting"
    assert await on_hand(client, sku) == 4.0
