"""Mistakes with invoices over a real Tryton: each is refused in words, and nothing is changed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from live_books import CUSTOMER, VENDOR, bought, invoices_of, payments_of, sold
from live_erp import ErpSuite, serving_erp
from live_tryton import Command, confirmed_sale, one

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the orders that it bills."""
    return tryton_script("start")


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[ErpSuite]:
    patience = {"attempt_timeout_s": 60, "call_timeout_s": 120}
    async with serving_erp(tmp_path / "data", tryton, **patience) as suite:
        yield suite


async def drafted(suite: ErpSuite, order: str) -> str:
    """Draft the invoice of a sale."""
    made = await suite.answer(
        "create_invoice",
        key=order,
        direction="receivable",
        party_id=await suite.party(CUSTOMER),
        order_id=order,
    )
    return made["id"]


GOOD = {"sku": "BRK-016", "quantity": "1"}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"party_id": "party-999999"}, "not_found", "party_id"),
        ({"party_id": "sale-1"}, "not_found", "party_id"),
        ({"order_id": "sale-999999"}, "not_found", "order_id"),
        ({"order_id": "purchase-x"}, "not_found", "order_id"),
        ({"lines": None}, "invalid_request", "lines"),
        ({"lines": [GOOD, {"sku": "NO-SUCH", "quantity": "1"}]}, "not_found", "lines.1.sku"),
        ({"lines": [GOOD | {"quantity": "0"}]}, "invalid_request", "lines.0.quantity"),
        ({"lines": [GOOD | {"quantity": "1.5"}]}, "invalid_request", "lines.0.quantity"),
        ({"lines": [GOOD | {"tax_percent": "101"}]}, "invalid_request", "lines.0.tax_percent"),
        ({"lines": [GOOD | {"tax_percent": "7"}]}, "invalid_request", "lines.0.tax_percent"),
        ({"lines": [GOOD | {"unit_price": "-2"}]}, "invalid_request", "lines"),
        ({"lines": [GOOD | {"unit_price": "10000000000"}]}, "invalid_request", "lines"),
        (
            {"lines": [{"description": "Freight", "quantity": "1", "tax_percent": "19"}]},
            "invalid_request",
            "lines.0.unit_price",
        ),
        ({"totals": {"gross": "14.87"}}, "invalid_request", "totals.gross"),
        ({"totals": {"tax": "2.37"}}, "invalid_request", "totals.tax"),
        ({"currency": "XXQ"}, "invalid_request", "currency"),
        ({"currency": "USD"}, "invalid_request", "currency"),
        ({"issued_on": "1999-12-31"}, "invalid_request", "issued_on"),
        ({"issued_on": "2026-05-02", "due_on": "2026-05-01"}, "invalid_request", "due_on"),
        ({"direction": "payable", "party": VENDOR}, "invalid_request", "external_ref"),
        ({"party": VENDOR}, "invalid_request", "party_id"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused(
    suite: ErpSuite, changes: dict[str, Any], code: str, field: str
) -> None:
    party = await suite.party(changes.pop("party", CUSTOMER))
    ask = {"direction": "receivable", "party_id": party, "lines": [GOOD], **changes}
    before = await suite.answer("list_invoices")

    error = await suite.refusal("create_invoice", key="bad", **ask)

    assert (error.code, error.field, error.outcome) == (code, field, "not_done")
    assert (await suite.answer("list_invoices"))["total"] == before["total"]


async def test_an_order_is_billed_in_its_own_direction_and_once_confirmed(
    suite: ErpSuite, client: TrytonClient
) -> None:
    purchased, _ = await bought(client)
    number = await confirmed_sale(client, "BRK-016", 1.0, party=CUSTOMER)
    [copy] = await client.call("sale.sale", "copy", [number])
    ask = {"direction": "receivable", "party_id": await suite.party(CUSTOMER)}

    wrong_way = await suite.refusal("create_invoice", key="1", order_id=purchased, **ask)
    unconfirmed = await suite.refusal("create_invoice", key="2", order_id=f"sale-{copy}", **ask)

    assert (wrong_way.code, wrong_way.field) == ("invalid_request", "order_id")
    assert "is a purchase" in wrong_way.message
    assert (unconfirmed.code, unconfirmed.field) == ("invalid_request", "order_id")
    assert "is draft" in unconfirmed.message


async def test_what_is_not_there_is_not_found(suite: ErpSuite) -> None:
    for tool in ("get_invoice", "post_invoice", "match_invoice"):
        for name in ("invoice-999999", "invoice-01", "1", "sale-1"):
            error = await suite.refusal(tool, invoice_id=name)
            assert (error.code, error.field) == ("not_found", "invoice_id"), (tool, name)
    error = await suite.refusal("record_payment", key="x", invoice_id="invoice-999999")
    assert (error.code, error.field) == ("not_found", "invoice_id")
    error = await suite.refusal("get_balances", party_id="party-999999")
    assert (error.code, error.field) == ("not_found", "party_id")


async def test_a_receivable_is_not_matched(suite: ErpSuite, client: TrytonClient) -> None:
    order, _ = await sold(client)
    invoice = await drafted(suite, order)

    error = await suite.refusal("match_invoice", invoice_id=invoice)

    assert (error.code, error.field) == ("invalid_request", "invoice_id")


async def test_a_stale_version_and_a_cancelled_invoice_are_not_posted(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, _ = await sold(client)
    invoice = await drafted(suite, order)
    number = int(invoice.removeprefix("invoice-"))
    before = await suite.answer("get_invoice", invoice_id=invoice)
    await client.call("account.invoice", "write", [number], {"comment": "Call first"})
    now = await suite.answer("get_invoice", invoice_id=invoice)

    stale = await suite.refusal(
        "post_invoice", invoice_id=invoice, expected_version=before["version"]
    )
    await client.call("account.invoice", "cancel", [number])
    cancelled = await suite.refusal("post_invoice", invoice_id=invoice)
    unpaid = await suite.refusal("record_payment", key="c", invoice_id=invoice)

    assert (stale.code, stale.field) == ("conflict", "expected_version")
    assert stale.details == {"version": now["version"]}
    assert (cancelled.code, cancelled.field) == ("invalid_request", "invoice_id")
    assert "is cancelled" in cancelled.message
    assert (unpaid.code, unpaid.details) == ("invalid_request", {"state": "cancelled"})


async def test_closed_books_take_nothing(suite: ErpSuite, client: TrytonClient) -> None:
    order, _ = await bought(client)
    sale, _ = await sold(client)
    last_year = utc_now().date().year - 1
    bill = await suite.answer(
        "create_invoice",
        key=order,
        direction="payable",
        party_id=await suite.party(VENDOR),
        order_id=order,
        external_ref=f"V-{order}",
        issued_on=f"{last_year}-12-30",
    )
    open_one = await drafted(suite, sale)
    await suite.answer("post_invoice", invoice_id=open_one)

    posted = await suite.refusal("post_invoice", invoice_id=bill["id"])
    paid = await suite.refusal(
        "record_payment", key="old", invoice_id=open_one, paid_on=f"{last_year}-12-31"
    )
    early = await suite.refusal(
        "record_payment",
        key="early",
        invoice_id=open_one,
        paid_on=str(utc_now().date() + timedelta(days=2)),
    )

    assert (posted.code, posted.field) == ("invalid_request", "issued_on")
    assert posted.details == {"closed_until": f"{last_year}-12-31"}
    assert (paid.code, paid.field) == ("invalid_request", "paid_on")
    assert (early.code, early.field) == ("invalid_request", "paid_on")
    assert await payments_of(client, open_one) == 0


async def test_payments_that_cannot_be_are_refused(suite: ErpSuite, client: TrytonClient) -> None:
    order, _ = await sold(client)
    invoice = await drafted(suite, order)
    unposted = await suite.refusal("record_payment", key="0", invoice_id=invoice)
    posted = await suite.answer("post_invoice", invoice_id=invoice)
    ask = {"invoice_id": invoice}

    over = await suite.refusal("record_payment", key="1", amount="119.01", **ask)
    none = await suite.refusal("record_payment", key="2", amount="0", **ask)
    fine = await suite.refusal("record_payment", key="3", amount="1.001", **ask)
    await suite.answer("record_payment", key="4", amount="100", reference="Bank 1", **ask)
    twice = await suite.refusal("record_payment", key="5", amount="19", reference="BANK1", **ask)
    stale = await suite.refusal(
        "record_payment", key="6", amount="1", expected_version=posted["version"], **ask
    )
    last = await suite.answer("record_payment", key="7", amount="19", reference="Bank 2", **ask)
    after = await suite.refusal("record_payment", key="8", amount="1", **ask)

    assert (unposted.code, unposted.details) == ("invalid_request", {"state": "draft"})
    assert [one.field for one in (over, none, fine)] == ["amount", "amount", "amount"]
    assert over.details == {"open": {"amount": "119.00", "currency": "EUR"}}
    assert (twice.code, twice.field) == ("conflict", "reference")
    assert twice.details["open"] == "19.00"
    assert (stale.code, stale.field) == ("conflict", "expected_version")
    assert last["state"] == "paid"
    assert (after.code, after.field) == ("conflict", "invoice_id")
    assert await payments_of(client, invoice) == 2


async def test_eight_posts_and_eight_payments_at_once_have_one_effect_each(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, _ = await sold(client)
    invoice = await drafted(suite, order)

    posts = await asyncio.gather(
        *(suite.call("post_invoice", key=f"p{n}", invoice_id=invoice) for n in range(8))
    )
    payments = await asyncio.gather(
        *(suite.call("record_payment", key=f"m{n}", invoice_id=invoice) for n in range(8))
    )

    answers = [post.unwrap() for post in posts]
    assert sum(answer["changed"] for answer in answers) == 1
    assert len({answer["ref"] for answer in answers}) == 1
    assert sum(payment.error is None for payment in payments) == 1
    assert {payment.error.code for payment in payments if payment.error} == {"conflict"}
    assert await payments_of(client, invoice) == 1
    events = await suite.events()
    assert events.count("erp.invoice.posted") == events.count("erp.payment.recorded") == 1


async def test_eight_drafts_of_one_order_at_once_are_one(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, _ = await sold(client)
    party = await suite.party(CUSTOMER)
    ask = {"direction": "receivable", "party_id": party, "order_id": order}

    drafts = await asyncio.gather(
        *(suite.call("create_invoice", key=f"{order}-{n}", **ask) for n in range(8))
    )

    assert sum(draft.error is None for draft in drafts) == 1
    assert len(await invoices_of(client, order)) == 1


async def test_eight_invoices_with_one_number_of_a_vendor_at_once_are_one(
    suite: ErpSuite,
) -> None:
    party = await suite.party(VENDOR)
    line = {"sku": "BRK-016", "quantity": "1", "unit_price": "7"}
    number = f"AT-ONCE-{uuid4().hex}"
    ask = {"direction": "payable", "party_id": party, "external_ref": number, "lines": [line]}

    drafts = await asyncio.gather(
        *(suite.call("create_invoice", key=f"{number}-{n}", **ask) for n in range(8))
    )

    page = await suite.answer("list_invoices", query=number)
    made = [draft.unwrap()["id"] for draft in drafts if draft.error is None]
    assert [one["id"] for one in page["items"]] == made
    assert len(made) == 1
    assert {draft.error.code for draft in drafts if draft.error} == {"conflict"}


async def test_previews_say_what_would_change_and_change_nothing(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, sku = await sold(client)
    party = await suite.party(CUSTOMER)
    ask = {"direction": "receivable", "party_id": party, "order_id": order}

    preview = (await suite.answer("create_invoice", key="a", dry_run=True, **ask))["preview"]
    assert (await invoices_of(client, order))[0]["description"] is None
    draft = await suite.answer(
        "create_invoice", key="a", preview_digest=preview["preview_digest"], **ask
    )
    of_post = await suite.answer("post_invoice", invoice_id=draft["id"], dry_run=True)
    still = await suite.answer("get_invoice", invoice_id=draft["id"])
    number = await one(client, "account.invoice", "id", draft["id"].removeprefix("invoice-"))
    await client.call("account.invoice", "write", [number], {"comment": "Call first"})
    moved = await suite.refusal(
        "post_invoice",
        invoice_id=draft["id"],
        preview_digest=of_post["preview"]["preview_digest"],
    )
    await suite.answer("post_invoice", invoice_id=draft["id"])
    of_payment = await suite.answer(
        "record_payment", key="b", invoice_id=draft["id"], amount="19", dry_run=True
    )

    after = preview["effects"][0]["after"]
    assert after["gross"] == "119.00"
    assert after["lines"] == [f"10 {sku} at 10"]
    assert still["state"] == "draft"
    assert moved.code == "conflict"
    assert of_payment["preview"]["effects"][0]["after"]["open"] == "100.00"
    assert await payments_of(client, draft["id"]) == 0
