"""The ERP's orders over a real Tryton whose answers get lost on the way, or that is killed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from live_erp import ErpSuite, serving_erp
from live_goods import new_party, on_hand, stocked
from live_inventory import new_item
from live_line import DeadlyLine, Line, on_line
from live_tryton import Command

from switchgear_shared.errors import SwitchgearError
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live

SALE = "model.sale.sale"
PURCHASE = "model.purchase.purchase"
GOING = "model.stock.shipment.out"
COMING = "model.stock.shipment.in"


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture
def key() -> str:
    """A key that no other test has: our names on Tryton's records are made from it."""
    return uuid4().hex


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any], line: Line) -> AsyncIterator[ErpSuite]:
    """An ERP on the line, that takes what was not heard of for over at once."""
    async with (
        serving_erp(tmp_path / "data", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "erp", tryton, line),
    ):
        yield suite


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("kind", ["sale", "purchase"])
async def test_an_order_whose_creation_broke_is_there_once(
    suite: ErpSuite, client: TrytonClient, line: Line, kind: str, is_heard: bool, key: str
) -> None:
    party = await new_party(client, role="customer" if kind == "sale" else "vendor")
    lines = [{"sku": "BRK-016", "quantity": "1"}]
    ask = {"kind": kind, "party_id": party, "lines": lines, "external_ref": f"X {party}"}
    model = SALE if kind == "sale" else PURCHASE

    await _broken(suite, line, f"{model}.create", is_heard, "create_order", ask, key)
    done = await suite.answer("create_order", key=key, **ask)
    page = await suite.answer("list_orders", party_id=party)

    assert [order["id"] for order in page["items"]] == [done["id"]]
    assert (done["state"], done["replayed"]) == ("draft", is_heard)
    assert await suite.events() == ["erp.order.created"]


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("to", ["quoted", "confirmed", "cancelled"])
async def test_a_step_that_broke_is_taken_once(
    suite: ErpSuite, client: TrytonClient, line: Line, to: str, is_heard: bool, key: str
) -> None:
    sku = await stocked(client, 5.0)
    party = await new_party(client)
    made = await suite.answer(
        "create_order", kind="sale", party_id=party, lines=[{"sku": sku, "quantity": "2"}]
    )
    if to == "confirmed":
        made = await suite.answer("advance_order", order_id=made["id"], to="quoted")
    ask = {"order_id": made["id"], "to": to, "expected_version": made["version"]}
    buttons = {"quoted": "quote", "confirmed": "confirm", "cancelled": "cancel"}

    await _broken(suite, line, f"{SALE}.{buttons[to]}", is_heard, "advance_order", ask, key)
    done = await suite.answer("advance_order", key=key, **ask)
    read = await suite.answer("get_order", order_id=made["id"], include=["invoices"])

    assert (done["state"], read["state"], done["changed"]) == (to, to, True)
    assert len(read["invoices"]) == (1 if to == "confirmed" else 0)
    assert (await suite.events()).count(f"erp.order.{to}") == 1


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("step", ["wait", "write", "assign_try", "pick", "pack", "do"])
async def test_a_delivery_that_broke_happens_once(
    suite: ErpSuite, client: TrytonClient, line: Line, step: str, is_heard: bool, key: str
) -> None:
    sku = await stocked(client, 9.0)
    order = await suite.confirmed("sale", await new_party(client), {sku: "5"})
    if step == "wait":  # what somebody assigned is put together again
        number = int(order["id"].partition("-")[2])
        [sale] = await client.call("sale.sale", "read", [number], ["shipments"])
        await client.call("stock.shipment.out", "assign_try", sale["shipments"])
    ask = {"order_id": order["id"], "lines": [{"sku": sku, "quantity": "2"}]}

    await _broken(suite, line, f"{GOING}.{step}", is_heard, "fulfil_order", ask, key)
    done = await suite.answer("fulfil_order", key=key, **ask)
    read = await suite.answer("get_order", order_id=order["id"], include=["lines", "shipments"])

    assert await on_hand(client, sku) == 7.0
    assert (done["state"], read["lines"][0]["fulfilled"]) == ("confirmed", "2")
    assert len(read["shipments"]) == 1
    assert (await suite.events()).count("erp.order.fulfilled") == 1
    await suite.answer("fulfil_order", order_id=order["id"])
    assert await on_hand(client, sku) == 4.0


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize(
    "method",
    ["model.stock.lot.create", f"{COMING}.create", f"{COMING}.receive", f"{COMING}.do"],
)
async def test_a_receipt_that_broke_happens_once(
    suite: ErpSuite, client: TrytonClient, line: Line, method: str, is_heard: bool, key: str
) -> None:
    sku = await new_item(client, has_lots=True)
    vendor = await new_party(client, role="vendor")
    order = await suite.confirmed("purchase", vendor, {sku: "5"})
    goods = {"sku": sku, "quantity": "3", "lot": "L", "expires_on": "2099-01-01"}
    ask = {"order_id": order["id"], "lines": [goods]}

    await _broken(suite, line, method, is_heard, "fulfil_order", ask, key)
    await suite.answer("fulfil_order", key=key, **ask)
    read = await suite.answer("get_order", order_id=order["id"], include=["lines", "shipments"])

    assert await on_hand(client, sku) == 3.0
    assert (read["lines"][0]["fulfilled"], len(read["shipments"])) == ("3", 1)
    assert (await suite.events()).count("erp.order.fulfilled") == 1


