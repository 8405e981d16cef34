"""The CRM's tools over a real Tryton."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from live_crm import OWNER, CrmSuite, day, deal, new_word, serving_crm
from live_tryton import Command

from switchgear_crm.tools import crm as tools
from switchgear_crm.tryton import CAVEATS
from switchgear_shared.calls.call import Outcome
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live

SQLITE_NAME = "erp"
BRANDT = "Brandt Maschinenbau GmbH"
CALLER = Caller(
    tenant=DEFAULT_TENANT,
    principal_id="agent:seller",
    requested_by="seller",
    correlation_id=CorrelationId("cor_test"),
)


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


async def test_an_account_has_all_that_was_given_and_is_found_by_each(
    suite: CrmSuite, client: TrytonClient, word: str
) -> None:
    address = {"street": "Kai 1", "postal_code": "27568", "city": f"Hafen{word}", "country": "DE"}
    given = {
        "name": f"Kranbau {word}  GmbH",
        "domain": f"{word}.example",
        "roles": ["vendor", "customer"],
        "industry": "Shipbuilding",
        "email": f"post@{word}.example",
        "phone": "+49 471 555 0199",
        "tax_id": "DE136695976",
        "address": address,
        "currency": "USD",
    }

    written = await suite.answer("upsert_account", **given)
    account = await suite.answer("get_account", account_id=written["id"])
    again = await suite.answer("upsert_account", **given)

    assert (written["state"], written["changed"]) == ("created", True)
    assert (again["state"], again["changed"], again["id"]) == ("unchanged", False, written["id"])
    known = {name: account[name] for name in given if name not in {"name", "roles", "tax_id"}}
    assert known == {name: given[name] for name in known}
    assert (account["name"], account["roles"]) == (f"Kranbau {word} GmbH", ["customer", "vendor"])
    assert account["tax_id"].replace(" ", "") == "DE136695976"
    assert (account["ref"], account["version"]) == (written["ref"], written["version"])
    assert await suite.events() == ["crm.account.changed"]
    for query in (f"kranbau {word}", given["email"], f"hafen{word}", f"{word}.example"):
        page = await suite.answer("search", query=query, kind="account")
        assert [match["id"] for match in page["items"]] == [written["id"]], query
    party = await client.get("party.party", int(written["id"].removeprefix("party-")), ["name"])
    assert party["name"] == f"Kranbau {word} GmbH"


async def test_an_account_is_changed_and_cleared(suite: CrmSuite, word: str) -> None:
    account_id = await suite.account(
        word, phone="1", email=f"a@{word}.example", roles=["customer"], industry="Energy"
    )

    done = await suite.answer(
        "upsert_account",
        account_id=account_id,
        name=f"Neu {word}",
        domain=f"neu{word}.example",
        phone="",
        email=f"b@{word}.example",
        roles=["vendor"],
        industry="",
    )
    account = await suite.answer("get_account", account_id=account_id)

    assert (done["state"], done["version"]) == ("updated", account["version"])
    assert (account["name"], account["domain"]) == (f"Neu {word}", f"neu{word}.example")
    assert (account["phone"], account["email"]) == ("", f"b@{word}.example")
    assert (account["roles"], account["industry"]) == (["vendor"], "")


async def test_a_known_domain_renames_and_a_known_name_takes_a_domain(
    suite: CrmSuite, word: str
) -> None:
    account_id = await suite.account(word)
    nameless = await suite.answer("upsert_account", name=f"Só {word}", currency="EUR")

    renamed = await suite.answer("upsert_account", domain=f"{word}.example", name=f"New {word}")
    taken = await suite.answer("upsert_account", name=f"SO {word}", domain=f"so-{word}.example")

    assert (renamed["id"], renamed["state"]) == (account_id, "updated")
    assert (taken["id"], taken["state"]) == (nameless["id"], "updated")


async def test_what_may_mean_several_accounts_is_a_conflict_that_lists_them(
    suite: CrmSuite, word: str
) -> None:
    first, second = await suite.account(word), await suite.account(f"b{word}")

    both = await suite.refusal("upsert_account", name=f"Works b{word}", domain=f"{word}.example")
    other = await suite.refusal("upsert_account", name=f"Works {word}", domain=f"c{word}.example")
    taken = await suite.refusal("upsert_account", account_id=second, domain=f"{word}.example")

    assert {both.code, other.code, taken.code} == {"conflict"}
    listed = [
        [candidate["id"] for candidate in error.details["candidates"]]
        for error in (both, other, taken)
    ]
    assert (sorted(listed[0]), listed[1], listed[2]) == (sorted([first, second]), [first], [first])


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "field"),
    [
        ("get_account", {"account_id": "party-99999999"}, "not_found", "account_id"),
        ("get_account", {"account_id": "party-1"}, "not_found", "account_id"),
        ("get_account", {"account_id": "acc_1"}, "not_found", "account_id"),
        ("get_account", {"account_id": "party-" + "1" * 40}, "not_found", "account_id"),
        ("get_account", {"account_id": "party-0" + "3"}, "not_found", "account_id"),
        ("get_opportunity", {"opportunity_id": "opportunity-9999"}, "not_found", "opportunity_id"),
        ("get_opportunity", {"opportunity_id": "party-2"}, "not_found", "opportunity_id"),
        ("list_activities", {"about_id": "contact-999999"}, "not_found", "about_id"),
        ("list_activities", {"about_id": "%"}, "not_found", "about_id"),
        ("search", {"query": "a", "cursor": "WyJ4Il0"}, "invalid_request", "cursor"),
        ("search", {"query": "a\0b"}, "invalid_request", "query"),
        ("list_opportunities", {"cursor": "WyJ4Il0"}, "invalid_request", "cursor"),
        (
            "list_activities",
            {"about_id": "party-2", "cursor": "WyJ4Il0"},
            "invalid_request",
            "cursor",
        ),
        ("upsert_account", {"phone": "1"}, "invalid_request", "name"),
        ("upsert_account", {"name": "Nobody Yet"}, "invalid_request", "currency"),
        (
            "upsert_account",
            {"domain": "nobody.example", "currency": "EUR"},
            "invalid_request",
            "name",
        ),
        ("upsert_account", {"name": "Neu", "currency": "JPY"}, "invalid_request", "currency"),
        (
            "upsert_account",
            {"name": "Neu", "currency": "EUR", "owner": OWNER},
            "backend_rejected",
            "owner",
        ),
        (
            "upsert_account",
            {"name": "Neu", "currency": "EUR", "expected_version": "1"},
            "conflict",
            "expected_version",
        ),
        ("upsert_contact", {"email": "x@nobody.example"}, "invalid_request", "last_name"),
        (
            "upsert_contact",
            {"email": "x@nobody.example", "last_name": "Lee"},
            "invalid_request",
            "account_id",
        ),
        (
            "upsert_contact",
            {"email": "x@nobody.example", "account_id": "party-999999", "last_name": "Lee"},
            "not_found",
            "account_id",
        ),
        ("create_opportunity", deal("party-999999"), "not_found", "account_id"),
        (
            "move_opportunity",
            {"opportunity_id": "opportunity-999999", "to_stage": "lost", "reason": "no"},
            "not_found",
            "opportunity_id",
        ),
    ],
)
async def test_what_is_not_known_is_refused(
    suite: CrmSuite, tool: str, arguments: dict[str, Any], code: str, field: str
) -> None:
    error = await suite.refusal(tool, **arguments)

    assert (error.code, error.field, error.outcome) == (code, field, "not_done")
    assert await suite.events() == []


async def test_a_search_ranks_numbers_and_addresses_then_beginnings_then_parts(
    suite: CrmSuite, word: str
) -> None:
    account_id = await suite.account(word, email=f"info@{word}.example")
    begins = await suite.answer("upsert_account", name=f"{word} Holding", currency="EUR")
    contact = await suite.answer(
        "upsert_contact", email=f"ann@{word}.example", last_name="Lee", phone=f"555{word[1:]}"
    )
    made = await suite.opportunity(account_id, name="Presses")

    found = await suite.answer("search", query=word)
    by_address = await suite.answer("search", query=f"INFO@{word}.example")
    by_person = await suite.answer("search", query=f"lee works {word}")
    by_phone = await suite.answer("search", query=f"555{word[1:]}", kind="contact")
    by_id = await suite.answer("search", query=made["id"])

    ids = [match["id"] for match in found["items"]]
    assert ids == [begins["id"], account_id, contact["id"], made["id"]]
    assert (by_address["items"][0]["id"], found["total"]) == (account_id, 4)
    assert [match["id"] for match in by_person["items"]] == [contact["id"]]
    assert [match["id"] for match in by_phone["items"]] == [contact["id"]]
    assert [match["id"] for match in by_id["items"]] == [made["id"]]


async def test_a_search_shows_what_is_spelled_alike_and_takes_wildcards_as_they_are(
    suite: CrmSuite, word: str
) -> None:
    account_id = await suite.account(word, name=f"100%_{word}")

    spelled = await suite.answer("search", query="Brnadt Maschinenbua", kind="account")
    literal = await suite.answer("search", query=f"0%_{word}")
    nothing = await suite.answer("search", query=f"0__{word}%")
    blank = await suite.answer("search", query="  ")

    assert spelled["approximate"]
    assert BRANDT in {match["name"] for match in spelled["items"]}
    assert [match["id"] for match in literal["items"]] == [account_id]
    assert all(
        match["name"] != f"100%_{word}" or nothing["approximate"] for match in nothing["items"]
    )
    assert (blank["items"], blank["total"]) == ([], 0)


async def test_pages_of_a_search_neither_repeat_nor_skip_while_others_are_added(
    suite: CrmSuite, word: str
) -> None:
    accounts = [await suite.account(f"{letter}{word}") for letter in "abc"]
    deals = [(await suite.opportunity(account))["id"] for account in accounts]
    seen: list[str] = []
    cursor = {}
    while True:
        page = await suite.answer("search", query=word, limit=2, **cursor)
        seen += [match["id"] for match in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        if len(seen) == 2:
            await suite.account(f"d{word}")

    assert len(seen) == len(set(seen))
    assert {*accounts, *deals} <= {*seen}


async def test_a_contact_belongs_to_the_account_of_its_domain_and_is_changed_by_its_address(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    email = f"Ann@{word}.example"
    given = {"first_name": "Ann", "last_name": "Lee", "job_title": "Buyer", "phone": "+49 1"}

    made = await suite.answer("upsert_contact", email=email, **given)
    same = await suite.answer("upsert_contact", email=email, last_name="Lee", phone="+491")
    married = await suite.answer(
        "upsert_contact", email=email, last_name="Lee-Roy", expected_version=made["version"]
    )
    stale = await suite.refusal(
        "upsert_contact", email=email, last_name="X", expected_version=made["version"]
    )
    cleared = await suite.answer("upsert_contact", email=email, job_title="", phone="")
    account = await suite.answer("get_account", account_id=account_id, include=["contacts"])

    assert (made["state"], same["state"], same["changed"]) == ("created", "unchanged", False)
    assert (married["state"], married["id"], cleared["id"]) == ("updated", made["id"], made["id"])
    assert (stale.code, stale.field) == ("conflict", "expected_version")
    assert account["contacts"] == [
        {
            "id": made["id"],
            "version": cleared["version"],
            "name": "Ann Lee-Roy",
            "job_title": "",
            "email": f"ann@{word}.example",
            "phone": "",
        }
    ]
    assert account["contact_count"] == 1
    assert await suite.events() == ["crm.account.changed", *["crm.contact.changed"] * 3]


async def test_a_contact_stays_at_its_account_and_keeps_a_name_of_one_piece(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    other = await suite.account(f"b{word}")
    email = f"ann@{word}.example"
    await suite.answer("upsert_contact", email=email, first_name="Ann", last_name="van der Berg")

    moved = await suite.refusal("upsert_contact", email=email, account_id=other)
    unclear = await suite.refusal("upsert_contact", email=email, first_name="Anna")
    same = await suite.answer("upsert_contact", email=email, account_id=account_id)
    both = await suite.answer(
        "upsert_contact", email=email, first_name="Anna", last_name="van der Berg"
    )

    assert (moved.code, moved.field) == ("backend_rejected", "account_id")
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


async def test_a_stale_version_of_an_account_is_a_conflict_and_changes_nothing(
    suite: CrmSuite, account_id: str
) -> None:
    before = await suite.answer("get_account", account_id=account_id)
    await suite.answer("upsert_account", account_id=account_id, phone="1")

    error = await suite.refusal(
        "upsert_account", account_id=account_id, phone="2", expected_version=before["version"]
    )
    after = await suite.answer("get_account", account_id=account_id)

    assert (error.code, error.field, error.outcome) == ("conflict", "expected_version", "not_done")
    assert error.details["version"] == after["version"]
    assert after["phone"] == "1"


async def test_accounts_made_at_the_same_moment_are_one(
    suite: CrmSuite, client: TrytonClient, tryton: dict[str, Any], word: str
) -> None:
    """By name, by domain and by both: whatever key they share."""
    name, domain = f"Werk {word}", f"{word}.example"
    keys = [
        {"name": name},
        {"name": name.upper(), "domain": domain},
        {"name": name, "domain": domain},
        {"name": name},
        {"name": name, "domain": domain},
        {"name": name.upper()},
    ]

    outcomes = await asyncio.gather(
        *(suite.call("upsert_account", currency="EUR", **key) for key in keys)
    )

    answers = answered(outcomes, tryton)
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["state"] for answer in answers].count("created") == 1
    found = await client.search("party.party", [["name", "ilike", name]], ["name"], limit=9)
    assert len(found.records) == 1


def answered(outcomes: Sequence[Outcome], tryton: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the answers; on SQLite, where records come and go between two looks, some may lack."""
    refused = [outcome.error for outcome in outcomes if outcome.error]
    assert not refused or tryton["database"] == SQLITE_NAME, refused
    assert {error.outcome for error in refused} <= {"not_done"}
    return [outcome.unwrap() for outcome in outcomes if outcome.error is None]


