"""What the ERP over Tryton says of a write that it looks for and does not find."""

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quiet_tryton import ACME, BY, NOW, REFERENCE, look, quiet_client
from switchgear_erp.models import InvoiceId, OrderId, PartyId
from switchgear_erp.parties import PartyDraft
from switchgear_erp.trade import Payment
from switchgear_erp.tryton import TrytonErp

COMPANY = {"id": 1, "party": 9, "currency": {"id": 1, "code": "EUR"}, "employees": []}
PARTY = {
    "id": 2,
    "code": "7",
    "name": "Neu GmbH",
    "active": True,
    "addresses": [],
    "identifiers": [],
    "contact_mechanisms": [],
    "_timestamp": "1.0",
}
ORDER = {
    "id": 3,
    "number": "S1",
    "reference": None,
    "state": "draft",
    "create_date": NOW,
    "party": {"id": 2, "name": "Neu GmbH"},
    "currency": {"code": "EUR"},
    "total_amount": Decimal(10),
    "lines": [],
    "_timestamp": "1.0",
}
INVOICE = {
    "id": 4,
    "number": "I1",
    "type": "in",
    "state": "posted",
    "reconciled": None,
    "reference": "R-1",
    "description": None,
    "invoice_date": date(2026, 10, 1),
    "account": 8,
    "move": None,
    "amount_to_pay": Decimal(10),
    "currency": {"code": "EUR"},
    "_timestamp": "1.0",
}
Write = Callable[[TrytonErp], Awaitable[object]]


def make(erp: TrytonErp) -> Awaitable[object]:
    draft = PartyDraft(name="Neu GmbH", roles=("vendor",))
    return erp.create_party(ACME, draft=draft, caller=BY)


def put_away(erp: TrytonErp) -> Awaitable[object]:
    return erp.deactivate_party(ACME, party_id=PartyId("party-2"), caller=BY)


def advance(erp: TrytonErp) -> Awaitable[object]:
    return erp.advance_order(
        ACME, order_id=OrderId("sale-3"), to="quoted", expected_version="0.5", caller=BY
    )


def pay(erp: TrytonErp) -> Awaitable[object]:
    return erp.record_payment(
        ACME,
        invoice_id=InvoiceId("invoice-4"),
        payment=Payment(),
        expected_version="0.5",
        caller=BY,
    )


def post(erp: TrytonErp) -> Awaitable[object]:
    return erp.post_invoice(
        ACME, invoice_id=InvoiceId("invoice-4"), expected_version="0.5", caller=BY
    )


@pytest.mark.parametrize(
    ("answers", "write"),
    [
        ({"party.party": [PARTY]}, make),
        ({"party.party": [PARTY], "sale.sale": [{"id": 3}]}, put_away),
        ({"sale.sale": [ORDER]}, advance),
        ({"account.invoice": [INVOICE]}, pay),
        ({"account.invoice": [INVOICE | {"state": "draft"}]}, post),
    ],
)
async def test_a_check_that_refuses_after_the_look_leaves_what_is_absent_absent(
    answers: dict[str, Any], write: Write
) -> None:
    client = quiet_client({"company.company,1": COMPANY} | answers)

    found = await look(lambda: write(TrytonErp(client, lambda: NOW, ACME)))

    assert found == ("conflict", True)
    await client.close()


async def test_an_invoice_that_says_that_this_write_posts_it_is_not_absent() -> None:
    begun = INVOICE | {"state": "draft", "description": f"(posted by {REFERENCE})"}
    client = quiet_client({"company.company,1": COMPANY, "account.invoice": [begun]})

    found = await look(lambda: post(TrytonErp(client, lambda: NOW, ACME)))

    assert found == ("invalid_request", False)
    await client.close()


@pytest.mark.parametrize(
    ("told", "text", "code"),
    [
        ("payment-6", "R-9", "done"),
        ("payment-7", "R-9", "conflict"),
        ("invoice-6", "R-9", "conflict"),
        ("payment-6", f"R-9 [sg-{'a' * 24}]", "conflict"),
    ],
)
async def test_a_payment_that_a_person_names_is_the_write_unless_it_is_anothers(
    told: str, text: str, code: str
) -> None:
    more = {
        "party": {"id": 2, "name": "Neu GmbH"},
        "total_amount": Decimal(10),
        "payment_term_date": None,
        "payment_term": None,
        "lines_to_pay": [],
        "reconciled": False,
    }
    line = {"account": 8, "debit": Decimal(4), "credit": Decimal(0), "amount_second_currency": None}
    move = {"id": 6, "description": text, "date": date(2026, 10, 3), "lines": [line]}
    answers = {"account.invoice": [INVOICE | more], "account.move": [move]}
    client = quiet_client({"company.company,1": COMPANY} | answers)

    found, _ = await look(lambda: pay(TrytonErp(client, lambda: NOW, ACME)), told=told)

    assert found == code
    await client.close()
