"""The CRM's tools over a real Tryton."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from live_crm import OWNER, CrmSuite, day, deal, new_word, serving_crm
from live_tryton import Command, one

from switchgear_crm.tryton import CAVEATS
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live

BRANDT = "Brandt Maschinenbau GmbH"


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
    suite: CrmSuite, client: TrytonClient, word: str
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

    answers = [outcome.unwrap() for outcome in outcomes]
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["state"] for answer in answers].count("created") == 1
    found = await client.search("party.party", [["name", "ilike", name]], ["name"], limit=9)
    assert len(found.records) == 1


async def test_contacts_made_at_the_same_moment_are_one(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    ask = {"email": f"ann@{word}.example", "last_name": "Lee", "phone": "1"}

    outcomes = await asyncio.gather(*(suite.call("upsert_contact", **ask) for _ in range(5)))
    account = await suite.answer("get_account", account_id=account_id, include=["contacts"])

    answers = [outcome.unwrap() for outcome in outcomes]
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


async def test_an_opportunity_goes_through_its_life(
    suite: CrmSuite, client: TrytonClient, account_id: str, word: str
) -> None:
    contact = await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    made = await suite.opportunity(account_id, contact_id=contact["id"])
    about = {"opportunity_id": made["id"]}

    begun = await suite.answer("get_opportunity", **about)
    proposed = await suite.answer("move_opportunity", to_stage="proposal", **about)
    lost = await suite.answer("move_opportunity", to_stage="lost", reason="Too dear", **about)
    read = await suite.answer("get_opportunity", **about)
    reopened = await suite.answer("move_opportunity", to_stage="proposal", reason="Back", **about)
    again = await suite.answer("move_opportunity", to_stage="proposal", **about)
    converted = await suite.answer("move_opportunity", to_stage="negotiation", **about)
    number = int(made["id"].removeprefix("opportunity-"))
    record = await client.get("sale.opportunity", number, ["sales", "payment_term"])
    await win(client, record["sales"])
    won = await suite.answer("get_opportunity", **about)

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
    assert converted["state"] == "negotiation"
    assert f"sale-{record['sales'][0]}" in converted["caveat"]
    assert (won["stage"], won["close_on"]) == ("won", day(0))
    assert (await suite.events())[2:] == ["crm.opportunity.created", *["crm.opportunity.moved"] * 4]


async def win(client: TrytonClient, sales: list[int]) -> None:
    """Confirm the sales in Tryton, as a person does."""
    product = await one(client, "product.product", "code", "BRK-016")
    unit = await one(client, "product.uom", "symbol", "u")
    line = {
        "type": "line",
        "product": product,
        "quantity": 1.0,
        "unit": unit,
        "unit_price": Decimal(5),
    }
    [sale] = await client.call("sale.sale", "read", sales, ["party"])
    [address] = await client.call("party.address", "create", [{"party": sale["party"]}])
    values = {
        "invoice_address": address,
        "shipment_address": address,
        "warehouse": await one(client, "stock.location", "code", "WH"),
        "lines": [["create", [line]]],
    }
    await client.call("sale.sale", "write", sales, values)
    await client.call("sale.sale", "quote", sales)
    await client.call("sale.sale", "confirm", sales)


async def test_what_only_a_sale_decides_is_refused_in_words(
    suite: CrmSuite, account_id: str
) -> None:
    made = await suite.opportunity(account_id, stage="negotiation")
    about = {"opportunity_id": made["id"]}
    fresh = await suite.opportunity(account_id)

    won = await suite.refusal("move_opportunity", to_stage="won", **about)
    lost = await suite.refusal("move_opportunity", to_stage="lost", reason="no", **about)
    back = await suite.refusal("move_opportunity", to_stage="qualified", **about)
    early = await suite.refusal("move_opportunity", opportunity_id=fresh["id"], to_stage="won")
    dearer = await suite.refusal("update_opportunity", name="Halls", **about)
    likelier = await suite.answer("update_opportunity", probability_percent=80, **about)

    refused = (won, lost, back, early)
    assert {(error.code, error.field, error.outcome) for error in refused} == {
        ("backend_rejected", "to_stage", "not_done")
    }
    assert "sale-" in made["caveat"]
    assert "sale-" in won.message
    assert (dearer.code, dearer.details["stage"]) == ("conflict", "negotiation")
    assert likelier["changed"]


async def test_losing_and_reopening_need_a_reason(suite: CrmSuite, account_id: str) -> None:
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
    suite: CrmSuite, account_id: str, word: str
) -> None:
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
    read = await suite.answer("get_opportunity", **about)

    assert (done["changed"], done["version"], same["changed"]) == (True, read["version"], False)
    assert (stale.code, stale.field) == ("conflict", "expected_version")
    assert (read["name"], read["amount"]["amount"], read["close_on"]) == (
        f"Hall {word}",
        "99.99",
        day(40),
    )
    assert (read["probability_percent"], read["owner_email"]) == (33, "clerk@works.example")
    assert read["contact"]["id"] == contact["id"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"owner": "nobody@else.example"}, "owner"),
        ({"amount": {"amount": "-1", "currency": "EUR"}}, "amount"),
        ({"amount": {"amount": "1.001", "currency": "EUR"}}, "amount"),
        ({"amount": {"amount": "1", "currency": "JPY"}}, "amount.currency"),
        ({"close_on": day(-1)}, "close_on"),
        ({"close_on": day(5000)}, "close_on"),
    ],
)
async def test_an_opportunity_that_cannot_be_is_refused(
    suite: CrmSuite, account_id: str, fields: dict[str, Any], field: str
) -> None:
    error = await suite.refusal("create_opportunity", **deal(account_id, **fields))

    assert (error.code, error.field) == ("invalid_request", field)


async def test_an_opportunity_needs_an_owner_and_a_contact_of_its_own_account(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    await suite.account(f"b{word}")
    contact = await suite.answer("upsert_contact", email=f"ann@b{word}.example", last_name="Lee")
    ownerless = {name: value for name, value in deal(account_id).items() if name != "owner"}

    nobody = await suite.refusal("create_opportunity", **ownerless)
    foreign = await suite.refusal(
        "create_opportunity", **deal(account_id, contact_id=contact["id"])
    )
    unknown = await suite.refusal("create_opportunity", **deal(account_id, contact_id="contact-0"))

    assert (nobody.code, nobody.field) == ("invalid_request", "owner")
    assert (foreign.code, foreign.field) == ("invalid_request", "contact_id")
    assert (unknown.code, unknown.field) == ("not_found", "contact_id")


async def test_opportunities_are_listed_by_what_is_asked_in_pages(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    made = [
        (await suite.opportunity(account_id, name=f"Hall {word}", close_on=day(days)))["id"]
        for days in (50, 10, 30)
    ]
    only = {"query": f"hall {word}", "account_id": account_id}

    first = await suite.answer("list_opportunities", limit=2, **only)
    await suite.opportunity(account_id, name=f"Hall {word}", close_on=day(5))
    second = await suite.answer("list_opportunities", limit=2, cursor=first["next_cursor"], **only)
    soon = await suite.answer("list_opportunities", closing_before=day(30), **only)
    dear = await suite.answer("list_opportunities", min_amount="1200.51", currency="EUR", **only)
    others = await suite.answer("list_opportunities", owner="clerk@works.example", **only)
    nobody = await suite.answer("list_opportunities", owner="nobody@else.example")
    is_open = await suite.answer("list_opportunities", stage="open", owner=OWNER.upper(), **only)

    listed = [entry["id"] for page in (first, second) for entry in page["items"]]
    assert listed == [made[1], made[2], made[0]]
    assert (first["total"], first["truncated"], second["next_cursor"]) == (3, True, None)
    assert [entry["close_on"] for entry in soon["items"]] == [day(5), day(10)]
    assert (dear["items"], others["items"], nobody["items"]) == ([], [], [])
    assert len(is_open["items"]) == 4


async def test_the_pipeline_adds_up_by_stage_and_currency(suite: CrmSuite, account_id: str) -> None:
    before = stages(await suite.answer("describe_pipeline", owner=OWNER))
    await suite.opportunity(account_id)
    await suite.opportunity(account_id, amount={"amount": "5.00", "currency": "USD"})
    after = stages(await suite.answer("describe_pipeline", owner=OWNER))

    assert after["qualified"]["opportunity_count"] - before["qualified"]["opportunity_count"] == 2
    assert {total["currency"] for total in after["qualified"]["totals"]} == {"EUR", "USD"}
    assert after["negotiation"]["leads_to"] == []


def stages(pipeline: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {stage["stage"]: stage for stage in pipeline["stages"]}


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


async def test_moves_at_the_same_moment_leave_one_stage_with_its_chance(
    suite: CrmSuite, account_id: str
) -> None:
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


async def test_moves_at_one_version_happen_once(suite: CrmSuite, account_id: str) -> None:
    made = await suite.opportunity(account_id)
    ask = {"opportunity_id": made["id"], "expected_version": made["version"]}

    outcomes = await asyncio.gather(
        *(suite.call("move_opportunity", to_stage="proposal", **ask) for _ in range(4))
    )

    done = [outcome for outcome in outcomes if outcome.error is None]
    assert len(done) == 1
    assert {outcome.error.code for outcome in outcomes if outcome.error} == {"conflict"}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("upsert_account", {"name": "Neu {word}", "currency": "EUR", "roles": ["vendor"]}),
        ("upsert_account", {"domain": "{word}.example", "phone": "77"}),
        ("upsert_contact", {"email": "bo@{word}.example", "last_name": "Ek", "phone": "1"}),
        ("upsert_contact", {"email": "ann@{word}.example", "job_title": "Boss"}),
        ("log_activity", {"about_id": "{account}", "kind": "call", "subject": "Hello"}),
        ("create_opportunity", deal("{account}", stage="proposal")),
        ("update_opportunity", {"opportunity_id": "{deal}", "close_on": day(9)}),
        ("move_opportunity", {"opportunity_id": "{deal}", "to_stage": "lost", "reason": "no"}),
        ("move_opportunity", {"opportunity_id": "{deal}", "to_stage": "negotiation"}),
    ],
)
async def test_a_preview_changes_nothing_and_its_digest_holds_the_change_to_it(
    suite: CrmSuite, account_id: str, word: str, tool: str, arguments: dict[str, Any]
) -> None:
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
    done = await suite.answer(tool, preview_digest=digest, **ask)

    assert shown["preview"] == again["preview"]
    assert shown["preview"]["effects"]
    assert between == events
    assert done["changed"]
    assert len(await suite.events()) > len(events)


async def test_a_preview_of_what_moved_on_is_refused(suite: CrmSuite, account_id: str) -> None:
    made = await suite.opportunity(account_id)
    ask = {"opportunity_id": made["id"], "close_on": day(9)}
    shown = await suite.answer("update_opportunity", dry_run=True, **ask)
    await suite.answer("update_opportunity", opportunity_id=made["id"], name="Other")

    error = await suite.refusal(
        "update_opportunity", preview_digest=shown["preview"]["preview_digest"], **ask
    )

    assert (error.code, error.outcome) == ("conflict", "not_done")


async def test_a_call_repeated_with_its_key_is_done_once(
    suite: CrmSuite, account_id: str, word: str
) -> None:
    first = await suite.answer("create_opportunity", key=word, **deal(account_id))
    second = await suite.answer("create_opportunity", key=word, **deal(account_id))
    account = await suite.answer("get_account", account_id=account_id)

    assert (second["id"], second["replayed"]) == (first["id"], True)
    assert account["opportunity_count"] == 1
