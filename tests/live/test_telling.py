"""Writes that left no trace of ours in a real Tryton are told by a person, and all goes on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from live_crm import CrmSuite, deal, new_word, serving_crm
from live_erp import ErpSuite, serving_erp
from live_goods import new_party, stocked
from live_inventory import InventorySuite, new_item, serving_inventory
from live_line import Line, on_line
from live_tryton import Command

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live

Suite = ErpSuite | CrmSuite | InventorySuite


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the records that it counts on."""
    return tryton_script("start")


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def word() -> str:
    return new_word()


@pytest.fixture
async def erp(tmp_path: Path, tryton: dict[str, Any], line: Line) -> AsyncIterator[ErpSuite]:
    async with (
        serving_erp(tmp_path / "erp", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "erp", tryton, line),
    ):
        yield suite


@pytest.fixture
async def crm(tmp_path: Path, tryton: dict[str, Any], line: Line) -> AsyncIterator[CrmSuite]:
    async with (
        serving_crm(tmp_path / "crm", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "crm", tryton, line),
    ):
        yield suite


@pytest.fixture
async def inventory(
    tmp_path: Path, tryton: dict[str, Any], line: Line
) -> AsyncIterator[InventorySuite]:
    async with (
        serving_inventory(tmp_path / "inventory", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "inventory", tryton, line),
    ):
        yield suite


async def lost(suite: Suite, line: Line, method: str, tool: str, **ask: Any) -> str:
    """Have a write done whose answer is lost; return its id."""
    line.method = f"model.{method}"
    error = await suite.refusal(tool, **ask)
    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)
    page = await suite.answer("list_unresolved_writes")
    return page["items"][0]["id"]


async def tell(suite: Suite, write_id: str, record: str) -> str:
    """Say that a write was done as a record, and return which state that leaves."""
    said = {"done": True, "record_id": record, "reason": "seen in Tryton"}
    return (await suite.answer("resolve_write", write_id=write_id, **said))["state"]


async def last(client: TrytonClient, model: str, *domain: Any) -> int:
    order = [["id", "DESC"]]
    [number] = await client.call(model, "search", [*domain], 0, 1, order)
    return number


async def test_an_order_is_told(erp: ErpSuite, client: TrytonClient, line: Line, word: str) -> None:
    party = await new_party(client, role="vendor")
    lines = [{"sku": "BRK-016", "quantity": "1"}]
    other = await erp.answer(
        "create_order",
        kind="purchase",
        party_id=await new_party(client, role="vendor"),
        lines=lines,
    )
    ask: dict[str, Any] = {"kind": "purchase", "party_id": party, "lines": lines, "key": word}
    write_id = await lost(erp, line, "purchase.purchase.create", "create_order", **ask)
    number = await last(client, "purchase.purchase")
    await client.call("purchase.purchase", "write", [number], {"description": ""})
    resolve = {"write_id": write_id, "done": True, "reason": "seen in Tryton"}

    others = await erp.refusal("resolve_write", record_id=other["id"], **resolve)
    kind = await erp.refusal("resolve_write", record_id=f"sale-{number}", **resolve)
    said = await tell(erp, write_id, f"purchase-{number}")
    done = await erp.answer("create_order", **ask)
    page = await erp.answer("list_orders", party_id=party)

    assert [(e.code, e.field) for e in (others, kind)] == [("conflict", "record_id")] * 2
    assert (said, done["id"], done["replayed"]) == ("done", f"purchase-{number}", True)
    assert [order["id"] for order in page["items"]] == [done["id"]]
    assert await erp.events() == ["erp.order.created"] * 2


