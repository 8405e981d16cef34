"""What of the CRM's opportunities is Tryton's own."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from live_crm import CrmSuite, day, deal, new_word, serving_crm
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


async def test_the_sale_of_an_opportunity_wins_it(
    suite: CrmSuite, client: TrytonClient, account_id: str
) -> None:
    made = await suite.opportunity(account_id)
    about = {"opportunity_id": made["id"]}

    converted = await suite.answer("move_opportunity", to_stage="negotiation", **about)
    number = int(made["id"].removeprefix("opportunity-"))
    record = await client.get("sale.opportunity", number, ["sales"])
    await win(client, record["sales"])
    won = await suite.answer("get_opportunity", **about)

    assert converted["state"] == "negotiation"
    assert f"sale-{record['sales'][0]}" in converted["caveat"]
    assert (won["stage"], won["close_on"]) == ("won", day(0))


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


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"owner": "nobody@else.example"}, "owner"),
        ({"amount": {"amount": "1", "currency": "JPY"}}, "amount.currency"),
    ],
)
async def test_an_opportunity_of_what_tryton_does_not_know_is_refused(
    suite: CrmSuite, account_id: str, fields: dict[str, Any], field: str
) -> None:
    error = await suite.refusal("create_opportunity", **deal(account_id, **fields))

    assert (error.code, error.field, error.outcome) == ("invalid_request", field, "not_done")


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
