"""Vendors' invoices over a real Tryton: matched with what came in, posted, paid and overdue."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from live_books import VENDOR, bought, invoices_of, payments_of
from live_erp import ErpSuite, serving_erp
from live_tryton import Command

from switchgear_erp.models import DraftLine, InvoiceDraft, PartyId
from switchgear_erp.tryton import TrytonErp
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id, utc_now
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


async def billed(suite: ErpSuite, order: str, **more: Any) -> dict[str, Any]:
    """Take in a vendor's invoice for an order."""
    return await suite.answer(
        "create_invoice",
        key=more.pop("key", order),
        direction="payable",
        party_id=await suite.party(VENDOR),
        order_id=order,
        external_ref=more.pop("external_ref", f"V-{order}"),
        **more,
    )


async def test_a_purchase_is_received_billed_matched_posted_and_paid(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, sku = await bought(client, 10.0, received=10.0)
    lines = [{"sku": sku, "quantity": "10", "unit_price": "5"}]

    drafted = await billed(
        suite, order, lines=lines, document_id="doc_7", totals={"gross": "59.50"}
    )
    match = await suite.answer("match_invoice", invoice_id=drafted["id"])
    posted = await suite.answer("post_invoice", invoice_id=drafted["id"])
    after = await suite.answer("match_invoice", invoice_id=drafted["id"])
    paid = await suite.answer("record_payment", key=f"{order}-p", invoice_id=drafted["id"])
    bought_for = await suite.answer("get_order", order_id=order, include=["lines"])

    [only] = await invoices_of(client, order)
    assert drafted["id"] == f"invoice-{only['id']}"
    assert (match["matched"], match["receipts_checked"], after["matched"]) == (True, True, True)
    assert (posted["state"], paid["state"]) == ("posted", "paid")
    assert await payments_of(client, drafted["id"]) == 1
    assert (bought_for["lines"][0]["invoiced"], bought_for["state"]) == ("10", "processed")


async def test_goods_billed_twice_are_told_and_the_second_bill_is_not_posted(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, sku = await bought(client, 10.0, received=10.0)
    lines = [{"sku": sku, "quantity": "10"}]

    first = await billed(suite, order, lines=lines)
    second = await billed(suite, order, lines=lines, key=f"{order}-2", external_ref=f"W-{order}")
    await suite.answer("post_invoice", invoice_id=first["id"])
    match = await suite.answer("match_invoice", invoice_id=second["id"])
    refused = await suite.refusal("post_invoice", invoice_id=second["id"])

    assert [one["kind"] for one in match["differences"]] == ["already_invoiced"]
    assert "has 0 of" in refused.message
    assert len(await invoices_of(client, order)) == 1  # Tryton credits nothing by itself


async def test_the_second_bill_takes_the_place_of_the_first_that_was_cancelled(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, sku = await bought(client, 10.0, received=10.0)
    lines = [{"sku": sku, "quantity": "10"}]
    first = await billed(suite, order, lines=lines)
    second = await billed(suite, order, lines=lines, key=f"{order}-2", external_ref=f"W-{order}")
    number = int(first["id"].removeprefix("invoice-"))
    await client.call("account.invoice", "delete", [number])

    posted = await suite.answer("post_invoice", invoice_id=second["id"])

    assert posted["state"] == "posted"


async def test_a_document_read_anew_rewrites_its_draft(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, sku = await bought(client, 10.0, received=10.0)
    read = {"document_id": f"doc_{order}"}

    first = await billed(suite, order, lines=[{"sku": sku, "quantity": "12"}], **read)
    second = await billed(
        suite,
        order,
        lines=[{"sku": sku, "quantity": "10", "unit_price": "5.05"}],
        key=f"{order}-2",
        due_on=utc_now().date().isoformat(),
        **read,
    )
    invoice = await suite.answer("get_invoice", invoice_id=first["id"])
    match = await suite.answer("match_invoice", invoice_id=first["id"])
    await suite.answer("post_invoice", invoice_id=first["id"])

    assert first["id"] == second["id"]
    assert first["version"] != second["version"]
    assert (invoice["net"]["amount"], invoice["due_on"]) == ("50.50", str(utc_now().date()))
    assert match["matched"]
    assert (await suite.events()).count("erp.invoice.created") == 1


async def test_a_number_corrected_in_the_same_piece_of_work_corrects_the_draft(
    suite: ErpSuite,
) -> None:
    """What another piece of work read of the document is another invoice."""
    backend = suite.host.servers["erp"].part.backend
    assert isinstance(backend, TrytonErp)
    number = uuid4().hex
    draft = InvoiceDraft(
        direction="payable",
        party_id=PartyId(await suite.party(VENDOR)),
        lines=(DraftLine(sku="BRK-016", quantity=Decimal(1), unit_price=Decimal(7)),),
        external_ref=f"I{number}",
        document_id=f"doc_{number}",
    )
    other = {"party_id": await suite.party("Adhesives Direct BV"), "external_ref": f"1{number}"}
    clerk, second_clerk = (
        Caller(
            tenant=DEFAULT_TENANT,
            principal_id="clerk",
            requested_by="clerk",
            correlation_id=new_correlation_id(),
        )
        for _ in range(2)
    )

    first = await backend.create_invoice(DEFAULT_TENANT, draft=draft, caller=clerk)
    corrected = draft.model_copy(update=other)
    second = await backend.create_invoice(DEFAULT_TENANT, draft=corrected, caller=clerk)
    third = await backend.create_invoice(DEFAULT_TENANT, draft=draft, caller=second_clerk)
    invoice = await suite.answer("get_invoice", invoice_id=second.id)

    assert first.id == second.id != third.id
    assert (invoice["party_id"], invoice["external_ref"]) == tuple(other.values())
    assert len(invoice["lines"]) == 1


async def test_what_is_late_is_listed_and_aged(suite: ErpSuite, client: TrytonClient) -> None:
    """The year before is closed, so the oldest bill is of the first day of this one."""
    order, _ = await bought(client, 10.0)
    party = await suite.party(VENDOR)
    today = utc_now().date()
    first = today.replace(month=1, day=1)
    before = await suite.answer("get_balances", party_id=party)
    drafted = await billed(suite, order, issued_on=str(first), due_on=str(first))
    posted = await suite.answer("post_invoice", invoice_id=drafted["id"])

    late = await suite.answer("list_invoices", party_id=party, overdue=True)
    whole = await suite.answer("get_balances")
    after = await suite.answer("get_balances", party_id=party)
    then = await suite.answer("get_balances", party_id=party, as_of=str(first - timedelta(days=1)))
    by_number = await suite.answer("list_invoices", query=posted["ref"], direction="payable")

    days = (today - first).days
    ages = ["not_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "over_90_days"]
    aged = ages[min((days + 29) // 30, 4)]
    grown = {
        name: Decimal(after["payable"][name]) - Decimal(before["payable"][name])
        for name in (*ages, "total")
    }
    assert grown == {name: Decimal("59.50" if name in (aged, "total") else 0) for name in grown}
    assert (drafted["id"] in [one["id"] for one in late["items"]]) == (days > 0)
    assert then["payable"]["total"] == "0.00"
    assert whole["debit_total"] == whole["credit_total"] != "0.00"
    assert drafted["id"] in [one["id"] for one in by_number["items"]]