async def test_contacts_made_at_the_same_moment_are_one(
    suite: CrmSuite, tryton: dict[str, Any], account_id: str, word: str
) -> None:
    ask = {"email": f"ann@{word}.example", "last_name": "Lee", "phone": "1"}

    outcomes = await asyncio.gather(*(suite.call("upsert_contact", **ask) for _ in range(5)))
    account = await suite.answer("get_account", account_id=account_id, include=["contacts"])

    answers = answered(outcomes, tryton)
    [contact] = account["contacts"]
    assert {answer["id"] for answer in answers} == {contact["id"]}
    assert [answer["state"] for answer in answers].count("created") == 1
    assert contact["phone"] == "1"


async def test_changes_of_one_account_at_the_same_moment_all_happen(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    changes: list[dict[str, Any]] = [
        {"phone": "1"},
        {"email": f"a@{word}.example"},
        {"roles": ["customer"]},
    ]

    outcomes = await asyncio.gather(
        *(suite.call("upsert_account", account_id=account_id, **change) for change in changes)
    )
    account = await suite.answer("get_account", account_id=account_id)

    assert [outcome.unwrap()["state"] for outcome in outcomes] == ["updated"] * 3
    assert (account["phone"], account["roles"]) == ("1", ["customer"])
    assert account["email"] == f"a@{word}.example"


async def test_the_account_is_a_resource_and_ids_are_completed(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    contact = await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id, name=f"Hall {word}")
    backend, caller = suite.host.servers["crm"].part.backend, CALLER
    variables = tools.resources[0].match(f"crm://accounts/{account_id}")
    assert variables is not None

    body = await tools.resources[0].tool.run(backend, caller, variables)
    account = json.loads(getattr(body, "text", ""))
    completed = {
        argument: await tools.completions[argument](backend, caller, typed)
        for argument, typed in {
            "account_id": f"works {word}",
            "id": account_id,
            "opportunity_id": f"hall {word}",
            "owner": "SWITCH",
            "to_stage": "neg",
        }.items()
    }
    by_number = await tools.completions["opportunity_id"](backend, caller, made["id"])

    assert [one["id"] for one in account["contacts"]] == [contact["id"]]
    assert [one["id"] for one in account["opportunities"]] == [made["id"]]
    assert completed == {
        "account_id": [account_id],
        "id": completed["id"],
        "opportunity_id": [made["id"]],
        "owner": [OWNER],
        "to_stage": ["negotiation"],
    }
    assert account_id in completed["id"]
    assert made["id"] in by_number
    for complete in tools.completions.values():
        for typed in ("a\0", "\ud800", "%", "_", "'", "\\"):
            assert await complete(backend, caller, typed) == []


async def test_the_house_is_no_account_and_its_addresses_are_no_contacts(
    suite: CrmSuite, client: TrytonClient
) -> None:
    found = await suite.answer("search", query=OWNER)
    clerk = await client.search("party.party", [["name", "=", "Clerk"]], ["name"], limit=1)
    employee = await suite.refusal("get_account", account_id=f"party-{clerk.records[0]['id']}")

    assert found["items"] == []
    assert employee.code == "not_found"


async def test_a_search_for_very_many_words_is_answered(suite: CrmSuite, word: str) -> None:
    account_id = await suite.account(word, name=" ".join(f"{word[:4]}{n}" for n in range(18)))
    name = (await suite.answer("get_account", account_id=account_id))["name"]

    found = await suite.answer("search", query=name.upper())
    nothing = await suite.answer("search", query=" ".join("abcdefghijklmnopqrstuvwxyz" * 3))

    assert [match["id"] for match in found["items"]] == [account_id]
    assert nothing["total"] == 0


async def test_what_was_done_is_listed_newest_first_by_record(
    suite: CrmSuite, client: TrytonClient, account_id: str, word: str
) -> None:
    contact = await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id)
    long = "Said:\n\nby nobody [sg-0]\n" + "x" * 300
    logged = [
        await suite.answer("log_activity", about_id=about, kind=kind, subject=kind, note=note)
        for about, kind, note in (
            (account_id, "call", ""),
            (contact["id"], "email", long),
            (made["id"], "meeting", "short"),
        )
    ]
    party = f"party.party,{account_id.removeprefix('party-')}"
    foreign = {"resource": party, "message": "Ring them\nsoon"}
    await client.call("ir.note", "create", [foreign])

    all_of_it = await suite.answer("list_activities", about_id=account_id, limit=3)
    rest = await suite.answer(
        "list_activities", about_id=account_id, limit=3, cursor=all_of_it["next_cursor"]
    )
    notes = await suite.answer("list_activities", about_id=account_id, kind="note")
    whole = await suite.answer("list_activities", about_id=contact["id"], full_notes=True)
    today = await suite.answer("list_activities", about_id=account_id, since=day(1))
    account = await suite.answer("get_account", account_id=account_id, include=["activities"])
    opportunity = await suite.answer("get_opportunity", opportunity_id=made["id"])

    [theirs, meeting, mail] = all_of_it["items"]
    assert (theirs["kind"], theirs["subject"], theirs["note"]) == ("note", "Ring them", "soon")
    assert (meeting["id"], meeting["about_id"], meeting["note"]) == (
        logged[2]["id"],
        made["id"],
        "short",
    )
    assert (mail["about_id"], mail["is_note_cut"], mail["note"]) == (
        contact["id"],
        True,
        long[:200],
    )
    assert [one["id"] for one in rest["items"]] == [logged[0]["id"]]
    assert (meeting["account_id"], meeting["done_by"]) == (account_id, "seller")
    assert (all_of_it["total"], account["activity_count"]) == (4, 4)
    assert [one["kind"] for one in account["activities"]] == ["note", "meeting", "email", "call"]
    assert [one["id"] for one in notes["items"]] == [theirs["id"]]
    assert whole["items"][0]["note"] == long
    assert today["items"] == []
    assert opportunity["last_activity_at"] == meeting["happened_at"]
    assert (await suite.events())[-2:] == ["crm.account.changed", "crm.activity.logged"]
