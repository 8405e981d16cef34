"""The CRM's port over every system behind it: our tables on both databases, and Tryton."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from live_crm import (
    OWNER,
    CrmWorld,
    SqlWorld,
    TrytonWorld,
    day,
    deal,
    misspelled,
    new_word,
    serving_crm,
)
from live_tryton import Command, client_of
from pydantic import SecretStr

from engines import SYSTEMS, own_database, service
from switchgear_crm.tools import crm as tools
from switchgear_shared.calls.call import Outcome
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId
from switchgear_shared.testing import TEST_DATABASE_URL

pytestmark = pytest.mark.asyncio(loop_scope="module")

SQLITE_NAME = "erp"
NO_OWNER = (
    "Tryton keeps no owner of an account: owner is refused, and every opportunity needs its own."
)
NO_NEW_EMPLOYER = "A contact is not moved to another account: that is refused."
NO_SECOND_AT_ONCE = "On SQLite one of them may be refused instead, with nothing done."
SALE_DECIDES = (
    "A move to won is refused, and so is one out of negotiation or won: the sale decides."
)
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


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SYSTEMS)
async def opened_crm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TrytonWorld | SqlWorld]:
    """A CRM over each system, opened once."""
    data = tmp_path_factory.mktemp("crm") / "data"
    async with AsyncExitStack() as opened:
        if request.param == "tryton":
            connection = request.getfixturevalue("tryton")
            suite = await opened.enter_async_context(serving_crm(data, connection))
            client = client_of(connection)
            opened.push_async_callback(client.close)
            yield TrytonWorld(suite, client, connection["database"] == SQLITE_NAME)
            return
        url: str | None = None
        if request.param == "postgresql":
            url = await opened.enter_async_context(own_database(service(TEST_DATABASE_URL)))
        suite = await opened.enter_async_context(
            serving_crm(data, database_url=SecretStr(url) if url else None)
        )
        yield SqlWorld(suite)


@pytest_asyncio.fixture(loop_scope="module")
async def world(opened_crm: TrytonWorld | SqlWorld) -> CrmWorld:
    """The opened CRM, whose events are those of the test."""
    return replace(opened_crm, suite=await opened_crm.suite.from_now())


@pytest.fixture
def word() -> str:
    return new_word()


@pytest_asyncio.fixture(loop_scope="module")
async def account_id(world: CrmWorld, word: str) -> str:
    """An account that nobody else uses."""
    return await world.suite.account(word)


async def test_an_account_has_all_that_was_given_and_is_found_by_each(
    world: CrmWorld, word: str
) -> None:
    suite = world.suite
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


async def test_an_account_is_changed_and_cleared(world: CrmWorld, word: str) -> None:
    suite = world.suite
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
    assert await suite.events() == ["crm.account.changed"] * 2


async def test_a_known_domain_renames_and_a_known_name_takes_a_domain(
    world: CrmWorld, word: str
) -> None:
    suite = world.suite
    account_id = await suite.account(word)
    nameless = await suite.answer("upsert_account", name=f"Só {word}", currency="EUR")

    renamed = await suite.answer("upsert_account", domain=f"{word}.example", name=f"New {word}")
    taken = await suite.answer("upsert_account", name=f"SO {word}", domain=f"so-{word}.example")

    assert (renamed["id"], renamed["state"]) == (account_id, "updated")
    assert (taken["id"], taken["state"]) == (nameless["id"], "updated")


async def test_what_may_mean_several_accounts_is_a_conflict_that_lists_them(
    world: CrmWorld, word: str
) -> None:
    suite = world.suite
    first, second = await suite.account(word), await suite.account(f"b{word}")
    events = await suite.events()

    both = await suite.refusal("upsert_account", name=f"Works b{word}", domain=f"{word}.example")
    other = await suite.refusal("upsert_account", name=f"Works {word}", domain=f"c{word}.example")
    taken = await suite.refusal("upsert_account", account_id=second, domain=f"{word}.example")

    assert {(error.code, error.outcome) for error in (both, other, taken)} == {
        ("conflict", "not_done")
    }
    assert sorted(candidates(both)) == sorted([first, second])
    assert (candidates(other), candidates(taken)) == ([first], [first])
    assert await suite.events() == events


async def test_accounts_of_one_key_that_others_made_are_a_conflict_until_one_is_named(
    world: CrmWorld, word: str
) -> None:
    suite = world.suite
    domain, name = f"{word}.example", f"Twin {word}"
    twins = sorted([await world.add_account(name, domain) for _ in range(2)])

    by_name = await suite.refusal("upsert_account", name=name.upper(), phone="1")
    by_domain = await suite.refusal("upsert_account", domain=domain, phone="1")
    contact = await suite.refusal("upsert_contact", email=f"ann@{domain}", last_name="Lee")
    named = await suite.answer("upsert_account", account_id=twins[1], phone="1")
    placed = await suite.answer(
        "upsert_contact", email=f"ann@{domain}", last_name="Lee", account_id=twins[1]
    )

    assert {error.code for error in (by_name, by_domain, contact)} == {"conflict"}
    assert [sorted(candidates(one)) for one in (by_name, by_domain, contact)] == [twins] * 3
    assert (named["state"], placed["state"]) == ("updated", "created")


def candidates(error: Any) -> list[str]:
    return [candidate["id"] for candidate in error.details["candidates"]]


async def test_an_account_has_an_owner_whom_its_opportunities_get(
    world: CrmWorld, account_id: str
) -> None:
    suite = world.suite
    ownerless = {name: value for name, value in deal(account_id).items() if name != "owner"}

    nobody = await suite.refusal("create_opportunity", **ownerless)
    owned = await suite.answer_unless(
        NO_OWNER, "upsert_account", account_id=account_id, owner=OWNER
    )
    account = await suite.answer("get_account", account_id=account_id)

    assert (nobody.code, nobody.field) == ("invalid_request", "owner")
    assert account["owner_email"] == (OWNER if owned else "")
    if owned:
        made = await suite.answer("create_opportunity", **ownerless)
        read = await suite.answer("get_opportunity", opportunity_id=made["id"])
        assert read["owner_email"] == OWNER


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "field"),
    [
        ("get_account", {"account_id": "party-99999999"}, "not_found", "account_id"),
        ("get_account", {"account_id": "acc_1"}, "not_found", "account_id"),
        ("get_opportunity", {"opportunity_id": "opportunity-9999"}, "not_found", "opportunity_id"),
        ("list_activities", {"about_id": "contact-999999"}, "not_found", "about_id"),
        ("list_activities", {"about_id": "%"}, "not_found", "about_id"),
        ("search", {"query": "a\0b"}, "invalid_request", "query"),
        ("upsert_account", {"phone": "1"}, "invalid_request", "name"),
        ("upsert_account", {"name": "Nobody Yet"}, "invalid_request", "currency"),
        (
            "upsert_account",
            {"domain": "nobody.example", "currency": "EUR"},
            "invalid_request",
            "name",
        ),
        (
            "upsert_account",
            {"name": "Neu", "currency": "EUR", "expected_version": "1"},
            "conflict",
            "expected_version",
        ),
        ("upsert_account", {"account_id": "party-999999", "phone": "1"}, "not_found", "account_id"),
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
        (
            "log_activity",
            {"about_id": "opportunity-999999", "kind": "call", "subject": "Hello"},
            "not_found",
            "about_id",
        ),
        ("create_opportunity", deal("party-999999"), "not_found", "account_id"),
        (
            "update_opportunity",
            {"opportunity_id": "opportunity-999999", "name": "Hall"},
            "not_found",
            "opportunity_id",
        ),
        (
            "move_opportunity",
            {"opportunity_id": "opportunity-999999", "to_stage": "lost", "reason": "no"},
            "not_found",
            "opportunity_id",
        ),
    ],
)
async def test_what_is_not_known_is_refused(
    world: CrmWorld, tool: str, arguments: dict[str, Any], code: str, field: str
) -> None:
    error = await world.suite.refusal(tool, **arguments)

    assert (error.code, error.field, error.outcome) == (code, field, "not_done")
    assert await world.suite.events() == []


async def test_a_search_ranks_numbers_and_addresses_then_beginnings_then_parts(
    world: CrmWorld, word: str
) -> None:
    suite = world.suite
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
    by_number = await suite.answer("search", query=made["ref"].lower(), kind="opportunity")

    ids = [match["id"] for match in found["items"]]
    assert ids == [begins["id"], account_id, contact["id"], made["id"]]
    assert (by_address["items"][0]["id"], found["total"]) == (account_id, 4)
    assert [match["id"] for match in by_person["items"]] == [contact["id"]]
    assert [match["id"] for match in by_phone["items"]] == [contact["id"]]
    assert by_number["items"][0]["id"] == made["id"]


async def test_a_search_shows_what_is_spelled_alike_and_takes_wildcards_as_they_are(
    world: CrmWorld, word: str
) -> None:
    suite = world.suite
    account_id = await suite.account(word, name=f"100%_{word}")

    spelled = await suite.answer("search", query=misspelled(word), kind="account")
    literal = await suite.answer("search", query=f"0%_{word}")
    nothing = await suite.answer("search", query=f"0__{word}%")
    blank = await suite.answer("search", query="  ")

    assert spelled["approximate"]
    assert account_id in {match["id"] for match in spelled["items"]}
    assert [match["id"] for match in literal["items"]] == [account_id]
    assert not literal["approximate"]
    assert nothing["approximate"] or not nothing["items"]
    assert (blank["items"], blank["total"]) == ([], 0)


async def test_a_search_for_very_many_words_is_answered(world: CrmWorld, word: str) -> None:
    suite = world.suite
    account_id = await suite.account(word, name=" ".join(f"{word[:4]}{n}" for n in range(18)))
    name = (await suite.answer("get_account", account_id=account_id))["name"]

    found = await suite.answer("search", query=name.upper())
    nothing = await suite.answer("search", query=" ".join("abcdefghijklmnopqrstuvwxyz" * 3))

    assert [match["id"] for match in found["items"]] == [account_id]
    assert nothing["total"] == 0


async def test_pages_of_a_search_neither_repeat_nor_skip_while_others_are_added(
    world: CrmWorld, word: str
) -> None:
    suite = world.suite
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


async def test_a_cursor_that_no_page_of_the_listing_gave_is_refused(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    for _ in range(2):
        await suite.opportunity(account_id)
        await suite.answer("log_activity", about_id=account_id, kind="call", subject="Hello")
    listings: list[tuple[str, dict[str, Any]]] = [
        ("search", {"query": word}),
        ("list_opportunities", {"account_id": account_id}),
        ("list_activities", {"about_id": account_id}),
    ]
    given = [
        (await suite.answer(tool, limit=1, **about))["next_cursor"] for tool, about in listings
    ]
    assert None not in given

    for place, (tool, about) in enumerate(listings):
        others = [cursor for other, cursor in enumerate(given) if other != place]
        for forged in (*others, "WyJ4Il0", "%", encode_cursor("crm", [1]), given[place][:-3]):
            error = await suite.refusal(tool, cursor=forged, **about)
            assert (error.code, error.field) == ("invalid_request", "cursor"), (tool, forged)


async def test_a_contact_belongs_to_the_account_of_its_domain_and_is_changed_by_its_address(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    email = f"Ann@{word}.example"
    given = {"first_name": "Ann", "last_name": "Lee", "job_title": "Buyer", "phone": "+49 1"}

    made = await suite.answer("upsert_contact", email=email, **given)
    same = await suite.answer("upsert_contact", email=email, last_name="Lee", phone="+49 1")
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


async def test_a_contact_goes_to_another_account_where_the_system_can(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    other = await suite.account(f"b{word}")
    email = f"ann@{word}.example"
    await suite.answer("upsert_contact", email=email, last_name="Lee")

    same = await suite.answer("upsert_contact", email=email, account_id=account_id)
    moved = await suite.answer_unless(
        NO_NEW_EMPLOYER, "upsert_contact", email=email, account_id=other
    )
    counts = [
        (await suite.answer("get_account", account_id=one))["contact_count"]
        for one in (account_id, other)
    ]

    assert not same["changed"]
    assert counts == ([0, 1] if moved else [1, 0])


async def test_a_stale_version_of_an_account_is_a_conflict_and_changes_nothing(
    world: CrmWorld, account_id: str
) -> None:
    suite = world.suite
    before = await suite.answer("get_account", account_id=account_id)
    await suite.answer("upsert_account", account_id=account_id, phone="1")

    error = await suite.refusal(
        "upsert_account", account_id=account_id, phone="2", expected_version=before["version"]
    )
    after = await suite.answer("get_account", account_id=account_id)

    assert (error.code, error.field, error.outcome) == ("conflict", "expected_version", "not_done")
    assert error.details["version"] == after["version"]
    assert after["phone"] == "1"


async def test_accounts_made_at_the_same_moment_are_one(world: CrmWorld, word: str) -> None:
    """By name, by domain and by both: whatever key they share."""
    suite = world.suite
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
    found = await suite.answer("search", query=word, kind="account")

    answers = await answered(world, outcomes)
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["state"] for answer in answers].count("created") == 1
    assert [match["id"] for match in found["items"]] == [answers[0]["id"]]


async def answered(world: CrmWorld, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the answers; some may lack only where whoami says so."""
    refused = [outcome.error for outcome in outcomes if outcome.error]
    assert not refused or world.may_refuse_at_once, refused
    assert not refused or NO_SECOND_AT_ONCE in await world.suite.caveats()
    assert {error.outcome for error in refused} <= {"not_done"}
    return [outcome.unwrap() for outcome in outcomes if outcome.error is None]


