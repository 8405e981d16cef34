"""What the CRM over Tryton says of a write that it looks for and does not find."""

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quiet_tryton import ACME, BY, NOW, REFERENCE, look, quiet_client
from switchgear_crm.changes import (
    AccountChanges,
    ContactChanges,
    OpportunityChanges,
    OpportunityDraft,
)
from switchgear_crm.models import AccountId, OpportunityId
from switchgear_crm.tryton import TrytonCrm
from switchgear_shared.contracts.values import Money

READ_BEFORE = "1.0"
EARLIER = "0.5"
HOUSE = {"company.company": [{"id": 1, "party": 9, "currency": {"code": "EUR"}}]}
PARTY = {
    "id": 2,
    "name": "Alder GmbH",
    "code": "7",
    "create_date": NOW,
    "_timestamp": READ_BEFORE,
    "customer_currency": {"code": "EUR"},
    "supplier_currency": {"code": "EUR"},
    "categories": [],
    "tax_identifier": None,
    "identifiers": [],
    "addresses": [],
    "contact_mechanisms": [],
}
MAIL = {
    "id": 3,
    "value": "ada@alder.example",
    "name": "Ada Alder",
    "comment": "buyer",
    "party": {"id": 2, "name": "Alder GmbH"},
    "create_date": NOW,
    "_timestamp": READ_BEFORE,
}
DEAL = {
    "id": 4,
    "number": "4",
    "reference": "",
    "description": "Pumps",
    "state": "lead",
    "amount": Decimal(10),
    "currency": {"code": "EUR"},
    "party": {"id": 2, "name": "Alder GmbH"},
    "conversion_probability": 0.2,
    "employee": None,
    "end_date": date(2026, 12, 1),
    "lost_reason": "",
    "contact": None,
    "sales": [],
    "create_date": NOW,
    "_timestamp": READ_BEFORE,
}
Write = Callable[[TrytonCrm], Awaitable[object]]


def mails(asked: list[str]) -> list[dict[str, Any]]:
    """Return the address, which an earlier attempt has not made, and no telephone."""
    return [MAIL] if "comment" in asked and REFERENCE not in asked[-1] else []


async def looked(answers: dict[str, Any], write: Write) -> tuple[str, bool]:
    client = quiet_client(HOUSE | answers)
    try:
        return await look(lambda: write(TrytonCrm(client, lambda: NOW, ACME)))
    finally:
        await client.close()


def log(crm: TrytonCrm) -> Awaitable[object]:
    return crm.log_activity(ACME, about_id="party-2", kind="call", subject="x", note="", caller=BY)


def account(version: str | None = None, **changes: Any) -> Write:
    return lambda crm: crm.upsert_account(
        ACME,
        account_id=None,
        changes=AccountChanges(name="Alder GmbH", **changes),
        expected_version=version,
        caller=BY,
    )


def contact(version: str | None = None, **changes: Any) -> Write:
    return lambda crm: crm.upsert_contact(
        ACME,
        email="ada@alder.example",
        changes=ContactChanges(**changes),
        expected_version=version,
        caller=BY,
    )


def deal(owner: str | None = None) -> Write:
    draft = OpportunityDraft(
        account_id=AccountId("party-2"),
        name="Pumps",
        amount=Money(amount=Decimal(10), currency="EUR"),
        close_on=date(2026, 12, 1),
        owner_email=owner,
    )
    return lambda crm: crm.create_opportunity(ACME, draft=draft, caller=BY)


def change(version: str | None = None, **changes: Any) -> Write:
    return lambda crm: crm.update_opportunity(
        ACME,
        opportunity_id=OpportunityId("opportunity-4"),
        changes=OpportunityChanges(**changes),
        expected_version=version,
        caller=BY,
    )


def move(version: str | None = None) -> Write:
    return lambda crm: crm.move_opportunity(
        ACME,
        opportunity_id=OpportunityId("opportunity-4"),
        to_stage="proposal",
        reason=None,
        expected_version=version,
        caller=BY,
    )


@pytest.mark.parametrize(
    ("answers", "write", "code"),
    [
        ({"party.party": [PARTY]}, log, "backend_unavailable"),
        ({"currency.currency": [{"id": 1}]}, account(currency="EUR"), "backend_unavailable"),
        ({}, account(), "invalid_request"),
        ({}, account(EARLIER, currency="EUR"), "conflict"),
        ({"party.party": [PARTY]}, account(phone="1"), "backend_unavailable"),
        ({"party.party": [PARTY]}, account(EARLIER, phone="1"), "conflict"),
        ({}, contact(last_name="Alder"), "invalid_request"),
        ({}, contact(EARLIER, last_name="Alder"), "conflict"),
        ({"party.contact_mechanism": mails}, contact(EARLIER, job_title="lead"), "conflict"),
        ({"sale.opportunity": []}, deal(), "not_found"),
        ({"party.party": [PARTY]}, deal(), "invalid_request"),
        ({"sale.opportunity": [DEAL]}, change(EARLIER, name="Valves"), "conflict"),
        (
            {"sale.opportunity": [DEAL]},
            change(READ_BEFORE, name="Valves", probability_percent=20),
            "backend_unavailable",
        ),
        ({"sale.opportunity": [DEAL]}, move(), "backend_unavailable"),
        ({"sale.opportunity": [DEAL]}, move(EARLIER), "conflict"),
    ],
)
async def test_what_is_not_there_at_all_is_said_to_be_absent_whatever_refuses_then(
    answers: dict[str, Any], write: Write, code: str
) -> None:
    assert await looked(answers, write) == (code, True)


@pytest.mark.parametrize(
    ("answers", "write", "code"),
    [
        ({"party.party": [PARTY, PARTY | {"id": 5}]}, account(phone="1"), "conflict"),
        ({"party.party": [PARTY]}, account(EARLIER, phone="1", currency="EUR"), "conflict"),
        (
            {"party.contact_mechanism": mails},
            contact(EARLIER, first_name="Ada", job_title="lead"),
            "conflict",
        ),
        ({"sale.opportunity": [DEAL | {"state": "cancelled"}]}, deal(), "not_found"),
        (
            {"sale.opportunity": [DEAL]},
            change(EARLIER, name="Valves", probability_percent=20),
            "conflict",
        ),
        (
            {"sale.opportunity": [DEAL | {"lost_reason": f"[{REFERENCE} from qualified]"}]},
            move(),
            "backend_unavailable",
        ),
    ],
)
async def test_what_may_be_there_in_part_is_not_said_to_be_absent(
    answers: dict[str, Any], write: Write, code: str
) -> None:
    assert await looked(answers, write) == (code, False)


async def test_what_is_there_is_not_absent() -> None:
    note = {"ir.note.search": [5], "ir.note.read": [{"id": 5, "_timestamp": READ_BEFORE}]}

    assert await looked({"party.party": [PARTY], **note}, log) == ("done", False)