async def test_an_invoice_is_told(
    erp: ErpSuite, client: TrytonClient, line: Line, word: str
) -> None:
    party = await new_party(client, role="vendor")
    lines = [{"sku": "BRK-016", "quantity": "1", "unit_price": "7"}]
    ask: dict[str, Any] = {"direction": "payable", "external_ref": word, "lines": lines}
    ask |= {"party_id": party, "key": word}
    write_id = await lost(erp, line, "account.invoice.create", "create_invoice", **ask)
    number = await last(client, "account.invoice")
    await client.call("account.invoice", "write", [number], {"description": ""})

    await tell(erp, write_id, f"invoice-{number}")
    done = await erp.answer("create_invoice", **ask)

    assert (done["id"], done["replayed"]) == (f"invoice-{number}", True)
    assert await last(client, "account.invoice") == number
    assert await erp.events() == ["erp.invoice.created"]


async def test_a_party_is_told_and_one_of_another_write_is_not(
    erp: ErpSuite, client: TrytonClient, line: Line, word: str
) -> None:
    other = await erp.answer("create_party", name=f"Other {word}", roles=["vendor"])
    ask: dict[str, Any] = {"name": f"Works {word}", "roles": ["customer"], "key": word}
    write_id = await lost(erp, line, "party.party.create", "create_party", **ask)
    number = await last(client, "party.party")
    [party] = await client.call("party.party", "read", [number], ["identifiers"])
    await client.call("party.identifier", "delete", party["identifiers"])

    resolve = {"write_id": write_id, "done": True, "reason": "seen in Tryton"}
    refused = await erp.refusal("resolve_write", record_id=other["id"], **resolve)
    await tell(erp, write_id, f"party-{number}")
    done = await erp.answer("create_party", **ask)

    assert (refused.code, refused.field) == ("conflict", "record_id")
    assert "is of another write" in refused.message
    assert (done["id"], done["replayed"]) == (f"party-{number}", True)
    assert await erp.events() == ["erp.party.created"] * 2


@pytest.mark.parametrize("kind", ["sale", "purchase"])
async def test_goods_that_moved_are_told(
    erp: ErpSuite, client: TrytonClient, line: Line, word: str, kind: str
) -> None:
    sku = await stocked(client, 9.0)
    party = await new_party(client, role="customer" if kind == "sale" else "vendor")
    order, other = [await erp.confirmed(kind, party, {sku: "2"}) for _ in range(2)]
    way = "out" if kind == "sale" else "in"
    model = f"stock.shipment.{way}"
    await erp.answer("fulfil_order", order_id=other["id"])
    others = await last(client, model)
    ask = {"order_id": order["id"], "key": word}
    write_id = await lost(erp, line, f"{model}.do", "fulfil_order", **ask)
    page = await client.search(
        model,
        [[f"moves.origin.{kind}", "=", int(order["id"].split("-")[1]), f"{kind}.line"]],
        ["reference"],
        limit=9,
    )
    [shipment] = page.records
    await client.call(model, "write", [shipment["id"]], {"reference": ""})

    resolve = {"write_id": write_id, "done": True, "reason": "seen in Tryton"}
    if others != shipment["id"]:
        wrong = f"{kind}-shipment-{others}"
        assert (await erp.refusal("resolve_write", record_id=wrong, **resolve)).code == "conflict"
    await tell(erp, write_id, f"{kind}-shipment-{shipment['id']}")
    done = await erp.answer("fulfil_order", **ask)

    assert (done["id"], done["replayed"]) == (order["id"], True)
    assert (await erp.events()).count("erp.order.fulfilled") == 2
    assert await last(client, model) == max(others, shipment["id"])