async def test_contacts_made_at_the_same_moment_are_one(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    ask = {"email": f"ann@{word}.example", "last_name": "Lee", "phone": "1"}

    outcomes = await asyncio.gather(*(suite.call("upsert_contact", **ask) for _ in range(5)))
    account = await suite.answer("get_account", account_id=account_id, include=["contacts"])

    answers = await answered(world, outcomes)
    [contact] = account["contacts"]
    assert {answer["id"] for answer in answers} == {contact["id"]}
    assert [answer["state"] for answer in answers].count("created") == 1
    assert contact["phone"] == "1"


async def test_changes_of_one_account_at_the_same_moment_all_happen(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
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
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
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


async def test_what_was_done_is_listed_newest_first_by_record(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
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

    first = await suite.answer("list_activities", about_id=account_id, limit=2)
    added = await suite.answer("log_activity", about_id=made["id"], kind="note", subject="note")
    rest = await suite.answer(
        "list_activities", about_id=account_id, limit=2, cursor=first["next_cursor"]
    )
    notes = await suite.answer("list_activities", about_id=account_id, kind="note")
    whole = await suite.answer("list_activities", about_id=contact["id"], full_notes=True)
    later = await suite.answer("list_activities", about_id=account_id, since=day(1))
    account = await suite.answer("get_account", account_id=account_id, include=["activities"])
    opportunity = await suite.answer("get_opportunity", opportunity_id=made["id"])

    [meeting, mail] = first["items"]
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
    assert (first["total"], account["activity_count"]) == (3, 4)
    assert [one["kind"] for one in account["activities"]] == ["note", "meeting", "email", "call"]
    assert [one["id"] for one in notes["items"]] == [added["id"]]
    assert whole["items"][0]["note"] == long
    assert later["items"] == []
    assert opportunity["last_activity_at"] == notes["items"][0]["happened_at"]
    assert (await suite.events())[-2:] == ["crm.account.changed", "crm.activity.logged"]


async def test_an_opportunity_goes_through_its_life(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    contact = await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id, contact_id=contact["id"])
    about = {"opportunity_id": made["id"]}

    begun = await suite.answer("get_opportunity", **about)
    proposed = await suite.answer("move_opportunity", to_stage="proposal", **about)
    lost = await suite.answer("move_opportunity", to_stage="lost", reason="Too dear", **about)
    read = await suite.answer("get_opportunity", **about)
    reopened = await suite.answer("move_opportunity", to_stage="proposal", reason="Back", **about)
    again = await suite.answer("move_opportunity", to_stage="proposal", **about)

    assert (made["state"], begun["stage"], begun["probability_percent"]) == (*["qualified"] * 2, 20)
    assert (begun["amount"], begun["close_on"]) == (
        {"amount": "1200.50", "currency": "EUR"},
        day(30),
    )
    assert (begun["owner_email"], begun["contact"]["name"]) == (OWNER, "Lee")
    assert (begun["account_id"], begun["ref"]) == (account_id, made["ref"])
    assert (proposed["state"], lost["state"], reopened["state"]) == ("proposal", "lost", "proposal")
    assert (read["stage"], read["reason"], read["close_on"]) == ("lost", "Too dear", day(0))
    assert read["probability_percent"] == 0
    assert (again["changed"], again["version"]) == (False, reopened["version"])
    assert (await suite.events())[2:] == ["crm.opportunity.created", *["crm.opportunity.moved"] * 3]


CHANCES = {"qualified": 20, "proposal": 45, "negotiation": 70, "won": 100, "lost": 0}


@pytest.mark.parametrize("from_stage", [*CHANCES])
async def test_a_move_happens_exactly_where_the_pipeline_says_that_it_leads(
    world: CrmWorld, account_id: str, from_stage: str
) -> None:
    suite = world.suite
    told = stages(await suite.answer("describe_pipeline"))
    assert {stage: one["probability_percent"] for stage, one in told.items()} == CHANCES
    if from_stage not in told["qualified"]["leads_to"] and from_stage != "qualified":
        assert from_stage == "won"
        assert SALE_DECIDES in await suite.caveats()
        return

    for to_stage in CHANCES.keys() - {from_stage}:
        begin = from_stage if from_stage in {"proposal", "negotiation"} else "qualified"
        made = await suite.opportunity(account_id, stage=begin)
        about = {"opportunity_id": made["id"], "reason": "so"}
        if from_stage != begin:
            await suite.answer("move_opportunity", to_stage=from_stage, **about)
        moves = (await suite.events()).count("crm.opportunity.moved")

        outcome = await suite.call("move_opportunity", to_stage=to_stage, **about)
        read = await suite.answer("get_opportunity", opportunity_id=made["id"])

        is_led_to = to_stage in told[from_stage]["leads_to"]
        stage = to_stage if is_led_to else from_stage
        assert (outcome.error is None) == is_led_to, (to_stage, outcome.error)
        assert (read["stage"], read["probability_percent"]) == (stage, CHANCES[stage])
        moved = (await suite.events()).count("crm.opportunity.moved") - moves
        assert moved == is_led_to
        if outcome.error is not None:
            is_by_the_sale = outcome.error.code == "backend_rejected"
            assert is_by_the_sale or outcome.error.code == "conflict"
            assert (outcome.error.field, outcome.error.outcome) == ("to_stage", "not_done")
            assert not is_by_the_sale or SALE_DECIDES in await suite.caveats()


def stages(pipeline: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {stage["stage"]: stage for stage in pipeline["stages"]}


async def test_losing_and_reopening_need_a_reason(world: CrmWorld, account_id: str) -> None:
    suite = world.suite
    made = await suite.opportunity(account_id)
    about = {"opportunity_id": made["id"]}

    losing = await suite.refusal("move_opportunity", to_stage="lost", **about)
    await suite.answer("move_opportunity", to_stage="lost", reason="no", **about)
    opening = await suite.refusal("move_opportunity", to_stage="qualified", **about)
    winning = await suite.refusal("move_opportunity", to_stage="won", **about)
    repricing = await suite.refusal(
        "update_opportunity", amount={"amount": "1", "currency": "EUR"}, **about
    )

    assert (losing.code, losing.field) == ("invalid_request", "reason")
    assert (opening.code, opening.field) == ("invalid_request", "reason")
    assert (winning.code, winning.field) == ("conflict", "to_stage")
    assert (repricing.code, repricing.details["stage"]) == ("conflict", "lost")


async def test_an_opportunity_is_changed_at_the_version_it_was_read(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    contact = await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id)
    about = {"opportunity_id": made["id"]}
    changes = {
        "name": f"Hall {word}",
        "amount": {"amount": "99.99", "currency": "EUR"},
        "close_on": day(40),
        "probability_percent": 33,
        "owner": "clerk@works.example",
        "contact_id": contact["id"],
    }

    done = await suite.answer(
        "update_opportunity", expected_version=made["version"], **changes, **about
    )
    same = await suite.answer("update_opportunity", **changes, **about)
    stale = await suite.refusal(
        "update_opportunity", name="X", expected_version=made["version"], **about
    )
    unmoved = await suite.refusal(
        "move_opportunity", to_stage="proposal", expected_version=made["version"], **about
    )
    read = await suite.answer("get_opportunity", **about)

    assert (done["changed"], done["version"], same["changed"]) == (True, read["version"], False)
    for error in (stale, unmoved):
        assert (error.code, error.field, error.outcome) == (
            "conflict",
            "expected_version",
            "not_done",
        )
        assert error.details["version"] == read["version"]
    assert (read["name"], read["amount"]["amount"], read["close_on"]) == (
        f"Hall {word}",
        "99.99",
        day(40),
    )
    assert (read["probability_percent"], read["owner_email"]) == (33, "clerk@works.example")
    assert (read["contact"]["id"], read["stage"]) == (contact["id"], "qualified")
    assert (await suite.events())[2:] == ["crm.opportunity.created", "crm.opportunity.changed"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": {"amount": "-1", "currency": "EUR"}}, "amount"),
        ({"amount": {"amount": "1.001", "currency": "EUR"}}, "amount"),
        ({"close_on": day(-1)}, "close_on"),
        ({"close_on": day(5000)}, "close_on"),
    ],
)
async def test_an_opportunity_that_cannot_be_is_refused(
    world: CrmWorld, account_id: str, fields: dict[str, Any], field: str
) -> None:
    suite = world.suite
    made = await suite.opportunity(account_id)

    unmade = await suite.refusal("create_opportunity", **deal(account_id, **fields))
    unchanged = await suite.refusal("update_opportunity", opportunity_id=made["id"], **fields)

    refused = {(error.code, error.field, error.outcome) for error in (unmade, unchanged)}
    assert refused == {("invalid_request", field, "not_done")}


async def test_an_opportunity_has_a_contact_of_its_own_account_and_keeps_its_currency(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    await suite.account(f"b{word}")
    contact = await suite.answer("upsert_contact", email=f"ann@b{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id)
    about = {"opportunity_id": made["id"]}

    foreign = await suite.refusal(
        "create_opportunity", **deal(account_id, contact_id=contact["id"])
    )
    unknown = await suite.refusal("create_opportunity", **deal(account_id, contact_id="contact-0"))
    later = await suite.refusal("update_opportunity", contact_id=contact["id"], **about)
    dollars = await suite.refusal(
        "update_opportunity", amount={"amount": "5", "currency": "USD"}, **about
    )

    assert (foreign.code, foreign.field) == ("invalid_request", "contact_id")
    assert (unknown.code, unknown.field) == ("not_found", "contact_id")
    assert (later.code, later.field) == ("invalid_request", "contact_id")
    assert (dollars.code, dollars.field) == ("invalid_request", "amount.currency")


async def test_opportunities_are_listed_by_what_is_asked_in_pages(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    made = [
        (await suite.opportunity(account_id, name=f"Hall {word}", close_on=day(days)))["id"]
        for days in (50, 10, 30)
    ]
    only = {"query": f"hall {word}", "account_id": account_id}

    first = await suite.answer("list_opportunities", limit=2, **only)
    await suite.opportunity(account_id, name=f"Hall {word}", close_on=day(5))
    second = await suite.answer("list_opportunities", limit=2, cursor=first["next_cursor"], **only)
    soon = await suite.answer("list_opportunities", closing_before=day(30), **only)
    worth = await suite.answer("list_opportunities", min_amount="1200.50", currency="EUR", **only)
    dear = await suite.answer("list_opportunities", min_amount="1200.51", currency="EUR", **only)
    dollars = await suite.answer("list_opportunities", min_amount="0", currency="USD", **only)
    others = await suite.answer("list_opportunities", owner="clerk@works.example", **only)
    nobody = await suite.answer("list_opportunities", owner="nobody@else.example")
    wild = await suite.answer("list_opportunities", query=f"h%ll {word}", account_id=account_id)
    is_open = await suite.answer("list_opportunities", stage="open", owner=OWNER.upper(), **only)

    listed = [entry["id"] for page in (first, second) for entry in page["items"]]
    assert listed == [made[1], made[2], made[0]]
    assert (first["total"], first["truncated"], second["next_cursor"]) == (3, True, None)
    assert [entry["close_on"] for entry in soon["items"]] == [day(5), day(10)]
    assert [page["total"] for page in (worth, dear, dollars, others, nobody, wild)] == [
        *[4, 0, 0],
        *[0, 0, 0],
    ]
    assert len(is_open["items"]) == 4


async def test_the_pipeline_adds_up_by_stage_and_currency(world: CrmWorld, account_id: str) -> None:
    suite = world.suite
    before = stages(await suite.answer("describe_pipeline", owner=OWNER))
    await suite.opportunity(account_id)
    await suite.opportunity(account_id, amount={"amount": "5.00", "currency": "USD"})
    after = stages(await suite.answer("describe_pipeline", owner=OWNER))

    assert after["qualified"]["opportunity_count"] - before["qualified"]["opportunity_count"] == 2
    assert {total["currency"] for total in after["qualified"]["totals"]} == {"EUR", "USD"}


async def test_moves_at_the_same_moment_leave_one_stage_with_its_chance(
    world: CrmWorld, account_id: str
) -> None:
    suite = world.suite
    made = await suite.opportunity(account_id)
    about = {"opportunity_id": made["id"], "reason": "so"}

    outcomes = await asyncio.gather(
        *(
            suite.call("move_opportunity", to_stage=stage, **about)
            for stage in ("proposal", "lost", "proposal", "lost")
        )
    )
    read = await suite.answer("get_opportunity", opportunity_id=made["id"])

    done = [outcome.unwrap() for outcome in outcomes if outcome.error is None]
    assert {outcome.error.code for outcome in outcomes if outcome.error} <= {"conflict"}
    assert {outcome.error.outcome for outcome in outcomes if outcome.error} <= {"not_done"}
    assert read["stage"] in {one["state"] for one in done if one["changed"]}
    assert (read["stage"], read["probability_percent"]) in {("proposal", 45), ("lost", 0)}
    moves = (await suite.events()).count("crm.opportunity.moved")
    assert moves == sum(one["changed"] for one in done)


async def test_moves_at_one_version_happen_once(world: CrmWorld, account_id: str) -> None:
    suite = world.suite
    made = await suite.opportunity(account_id)
    ask = {"opportunity_id": made["id"], "expected_version": made["version"]}

    outcomes = await asyncio.gather(
        *(suite.call("move_opportunity", to_stage="proposal", **ask) for _ in range(4))
    )

    done = [outcome for outcome in outcomes if outcome.error is None]
    assert len(done) == 1
    assert {outcome.error.code for outcome in outcomes if outcome.error} == {"conflict"}


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("upsert_account", {"name": "Neu {word}", "currency": "EUR", "roles": ["vendor"]}),
    ("upsert_account", {"domain": "{word}.example", "phone": "77"}),
    ("upsert_contact", {"email": "bo@{word}.example", "last_name": "Ek", "phone": "1"}),
    ("upsert_contact", {"email": "ann@{word}.example", "job_title": "Boss"}),
    ("log_activity", {"about_id": "{account}", "kind": "call", "subject": "Hello"}),
    ("create_opportunity", deal("{account}", stage="proposal")),
    ("update_opportunity", {"opportunity_id": "{deal}", "close_on": day(9)}),
    ("move_opportunity", {"opportunity_id": "{deal}", "to_stage": "lost", "reason": "no"}),
    ("move_opportunity", {"opportunity_id": "{deal}", "to_stage": "negotiation"}),
]


@pytest.mark.parametrize(("tool", "arguments"), CHANGES)
async def test_a_preview_changes_nothing_and_its_digest_holds_the_change_to_it(
    world: CrmWorld, account_id: str, word: str, tool: str, arguments: dict[str, Any]
) -> None:
    suite = world.suite
    await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id)
    events = await suite.events()
    ask = {
        name: value.format(word=word, account=account_id, deal=made["id"])
        if isinstance(value, str)
        else value
        for name, value in arguments.items()
    }

    shown = await suite.answer(tool, dry_run=True, **ask)
    again = await suite.answer(tool, dry_run=True, **ask)
    between = await suite.events()
    digest = shown["preview"]["preview_digest"]
    done = await suite.answer(tool, key=word, preview_digest=digest, **ask)
    announced = await suite.events()
    repeated = await suite.answer(tool, key=word, preview_digest=digest, **ask)

    assert again["preview"]["preview_digest"] == digest
    assert shown["preview"]["effects"]
    assert between == events
    assert done["changed"]
    assert len(announced) > len(events)
    assert repeated == {**done, "replayed": True}
    assert await suite.events() == announced


async def test_a_preview_of_what_moved_on_is_refused(world: CrmWorld, account_id: str) -> None:
    suite = world.suite
    made = await suite.opportunity(account_id)
    ask = {"opportunity_id": made["id"], "close_on": day(9)}
    shown = await suite.answer("update_opportunity", dry_run=True, **ask)
    await suite.answer("update_opportunity", opportunity_id=made["id"], name="Other")

    error = await suite.refusal(
        "update_opportunity", preview_digest=shown["preview"]["preview_digest"], **ask
    )

    assert (error.code, error.outcome) == ("conflict", "not_done")


async def test_a_call_repeated_with_its_key_is_done_once(
    world: CrmWorld, account_id: str, word: str
) -> None:
    suite = world.suite
    first = await suite.answer("create_opportunity", key=word, **deal(account_id))
    second = await suite.answer("create_opportunity", key=word, **deal(account_id))
    other = await suite.refusal("create_opportunity", key=word, **deal(account_id, name="Other"))
    account = await suite.answer("get_account", account_id=account_id)

    assert (second["id"], second["replayed"]) == (first["id"], True)
    assert other.outcome == "not_done"
    assert account["opportunity_count"] == 1