async def test_what_was_done_to_a_sale_and_could_not_be_read_back_happens_once(
    suite: ErpSuite, client: TrytonClient, line: Line, key: str
) -> None:
    sku = await stocked(client, 9.0)
    lines = [{"sku": sku, "quantity": "5"}]
    ask: dict[str, Any] = {"kind": "sale", "party_id": await new_party(client), "lines": lines}

    made = await _lost(suite, line, f"{SALE}.create", "create_order", ask, f"{key}-0")
    step = {"order_id": made["id"], "to": "quoted"}
    quoted = await _lost(suite, line, f"{SALE}.quote", "advance_order", step, f"{key}-1")
    step |= {"to": "confirmed", "expected_version": quoted["version"]}
    confirmed = await _lost(suite, line, f"{SALE}.confirm", "advance_order", step, f"{key}-2")
    goods = {"order_id": made["id"], "lines": [{"sku": sku, "quantity": "2"}]}
    await _lost(suite, line, f"{GOING}.do", "fulfil_order", goods, f"{key}-3")
    read = await suite.answer("get_order", order_id=made["id"], include=["lines", "shipments"])
    page = await suite.answer("list_orders", party_id=ask["party_id"])

    assert [one["state"] for one in (made, quoted, confirmed)] == ["draft", "quoted", "confirmed"]
    assert (read["lines"][0]["fulfilled"], len(read["shipments"])) == ("2", 1)
    assert (await on_hand(client, sku), page["total"]) == (7.0, 1)
    assert await suite.events() == [
        *("erp.order.created", "erp.order.quoted", "erp.order.confirmed", "erp.order.fulfilled")
    ]


async def test_a_receipt_that_could_not_be_read_back_happens_once(
    suite: ErpSuite, client: TrytonClient, line: Line, key: str
) -> None:
    sku = await new_item(client)
    vendor = await new_party(client, role="vendor")
    order = await suite.confirmed("purchase", vendor, {sku: "5"})
    ask = {"order_id": order["id"], "lines": [{"sku": sku, "quantity": "3"}]}

    await _lost(suite, line, f"{COMING}.do", "fulfil_order", ask, key)
    read = await suite.answer("get_order", order_id=order["id"], include=["lines", "shipments"])

    assert (read["lines"][0]["fulfilled"], len(read["shipments"])) == ("3", 1)
    assert await on_hand(client, sku) == 3.0
    assert (await suite.events()).count("erp.order.fulfilled") == 1


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.2, 30.0])
async def test_an_order_is_there_once_though_tryton_was_killed_meanwhile(
    tmp_path: Path, tryton_script: Command, connect: Any, key: str, after_s: float
) -> None:
    connection = tryton_script("start")
    party = await new_party(connect())
    lines = [{"sku": "BRK-016", "quantity": "1"}]
    ask = {"kind": "sale", "party_id": party, "lines": lines}
    line = DeadlyLine()
    async with (
        serving_erp(tmp_path / "data", connection, retry_attempts=1) as suite,
        on_line(suite.host, "erp", connection, line),
    ):
        line.method, line.pid, line.after_s = f"{SALE}.create", connection["pid"], after_s
        first = await suite.call("create_order", key=key, **ask)
        _check_unknown(first.error)
        tryton_script("start")
        done = await suite.answer("create_order", key=key, **ask)
        page = await suite.answer("list_orders", party_id=party)

        assert [order["id"] for order in page["items"]] == [done["id"]]
        assert await suite.events() == ["erp.order.created"]


@pytest.mark.parametrize("after_s", [0.05, 0.4, 30.0])
async def test_a_confirmation_holds_once_though_tryton_was_killed_meanwhile(
    tmp_path: Path, tryton_script: Command, connect: Any, key: str, after_s: float
) -> None:
    connection = tryton_script("start")
    sku = await stocked(connect(), 9.0)
    party = await new_party(connect())
    line = DeadlyLine()
    async with (
        serving_erp(tmp_path / "data", connection, retry_attempts=1) as suite,
        on_line(suite.host, "erp", connection, line),
    ):
        lines = [{"sku": sku, "quantity": "2"}]
        made = await suite.answer("create_order", kind="sale", party_id=party, lines=lines)
        await suite.answer("advance_order", order_id=made["id"], to="quoted")
        ask = {"order_id": made["id"], "to": "confirmed"}
        line.method, line.pid, line.after_s = f"{SALE}.confirm", connection["pid"], after_s
        first = await suite.call("advance_order", key=key, **ask)
        _check_unknown(first.error)
        tryton_script("start")
        done = await suite.answer("advance_order", key=key, **ask)
        await suite.answer("fulfil_order", order_id=made["id"])
        read = await suite.answer(
            "get_order", order_id=made["id"], include=["lines", "shipments", "invoices"]
        )

        assert done["state"] == "confirmed"
        assert (len(read["shipments"]), len(read["invoices"])) == (1, 1)
        assert await on_hand(connect(), sku) == 7.0
        assert (await suite.events()).count("erp.order.confirmed") == 1


def _check_unknown(error: SwitchgearError | None) -> None:
    """Hold that a killed Tryton was heard whole, or leaves the outcome unknown."""
    if error is not None:
        assert (error.code, error.outcome) == ("backend_unavailable", "unknown")


async def _broken(
    suite: ErpSuite,
    line: Line,
    method: str,
    is_heard: bool,
    tool: str,
    arguments: dict[str, Any],
    key: str,
) -> None:
    """Call a tool while the line breaks, which leaves it unknown."""
    line.method, line.is_heard = method, is_heard
    error = await suite.refusal(tool, key=key, **arguments)
    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)


async def _lost(
    suite: ErpSuite, line: Line, method: str, tool: str, arguments: dict[str, Any], key: str
) -> dict[str, Any]:
    """Call a tool whose method is answered before the line goes down, and again once it is up."""
    line.method, line.down_after, line.breaks = method, True, 0
    error = await suite.refusal(tool, key=key, **arguments)
    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1), method
    line.down_after = line.is_down = False
    return await suite.answer(tool, key=key, **arguments)
