"""Our client of Tryton, against the real one."""

import asyncio
import os
import signal
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from live_tryton import Command, Connect, confirmed_sale, posted_invoice, purchase_invoice

from switchgear_shared.errors import (
    BackendRejectedError,
    BackendUnavailableError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
)
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.storage.tryton.refusals import TrytonWarningError

pytestmark = pytest.mark.live

SQLITE_NAME = "erp"


async def test_pages_of_products_follow_one_another_and_know_their_total(
    client: TrytonClient,
) -> None:
    fields = ["code", "list_price_used", "template.name"]
    order = [("code", "ASC")]

    first = await client.search("product.product", [], fields, limit=3, order=order)
    last = await client.search("product.product", [], fields, limit=5, offset=3, order=order)
    beyond = await client.search("product.product", [], fields, limit=3, offset=8, order=order)

    codes = [record["code"] for page in (first, last) for record in page.records]
    assert (codes, first.total, last.total) == (
        ["BRK-016", "BRK-063", "CBL-3G15", "ENC-200", "GLU-500", "MAN-EN", "MTR-3PH", "RLY-24V"],
        8,
        8,
    )
    assert first.records[0]["list_price_used"] == Decimal("12.50")
    assert first.records[0]["template"]["name"] == "Circuit breaker 16 A"
    assert beyond.records == ()


async def test_a_party_comes_back_as_it_was_made(client: TrytonClient) -> None:
    email = {"type": "email", "value": "ann@fresh.example", "name": "Ann"}
    values = {"name": "Fresh % Söhne", "contact_mechanisms": [["create", [email]]]}
    before = datetime.now(UTC) - timedelta(minutes=1)

    [party_id] = await client.call("party.party", "create", [values])
    party = await client.get("party.party", party_id, ["name", "email", "create_date", "active"])

    assert (party["name"], party["email"], party["active"]) == (
        "Fresh % Söhne",
        "ann@fresh.example",
        True,
    )
    assert before < party["create_date"] < datetime.now(UTC) + timedelta(minutes=1)


async def test_a_change_of_a_record_that_moved_on_is_a_conflict(client: TrytonClient) -> None:
    party = (await client.search("party.party", [], ["name"], limit=1)).records[0]
    [read] = await client.call("party.party", "read", [party["id"]], ["_timestamp"])
    expected = {f"party.party,{party['id']}": read["_timestamp"]}
    change = ("party.party", "write", [party["id"]], {"name": party["name"]})

    await client.call(*change, expected=expected)
    with pytest.raises(ConflictError):
        await client.call(*change, expected=expected)


@pytest.mark.parametrize(
    ("model", "method", "arguments", "expected"),
    [
        ("party.party", "read", [[99999], ["name"]], NotFoundError),
        ("sale.sale", "quote", [[99999]], NotFoundError),
        (
            "party.party",
            "create",
            [
                [
                    {
                        "name": "x",
                        "identifiers": [["create", [{"type": "eu_vat", "code": "DE1"}]]],
                    }
                ]
            ],
            InvalidRequestError,
        ),
        ("res.user", "write", [[1], {"name": "x"}], PolicyDeniedError),
        ("sale.opportunity", "won", [[1]], PolicyDeniedError),
        ("party.party", "read", [[1], ["nope"]], BackendRejectedError),
        ("nope.nope", "read", [[1], ["name"]], BackendRejectedError),
    ],
)
async def test_what_tryton_refuses_has_our_error(
    client: TrytonClient,
    model: str,
    method: str,
    arguments: list[Any],
    expected: type[SwitchgearError],
) -> None:
    with pytest.raises(SwitchgearError) as caught:
        await client.call(model, method, *arguments)

    assert (type(caught.value), caught.value.outcome) == (expected, "not_done")


async def test_a_link_to_nothing_is_refused_but_on_sqlite(
    client: TrytonClient, tryton: dict[str, Any]
) -> None:
    """Tryton leaves links to the database, and its SQLite does not look."""
    values = {"description": "x", "party": 99999}

    if tryton["database"] == SQLITE_NAME:
        assert await client.call("sale.opportunity", "create", [values])
    else:
        with pytest.raises(NotFoundError, match="99999"):
            await client.call("sale.opportunity", "create", [values])


async def test_reads_that_tryton_refuses_have_our_error(client: TrytonClient) -> None:
    with pytest.raises(NotFoundError):
        await client.get("party.party", 99999, ["name"])
    with pytest.raises(BackendRejectedError):
        await client.get("party.party", 1, ["nope"])
    with pytest.raises(BackendRejectedError):
        await client.search("nope.nope", [], ["name"], limit=1)


async def test_a_clerk_of_sales_is_denied_purchases(
    connect: Connect, tryton: dict[str, Any]
) -> None:
    clerk = connect(tryton["clerk"])

    assert (await clerk.search("sale.sale", [], ["number"], limit=1)).records == ()
    with pytest.raises(PolicyDeniedError, match="not allowed to access"):
        await clerk.search("purchase.purchase", [], ["number"], limit=1)
    with pytest.raises(PolicyDeniedError, match="not allowed to access"):
        await clerk.call("purchase.purchase", "search", [], 0, 1, None)


