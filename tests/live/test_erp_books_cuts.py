"""Invoices and payments over a real Tryton whose answers get lost on the way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from live_books import CUSTOMER, VENDOR, bought, invoices_of, payments_of, sold
from live_erp import ErpSuite, serving_erp
from live_line import Line, on_line
from live_tryton import Command

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the orders that it bills."""
    return tryton_script("start")


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


async def broken(
    suite: ErpSuite, line: Line, asked: tuple[str, ...], tool: str, **ask: Any
) -> dict[str, Any]:
    """Call a tool while the line breaks, which leaves it unknown, and then call it again."""
    line.asked, line.breaks = asked, 0
    error = await suite.refusal(tool, **ask)
    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)
    line.is_down = False
    return await suite.answer(tool, **ask)


WRITE = ("model.account.invoice.write",)
CREATE = ("model.account.invoice.create",)
POST = ("model.account.invoice.post",)
STEP = "wizard.account.invoice.pay.execute"


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_draft_of_an_order_that_broke_is_made_once(
    suite: ErpSuite, client: TrytonClient, line: Line, is_heard: bool
) -> None:
    order, sku = await sold(client)
    lines = [{"sku": sku, "quantity": "6"}]
    ask = {"direction": "receivable", "party_id": await suite.party(CUSTOMER), "lines": lines}

    line.is_heard = is_heard
    done = await broken(suite, line, WRITE, "create_invoice", key=order, order_id=order, **ask)
    await suite.answer("post_invoice", invoice_id=done["id"])

    made = await invoices_of(client, order)
    assert [(one["state"], one["lines"][0]["quantity"]) for one in made] == [
        ("posted", 6.0),
        ("draft", 4.0),
    ]
    assert (await suite.events()).count("erp.invoice.created") == 1


@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_new_draft_that_broke_is_made_once(
    suite: ErpSuite, client: TrytonClient, line: Line, is_heard: bool
) -> None:
    order, _ = await bought(client)
    ask: dict[str, Any] = {
        "direction": "payable",
        "party_id": await suite.party(VENDOR),
        "external_ref": f"X-{order}",
        "lines": [{"sku": "BRK-016", "quantity": "1", "unit_price": "7"}],
    }

    line.is_heard = is_heard
    done = await broken(suite, line, CREATE, "create_invoice", key=order, **ask)

    page = await suite.answer("list_invoices", query=f"X-{order}")
    assert [one["id"] for one in page["items"]] == [done["id"]]
    assert await suite.events() == ["erp.invoice.created"]


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("asked", [WRITE, POST])
async def test_a_posting_that_broke_happens_once(
    suite: ErpSuite, client: TrytonClient, line: Line, asked: tuple[str, ...], is_heard: bool
) -> None:
    order, _ = await sold(client)
    party = await suite.party(CUSTOMER)
    draft = await suite.answer(
        "create_invoice", key=order, direction="receivable", party_id=party, order_id=order
    )

    ask = {"invoice_id": draft["id"], "expected_version": draft["version"]}
    line.is_heard = is_heard
    done = await broken(suite, line, asked, "post_invoice", key=f"{order}-p", **ask)

    [only] = await invoices_of(client, order)
    assert (done["state"], done["ref"], only["state"]) == ("posted", only["number"], "posted")
    assert await suite.events() == ["erp.invoice.created", "erp.invoice.posted"]


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("asked", [WRITE, POST])
async def test_a_posting_that_has_its_order_taken_first_happens_once(
    suite: ErpSuite, client: TrytonClient, line: Line, asked: tuple[str, ...], is_heard: bool
) -> None:
    order, sku = await bought(client)
    party = await suite.party(VENDOR)
    ask = {"direction": "payable", "party_id": party, "order_id": order}
    lines = [{"sku": sku, "quantity": "10"}]
    first, second = [
        await suite.answer(
            "create_invoice", key=f"{order}-{n}", external_ref=f"{n}-{order}", lines=lines, **ask
        )
        for n in range(2)
    ]
    number = int(first["id"].removeprefix("invoice-"))
    await client.call("account.invoice", "delete", [number])
    [free] = await invoices_of(client, order)
    await client.call(
        "account.invoice",
        "write",
        [free["id"]],
        {"lines": [["write", [free["lines"][0]["id"]], {"origin": None}]]},
    )

    line.is_heard = is_heard
    await broken(suite, line, asked, "post_invoice", key=f"{order}-p", invoice_id=second["id"])

    made = await invoices_of(client, order)
    assert [one["id"] for one in made] == [int(second["id"].removeprefix("invoice-"))]
    assert (await suite.events()).count("erp.invoice.posted") == 1


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize(
    ("amount", "asked"),
    [(None, (STEP, "choice")), ("19", (STEP, "choice")), ("19", (STEP, "pay"))],
)
async def test_a_payment_that_broke_happens_once(
    suite: ErpSuite,
    client: TrytonClient,
    line: Line,
    amount: str | None,
    asked: tuple[str, ...],
    is_heard: bool,
) -> None:
    order, _ = await sold(client)
    party = await suite.party(CUSTOMER)
    draft = await suite.answer(
        "create_invoice", key=order, direction="receivable", party_id=party, order_id=order
    )
    await suite.answer("post_invoice", invoice_id=draft["id"])

    line.is_heard = is_heard
    done = await broken(
        suite,
        line,
        asked,
        "record_payment",
        key=f"{order}-m",
        invoice_id=draft["id"],
        amount=amount,
        reference="Bank 7",
    )

    invoice = await suite.answer("get_invoice", invoice_id=draft["id"])
    assert done["state"] == ("posted" if amount else "paid")
    assert invoice["open"]["amount"] == ("100.00" if amount else "0.00")
    assert await payments_of(client, draft["id"]) == 1
    assert (await suite.events()).count("erp.payment.recorded") == 1


