"""Invoices to customers over a real Tryton: drafted, posted, paid, listed and read."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from live_books import CUSTOMER, invoices_of, payments_of, sold
from live_erp import ErpSuite, serving_erp

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[ErpSuite]:
    patience = {"attempt_timeout_s": 60, "call_timeout_s": 120}
    async with serving_erp(tmp_path / "data", tryton, **patience) as suite:
        yield suite


async def test_a_sale_is_billed_posted_and_paid(suite: ErpSuite, client: TrytonClient) -> None:
    order, sku = await sold(client)
    party = await suite.party(CUSTOMER)
    ask = {"direction": "receivable", "party_id": party, "order_id": order}

    drafted = await suite.answer("create_invoice", key=order, **ask)
    invoice = await suite.answer("get_invoice", invoice_id=drafted["id"])
    posted = await suite.answer("post_invoice", invoice_id=drafted["id"])
    again = await suite.answer("post_invoice", invoice_id=drafted["id"])
    part = await suite.answer(
        "record_payment", key=f"{order}-1", invoice_id=drafted["id"], amount="19", reference="A"
    )
    rest = await suite.answer("record_payment", key=f"{order}-2", invoice_id=drafted["id"])
    paid = await suite.answer("get_invoice", invoice_id=drafted["id"], include=["journal"])

    [only] = await invoices_of(client, order)
    assert only["id"] == int(drafted["id"].removeprefix("invoice-"))
    assert (drafted["state"], drafted["ref"]) == ("draft", None)
    assert [line["sku"] for line in invoice["lines"]] == [sku]
    assert (invoice["net"]["amount"], invoice["gross"]["amount"]) == ("100.00", "119.00")
    assert (invoice["order_id"], invoice["open"]["amount"]) == (order, "0.00")
    assert (posted["state"], posted["changed"], again["changed"]) == ("posted", True, False)
    assert posted["ref"] == again["ref"] == only["number"]
    assert (part["state"], rest["state"]) == ("posted", "paid")
    assert paid["open"]["amount"] == "0.00"
    assert paid["paid_on"] is not None
    sides = [(Decimal(side["debit"]), Decimal(side["credit"])) for side in paid["journal"]]
    assert sorted(sides, reverse=True) == [(119, 0), (0, 100), (0, 19)]
    assert await payments_of(client, drafted["id"]) == 2
    assert await suite.events() == [
        "erp.invoice.created",
        "erp.invoice.posted",
        "erp.payment.recorded",
        "erp.payment.recorded",
    ]


async def test_what_is_left_of_an_order_is_billed_next(
    suite: ErpSuite, client: TrytonClient
) -> None:
    order, sku = await sold(client)
    party = await suite.party(CUSTOMER)
    ask = {"direction": "receivable", "party_id": party, "order_id": order}

    first = await suite.answer(
        "create_invoice", key=f"{order}-1", lines=[{"sku": sku, "quantity": "6"}], **ask
    )
    second = await suite.answer("create_invoice", key=f"{order}-2", **ask)
    third = await suite.refusal("create_invoice", key=f"{order}-3", **ask)
    for drafted in (first, second):
        await suite.answer("post_invoice", invoice_id=drafted["id"])

    made = await invoices_of(client, order)
    assert [(one["state"], one["lines"][0]["quantity"]) for one in made] == [
        ("posted", 6.0),
        ("posted", 4.0),
    ]
    assert (third.code, third.field) == ("invalid_request", "order_id")
    assert "invoiced in full already" in third.message


async def test_an_invoice_without_an_order_is_made_of_products_and_texts(suite: ErpSuite) -> None:
    party = await suite.party(CUSTOMER)
    lines = [
        {"sku": "BRK-016", "quantity": "3"},
        {"description": "Freight", "quantity": "1", "unit_price": "9.90", "tax_percent": "19"},
        {"sku": "MAN-EN", "quantity": "1", "description": "Handbook, signed"},
    ]
    drafted = await suite.answer(
        "create_invoice",
        key="no-order",
        direction="receivable",
        party_id=party,
        lines=lines,
        document_id="doc_1",
        totals={"net": "71.40", "tax": "9.01", "gross": "80.41"},
    )
    invoice = await suite.answer("get_invoice", invoice_id=drafted["id"])
    posted = await suite.answer("post_invoice", invoice_id=drafted["id"])

    assert drafted["caveat"] is None
    assert (invoice["document_id"], invoice["order_id"]) == ("doc_1", None)
    assert [(one["description"], one["net"], one["tax_percent"]) for one in invoice["lines"]] == [
        ("Circuit breaker 16 A", "37.50", "19"),
        ("Freight", "9.90", "19"),
        ("Handbook, signed", "24.00", "0"),
    ]
    assert posted["state"] == "posted"