async def test_a_contact_an_opportunity_and_a_note_are_told(
    crm: CrmSuite, client: TrytonClient, line: Line, word: str
) -> None:
    account_id = await crm.account(word)
    email = f"ann@{word}.example"
    ask: dict[str, Any] = {"email": email, "last_name": "Lee", "key": uuid4().hex}
    mechanism = "party.contact_mechanism"
    write_id = await lost(crm, line, f"{mechanism}.write", "upsert_contact", **ask)
    number = await last(client, mechanism)
    await client.call(mechanism, "write", [number], {"comment": ""})
    await tell(crm, write_id, f"contact-{number}")
    contact = await crm.answer("upsert_contact", **ask)
    assert (contact["id"], contact["replayed"]) == (f"contact-{number}", True)

    line.breaks = 0
    ask = {**deal(account_id, stage="qualified"), "key": uuid4().hex}
    write_id = await lost(crm, line, "sale.opportunity.create", "create_opportunity", **ask)
    number = await last(client, "sale.opportunity")
    await client.call("sale.opportunity", "write", [number], {"reference": ""})
    await tell(crm, write_id, f"opportunity-{number}")
    made = await crm.answer("create_opportunity", **ask)
    assert (made["id"], made["replayed"]) == (f"opportunity-{number}", True)

    line.breaks = 0
    ask = {"about_id": account_id, "kind": "call", "subject": "Hello", "note": "", "key": word}
    write_id = await lost(crm, line, "ir.note.create", "log_activity", **ask)
    number = await last(client, "ir.note", ["resource", "=", account_id.replace("-", ".party,", 1)])
    await client.call("ir.note", "delete", [number])
    values = {"resource": account_id.replace("-", ".party,", 1), "message": "Hello"}
    [number] = await client.call("ir.note", "create", [values])
    await tell(crm, write_id, f"note-{number}")
    logged = await crm.answer("log_activity", **ask)
    assert (logged["id"], logged["replayed"]) == (f"note-{number}", True)

    assert await crm.events() == [
        "crm.account.changed",
        "crm.contact.changed",
        "crm.opportunity.created",
        "crm.account.changed",
        "crm.activity.logged",
    ]


async def test_a_change_of_an_account_that_others_changed_again_is_told(
    crm: CrmSuite, line: Line, word: str
) -> None:
    """Nothing there tells whether it was ever done."""
    account_id = await crm.account(word)
    ask = {"account_id": account_id, "phone": "1", "industry": f"Trade {word}", "key": word}
    write_id = await lost(crm, line, "party.party.write", "upsert_account", **ask)
    await crm.answer("upsert_account", account_id=account_id, phone="2")

    await tell(crm, write_id, account_id)
    done = await crm.answer("upsert_account", **ask)

    assert (done["id"], done["state"], done["replayed"]) == (account_id, "updated", True)
    assert (await crm.answer("get_account", account_id=account_id))["phone"] == "2"


async def test_a_transfer_and_a_count_are_told_by_a_movement(
    inventory: InventorySuite, client: TrytonClient, line: Line
) -> None:
    sku = await new_item(client)
    await inventory.put(sku, "5")
    way = {"from_location": "WH", "to_location": "NORTH", "source_ref": f"TR-{sku}"}
    ask = {"lines": [{"sku": sku, "quantity": "2"}], **way, "key": sku}
    write_id = await lost(inventory, line, "stock.shipment.internal.do", "transfer", **ask)
    number = await last(client, "stock.shipment.internal")
    await client.call("stock.shipment.internal", "write", [number], {"reference": f"TR-{sku}"})
    [moved] = (
        await client.search(
            "stock.move",
            [["shipment", "=", f"stock.shipment.internal,{number}"]],
            ["id"],
            limit=1,
            order=[("id", "DESC")],
        )
    ).records
    await tell(inventory, write_id, str(moved["id"]))
    assert (await inventory.answer("transfer", **ask))["replayed"] is True

    line.breaks = 0
    ask = {
        "sku": sku,
        "location": "WH",
        "delta": "1",
        "expected_quantity": "3",
        "reason": "FOUND",
        "key": f"{sku}-c",
    }
    write_id = await lost(inventory, line, "stock.inventory.confirm", "adjust", **ask)
    count = await last(client, "stock.inventory")
    page = await client.search(
        "ir.note", [["resource", "=", f"stock.inventory,{count}"]], ["id"], limit=5
    )
    await client.call("ir.note", "delete", [note["id"] for note in page.records])
    await tell(inventory, write_id, str(await last(client, "stock.move")))
    assert (await inventory.answer("adjust", **ask))["replayed"] is True

    assert await inventory.on_hand(sku) == {"NORTH": "2", "WH": "4"}
    assert (await inventory.events()).count("inventory.stock.transferred") == 1