async def test_what_was_done_and_could_not_be_read_back_happens_once(
    suite: ErpSuite, client: TrytonClient, line: Line
) -> None:
    order, _ = await sold(client)
    party = await suite.party(CUSTOMER)
    line.down_after = True
    ask = {"direction": "receivable", "party_id": party}
    lines = [{"sku": "BRK-016", "quantity": "1"}]

    new = await broken(suite, line, CREATE, "create_invoice", key=f"{order}-0", lines=lines, **ask)
    draft = await broken(
        suite, line, WRITE, "create_invoice", key=f"{order}-1", order_id=order, **ask
    )
    ask = {"invoice_id": draft["id"]}
    posted = await broken(suite, line, POST, "post_invoice", key=f"{order}-2", **ask)
    paid = await broken(suite, line, (STEP, "choice"), "record_payment", key=f"{order}-3", **ask)

    assert len(await invoices_of(client, order)) == 1
    assert await payments_of(client, draft["id"]) == 1
    assert [one["state"] for one in (new, draft, posted, paid)] == [
        *("draft", "draft", "posted", "paid")
    ]
    assert await suite.events() == [
        *("erp.invoice.created", "erp.invoice.created"),
        *("erp.invoice.posted", "erp.payment.recorded"),
    ]


async def test_a_draft_that_is_refused_after_it_was_sent_may_be_asked_for_again(
    suite: ErpSuite,
) -> None:
    party = await suite.party(CUSTOMER)
    line = {"sku": "BRK-016", "quantity": "1", "unit_price": "1.234567"}
    ask = {"key": "digits", "direction": "receivable", "party_id": party}

    refused = await suite.refusal("create_invoice", lines=[line], **ask)
    fine = await suite.answer("create_invoice", lines=[line | {"unit_price": "1.2345"}], **ask)

    assert (refused.code, refused.outcome) == ("invalid_request", "not_done")
    assert fine["state"] == "draft"


HANDLE = "wizard.purchase.handle.invoice.exception.execute"
CANCEL = "model.account.invoice.cancel"


async def drafted(suite: ErpSuite, order: str, document: str, **more: Any) -> dict[str, Any]:
    """Draft a document's invoice for an order of the vendor's."""
    party = await suite.party(VENDOR)
    ask = {"direction": "payable", "party_id": party, "order_id": order, "document_id": document}
    return await suite.answer("create_invoice", external_ref=f"V-{document}", **ask, **more)


async def test_a_draft_that_bills_an_order_is_taken_back_and_the_order_billed_anew(
    suite: ErpSuite, client: TrytonClient
) -> None:
    """The order is as it was before: Tryton has a draft of its own for all of it."""
    order, sku = await bought(client)
    lines = [{"sku": sku, "quantity": "6", "unit_price": "5"}]
    draft = await drafted(suite, order, f"doc_a_{sku}", lines=lines)

    seen = await suite.answer("cancel_draft", document_id=f"doc_a_{sku}", dry_run=True)
    gone = await suite.answer("cancel_draft", document_id=f"doc_a_{sku}")
    again = await suite.answer("cancel_draft", document_id=f"doc_a_{sku}")
    first = await drafted(suite, order, f"doc_b_{sku}", lines=lines)
    read = await suite.answer("get_order", order_id=order, include=["invoices"])

    assert len(seen["preview"]["effects"]) == 1
    assert (gone["id"], gone["state"], gone["changed"]) == (draft["id"], "cancelled", True)
    assert again["changed"] is False
    assert first["id"] != draft["id"]
    made = await invoices_of(client, order)
    assert sorted((one["state"], one["lines"][0]["quantity"]) for one in made) == [
        ("cancelled", 6.0),
        ("draft", 4.0),
        ("draft", 6.0),
    ]
    posted = await suite.answer("post_invoice", invoice_id=first["id"])
    assert posted["state"] == "posted"
    assert read["state"] in {"confirmed", "processing"}
    assert (await suite.events()).count("erp.invoice.cancelled") == 1


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("asked", [(CANCEL,), (HANDLE, "handle")])
async def test_a_taking_back_that_broke_happens_once_and_whole(
    suite: ErpSuite, client: TrytonClient, line: Line, asked: tuple[str, ...], is_heard: bool
) -> None:
    order, sku = await bought(client)
    document = f"doc_{sku}"
    await drafted(suite, order, document)

    line.is_heard = is_heard
    done = await broken(suite, line, asked, "cancel_draft", key=sku, document_id=document)

    assert done["state"] == "cancelled"
    made = await invoices_of(client, order)
    assert sorted((one["state"], one["lines"][0]["quantity"]) for one in made) == [
        ("cancelled", 10.0),
        ("draft", 10.0),
    ]
    domain = [["id", "=", int(order.partition("-")[2])]]
    [record] = (
        await client.search("purchase.purchase", domain, ["invoice_state"], limit=1)
    ).records
    assert record["invoice_state"] == "pending"
    assert (await suite.events()).count("erp.invoice.cancelled") == 1
