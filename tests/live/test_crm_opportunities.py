"""The CRM's opportunities, previews and repeats over a real Tryton."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from live_crm import OWNER, CrmSuite, day, deal, new_word, serving_crm
from live_tryton import Command, one

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


async def test_what_people_made_in_tryton_is_shown_as_it_is(
    suite: CrmSuite, client: TrytonClient, account_id: str, word: str
) -> None:
    """Without amount, end date or owner; a lead without a party is none of ours."""
    about = {"party": int(account_id.removeprefix("party-")), "company": 1, "description": word}
    bare = {**about, "employee": None}
    numbers = await client.call("sale.opportunity", "create", [bare, bare, about])
    await client.call("sale.opportunity", "cancel", numbers[2:])
    lead = {"company": 1, "description": word, "employee": None}
    [stray] = await client.call("sale.opportunity", "create", [lead])
    made = await suite.opportunity(account_id, name=word)
    cancelled = f"opportunity-{numbers[2]}"

    seen: list[dict[str, Any]] = []
    cursor = {}
    while True:
        page = await suite.answer("list_opportunities", query=word, limit=1, **cursor)
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    lost = await suite.answer("get_opportunity", opportunity_id=cancelled)
    reopened = await suite.answer(
        "move_opportunity", opportunity_id=cancelled, to_stage="qualified", reason="Not over"
    )
    missing = await suite.refusal("get_opportunity", opportunity_id=f"opportunity-{stray}")
    ownerless = await suite.refusal(
        "move_opportunity", opportunity_id=f"opportunity-{numbers[0]}", to_stage="proposal"
    )

    ids = [f"opportunity-{number}" for number in numbers]
    assert [one["id"] for one in seen] == [ids[2], made["id"], *ids[:2]]
    assert (seen[2]["amount"]["amount"], seen[2]["close_on"], seen[2]["owner_email"]) == (
        "0",
        "9999-12-31",
        "",
    )
    assert (lost["stage"], lost["close_on"], lost["reason"]) == ("lost", day(0), None)
    assert (reopened["state"], missing.code) == ("qualified", "not_found")
    assert (ownerless.code, ownerless.outcome) == ("invalid_request", "not_done")
    after = await suite.answer("get_opportunity", opportunity_id=ids[0])
    assert (after["stage"], after["probability_percent"], after["reason"]) == (
        "qualified",
        50,
        None,
    )


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