async def test_a_wrong_password_is_tried_once_and_a_wrong_key_is_told(
    connect: Connect, tryton: dict[str, Any]
) -> None:
    guessing = connect(tryton["clerk"], password="not this one")
    for _ in range(3):
        with pytest.raises(BackendRejectedError, match="refuses the password of clerk"):
            await guessing.call("party.party", "search_count", [])
    with pytest.raises(BackendRejectedError, match="refuses our credential"):
        await connect({**tryton, "key": "wrong"}).get("party.party", 1, ["name"])

    assert await connect(tryton["clerk"]).call("party.party", "search_count", []) > 0


async def test_a_session_that_tryton_ended_is_renewed(client: TrytonClient) -> None:
    before = await client.call("party.party", "search_count", [])
    login = client._login
    first = await login.session()
    logout = {"id": 0, "method": "common.db.logout", "params": []}
    ended = await client._post(logout, first.authorization, is_write=True)

    after = await client.call("party.party", "search_count", [])

    assert (ended.status, after) == (200, before)
    assert await login.session() != first


async def test_an_order_is_sold_shipped_invoiced_and_paid(client: TrytonClient) -> None:
    sale_id = await confirmed_sale(client, "BRK-016", 4.0, reference="ORDER-1")
    fields = ["state", "reference", "total_amount", "shipments", "invoices"]
    [sale] = await client.call("sale.sale", "read", [sale_id], fields)
    for step in ("assign_try", "pick", "pack", "do"):
        await client.call("stock.shipment.out", step, sale["shipments"])
    [invoice_id] = sale["invoices"]
    await client.call("account.invoice", "post", [invoice_id])

    for amount in (Decimal("20.00"), Decimal("39.50")):
        await pay(client, invoice_id, amount)

    [sale] = await client.call("sale.sale", "read", [sale_id], fields)
    [invoice] = await client.call(
        "account.invoice", "read", [invoice_id], ["state", "amount_to_pay"]
    )
    assert (sale["state"], sale["reference"], sale["total_amount"]) == (
        "done",
        "ORDER-1",
        Decimal("59.50"),
    )
    assert (invoice["state"], invoice["amount_to_pay"]) == ("paid", 0)


async def pay(client: TrytonClient, invoice_id: int, amount: Decimal) -> None:
    """Pay some or all of an invoice."""
    [method] = await client.call("account.invoice.payment.method", "search", [], 0, 1, None)
    async with client.wizard("account.invoice.pay", "account.invoice", invoice_id) as wizard:
        start = await wizard.step(wizard.first, {}, is_write=False)
        form = {**(start or {}), "payment_method": method, "amount": amount, "date": date.today()}  # noqa: DTZ011  # the fiscal year's day
        ask = await wizard.step("choice", {"start": form}, is_write=True)
        if ask:
            assert ask["type"] == "partial"
            await wizard.step("pay", {"start": form, "ask": ask}, is_write=True)


async def test_an_order_over_the_credit_limit_is_refused(client: TrytonClient) -> None:
    with pytest.raises(InvalidRequestError, match="will exceed their"):
        await confirmed_sale(client, "MTR-3PH", 10.0, party="Lindqvist Energi AB")


async def test_a_posted_invoice_is_not_changed(client: TrytonClient) -> None:
    invoice_id = await posted_invoice(client, "VENDOR-1")

    with pytest.raises(InvalidRequestError, match="not allowed to modify"):
        await client.call("account.invoice", "write", [invoice_id], {"party": 1})


async def test_a_warning_is_told_first_and_passes_once_accepted(client: TrytonClient) -> None:
    await posted_invoice(client, "VENDOR-2")
    again = await purchase_invoice(client, "VENDOR-2")

    with pytest.raises(TrytonWarningError) as caught:
        await client.call("account.invoice", "post", [again])
    assert (caught.value.kind, caught.value.outcome) == ("invoice_similar", "not_done")
    await client.call("account.invoice", "post", [again], accepting=["invoice_similar"])

    assert (await client.get("account.invoice", again, ["state"]))["state"] == "posted"


async def test_writes_of_one_record_at_once_each_happen_or_conflict(client: TrytonClient) -> None:
    async def write(number: int) -> str:
        try:
            await client.call("party.party", "write", [2], {"name": f"Brandt {number}"})
        except ConflictError:
            return "conflict"
        return "written"

    said = await asyncio.gather(*[write(number) for number in range(16)])

    assert set(said) <= {"written", "conflict"}
    assert "written" in said


async def test_a_server_that_dies_under_a_write_leaves_it_unknown(
    client: TrytonClient, tryton: dict[str, Any], tryton_script: Command
) -> None:
    """Restarted on the port of before, it goes on serving the same client."""
    invoice_id = await purchase_invoice(client, "VENDOR-3")
    posting = asyncio.create_task(client.call("account.invoice", "post", [invoice_id]))
    await asyncio.sleep(0.15)
    os.kill(tryton["pid"], signal.SIGKILL)

    with pytest.raises(BackendUnavailableError) as broken:
        await posting
    tryton_script("stop")
    with pytest.raises(BackendUnavailableError) as refused:
        await client.call("account.invoice", "post", [invoice_id])
    tryton_script("start")

    assert (broken.value.outcome, refused.value.outcome) == ("unknown", "not_done")
    state = (await client.get("account.invoice", invoice_id, ["state"]))["state"]
    assert state in {"draft", "posted"}
