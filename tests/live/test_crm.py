"""What of the CRM is Tryton's own; what every CRM promises is in the suite of the port."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from live_crm import OWNER, CrmSuite, new_word, serving_crm
from live_tryton import Command

from switchgear_crm.tryton import CAVEATS
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the records that it counts on."""
    return tryton_script("start")


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[CrmSuite]:
    async with serving_crm(tmp_path / "data", tryton) as suite:
        yield suite


@pytest.fixture
def word() -> str:
    return new_word()


@pytest.fixture
async def account_id(suite: CrmSuite, word: str) -> str:
    """An account that nobody else uses."""
    return await suite.account(word)


async def test_whoami_tells_what_tryton_cannot_keep(suite: CrmSuite) -> None:
    backend = (await suite.answer("whoami"))["backend"]

    assert (backend["name"], tuple(backend["caveats"])) == ("crm/tryton", CAVEATS)


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "field"),
    [
        ("get_account", {"account_id": "party-1"}, "not_found", "account_id"),
        ("get_account", {"account_id": "party-" + "1" * 40}, "not_found", "account_id"),
        ("get_account", {"account_id": "party-0" + "3"}, "not_found", "account_id"),
        ("get_opportunity", {"opportunity_id": "party-2"}, "not_found", "opportunity_id"),
        ("upsert_account", {"name": "Neu", "currency": "JPY"}, "invalid_request", "currency"),
        (
            "upsert_account",
            {"name": "Neu", "currency": "EUR", "owner": OWNER},
            "backend_rejected",
            "owner",
        ),
    ],
)
async def test_what_tryton_does_not_know_is_refused(
    suite: CrmSuite, tool: str, arguments: dict[str, Any], code: str, field: str
) -> None:
    error = await suite.refusal(tool, **arguments)

    assert (error.code, error.field, error.outcome) == (code, field, "not_done")
    assert await suite.events() == []


async def test_records_are_found_by_their_ids(suite: CrmSuite, account_id: str, word: str) -> None:
    contact = await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id)

    for record_id in (account_id, contact["id"], made["id"]):
        found = await suite.answer("search", query=record_id.upper())
        assert found["items"][0]["id"] == record_id


async def test_a_contact_keeps_a_name_of_one_piece_and_a_number_spelled_otherwise(
    suite: CrmSuite, word: str
) -> None:
    await suite.account(word)
    email = f"ann@{word}.example"
    given = {"first_name": "Ann", "last_name": "van der Berg", "phone": "+49 1"}
    await suite.answer("upsert_contact", email=email, **given)

    unclear = await suite.refusal("upsert_contact", email=email, first_name="Anna")
    same = await suite.answer("upsert_contact", email=email, phone="+491")
    both = await suite.answer(
        "upsert_contact", email=email, first_name="Anna", last_name="van der Berg"
    )

    assert (unclear.code, unclear.field) == ("invalid_request", "last_name")
    assert (same["changed"], both["state"]) == (False, "updated")


async def test_an_address_that_people_gave_to_two_contacts_is_a_conflict(
    suite: CrmSuite, client: TrytonClient, account_id: str, word: str
) -> None:
    other = await suite.account(f"b{word}")
    email = f"ann@{word}.example"
    await suite.answer("upsert_contact", email=email, last_name="Lee")
    about = {"type": "email", "value": email, "name": "Ann Lee"}
    party = int(other.removeprefix("party-"))
    await client.call("party.contact_mechanism", "create", [{**about, "party": party}])

    unclear = await suite.refusal("upsert_contact", email=email, job_title="Boss")
    named = await suite.answer("upsert_contact", email=email, account_id=other, job_title="Boss")

    assert (unclear.code, unclear.field) == ("conflict", "account_id")
    listed = unclear.details["candidates"]
    assert {one["account_id"] for one in listed} == {account_id, other}
    assert named["id"] in {one["id"] for one in listed if one["account_id"] == other}


async def test_the_house_is_no_account_and_its_addresses_are_no_contacts(
    suite: CrmSuite, client: TrytonClient
) -> None:
    found = await suite.answer("search", query=OWNER)
    clerk = await client.search("party.party", [["name", "=", "Clerk"]], ["name"], limit=1)
    employee = await suite.refusal("get_account", account_id=f"party-{clerk.records[0]['id']}")

    assert found["items"] == []
    assert employee.code == "not_found"


async def test_a_note_that_people_wrote_in_tryton_is_an_activity(
    suite: CrmSuite, client: TrytonClient, account_id: str
) -> None:
    await suite.answer("log_activity", about_id=account_id, kind="call", subject="Hello")
    party = f"party.party,{account_id.removeprefix('party-')}"
    foreign = {"resource": party, "message": "Ring them\nsoon"}
    await client.call("ir.note", "create", [foreign])

    page = await suite.answer("list_activities", about_id=account_id)
    notes = await suite.answer("list_activities", about_id=account_id, kind="note")

    [theirs, ours] = page["items"]
    assert (theirs["kind"], theirs["subject"], theirs["note"]) == ("note", "Ring them", "soon")
    assert (ours["kind"], ours["done_by"]) == ("call", "seller")
    assert [one["id"] for one in notes["items"]] == [theirs["id"]]


async def test_a_number_that_very_many_telephones_have_finds_contacts(
    suite: CrmSuite, client: TrytonClient, word: str
) -> None:
    """Their names are more than an address of Tryton's may hold."""
    account_id = await suite.account(word)
    email = f"ann@{word}.example"
    contact = await suite.answer("upsert_contact", email=email, last_name="Lee", phone=f"7{word}")
    number = int(account_id.removeprefix("party-"))
    phones = [
        {"party": number, "type": "phone", "value": f"7{word}{place}", "name": f"{place:0100}"}
        for place in range(600)
    ]
    await client.call("party.contact_mechanism", "create", phones)

    found = await suite.answer("search", query=f"7{word}", kind="contact")
    await client.call("party.party", "delete", [number])

    assert [match["id"] for match in found["items"]] == [contact["id"]]
