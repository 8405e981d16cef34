"""The ERP's orders over a real Tryton."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live_erp import ErpSuite, serving_erp
from live_goods import new_party, stocked
from live_tryton import Command

from switchgear_erp.tryton import CAVEATS
from switchgear_shared.calls.call import Outcome
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[ErpSuite]:
    async with serving_erp(tmp_path / "data", tryton) as suite:
        yield suite


def day(days: int) -> str:
    """Return the day so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


async def test_whoami_tells_what_tryton_cannot_keep(suite: ErpSuite) -> None:
    backend = (await suite.answer("whoami"))["backend"]

    assert (backend["name"], tuple(backend["caveats"])) == ("erp/tryton", CAVEATS)


async def test_parties_are_found_by_what_people_call_them(suite: ErpSuite) -> None:
    by_name = await suite.answer("find_party", query="lindqvist energi")
    spelled = await suite.answer("find_party", query="Lindquist")
    by_email = await suite.answer("find_party", query="orders@lindqvist.example")
    nothing = await suite.answer("find_party", query="%_\\'")

    [party] = by_name["items"]
    assert spelled["items"] == by_email["items"] == [party]
    assert (party["roles"], party["currency"], party["payment_days"]) == (["customer"], "EUR", 30)
    assert party["credit_limit"] == {"amount": "1000.00", "currency": "EUR"}
    assert (party["email"], party["city"]) == ("orders@lindqvist.example", "Hamburg")
    assert (nothing["items"], nothing["total"]) == ([], 0)


async def test_a_role_keeps_the_other_side_and_the_company_itself_out(suite: ErpSuite) -> None:
    customers = await suite.answer("find_party", query="kupfer", role="customer")
    vendors = await suite.answer("find_party", query="kupfer", role="vendor")
    itself = await suite.answer("find_party", query="Switchgear Works")
    clerk = await suite.answer("find_party", query="clerk")

    assert (customers["items"], itself["items"]) == ([], [])
    assert [party["name"] for party in vendors["items"]] == ["Kupfer und Draht KG"]
    assert [party["roles"] for party in clerk["items"]] == [[]]


async def test_products_are_found_with_price_cost_and_tax(suite: ErpSuite) -> None:
    by_sku = await suite.answer("find_product", query="CBL-3G15")
    by_name = await suite.answer("find_product", query="circiut breaker")
    untaxed = await suite.answer("find_product", query="MAN-EN")

    [cable] = by_sku["items"]
    assert (cable["sku"], cable["unit"], cable["tax_percent"]) == ("CBL-3G15", "MTR", "19")
    assert cable["price"] == {"amount": "0.89", "currency": "EUR"}
    assert cable["cost"] == {"amount": "0.41", "currency": "EUR"}
    assert {product["sku"] for product in by_name["items"]} == {"BRK-016", "BRK-063"}
    assert untaxed["items"][0]["tax_percent"] == "0"


async def test_an_order_goes_from_draft_to_confirmed(suite: ErpSuite) -> None:
    customer = await suite.party("Brandt Maschinenbau")
    lines = [{"sku": "BRK-016", "quantity": "3"}, {"sku": "MAN-EN", "quantity": "1"}]

    quote = await suite.answer("price_order", party_id=customer, lines=lines)
    made = await suite.answer("create_order", kind="sale", party_id=customer, lines=lines)
    draft = await suite.answer("get_order", order_id=made["id"], include=["lines"])
    quoted = await suite.answer("advance_order", order_id=made["id"], to="quoted")
    confirmed = await suite.answer(
        "advance_order", order_id=made["id"], to="confirmed", expected_version=quoted["version"]
    )
    again = await suite.answer("advance_order", order_id=made["id"], to="confirmed")

    assert quote["gross"] == draft["gross"] == {"amount": "68.62", "currency": "EUR"}
    assert (made["state"], made["ref"], draft["location"]) == ("draft", made["id"], "WH")
    assert [(line["sku"], line["net"]) for line in draft["lines"]] == [
        ("BRK-016", "37.50"),
        ("MAN-EN", "24.00"),
    ]
    assert (quoted["state"], confirmed["state"]) == ("quoted", "confirmed")
    assert (again["changed"], again["version"]) == (False, confirmed["version"])
    assert await suite.events() == [
        "erp.order.created",
        "erp.order.quoted",
        "erp.order.confirmed",
    ]


async def test_a_purchase_takes_the_vendors_price_or_the_one_given(suite: ErpSuite) -> None:
    vendor = await suite.party("Kupfer und Draht")
    lines = [
        {"sku": "BRK-016", "quantity": "10"},
        {"sku": "CBL-3G15", "quantity": "2.5", "unit_price": "0.3999"},
    ]

    made = await suite.answer(
        "create_order",
        kind="purchase",
        party_id=vendor,
        lines=lines,
        location="NORTH",
        promised_on=day(7),
    )
    read = await suite.answer("get_order", order_id=made["id"], include=["lines"])

    assert (read["kind"], read["location"], read["promised_on"], read["ordered_on"]) == (
        "purchase",
        "NORTH",
        day(7),
        day(0),
    )
    assert [(line["unit_price"], line["quantity"], line["net"]) for line in read["lines"]] == [
        ("7.25", "10", "72.50"),
        ("0.3999", "2.5", "1.00"),
    ]


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "field"),
    [
        ("get_order", {"order_id": "ord_1"}, "not_found", "order_id"),
        ("get_order", {"order_id": "sale-" + "9" * 40}, "not_found", "order_id"),
        ("get_order", {"order_id": "sale-01"}, "not_found", "order_id"),
        ("price_order", {"party_id": "2"}, "not_found", "party_id"),
        ("price_order", {"kind": "purchase"}, "invalid_request", "party_id"),
        ("price_order", {"lines": []}, "invalid_request", "lines"),
        ("create_order", {"location": "W_"}, "not_found", "location"),
    ],
)
async def test_what_is_not_known_or_cannot_be_is_refused(
    suite: ErpSuite, tool: str, arguments: dict[str, Any], code: str, field: str
) -> None:
    given: dict[str, Any] = {}
    if tool in {"price_order", "create_order"}:
        customer = await suite.party("Brandt Maschinenbau")
        given = {"party_id": customer, "lines": [{"sku": "BRK-016", "quantity": "1"}]}
    if tool == "create_order":
        given["kind"] = "sale"

    error = await suite.refusal(tool, **{**given, **arguments})

    assert (error.code, error.field, error.outcome) == (code, field, "not_done")


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ({"sku": "BRK%", "quantity": "1"}, "not_found", "lines.1.sku"),
        ({"sku": "BRK-016", "quantity": "1.5"}, "invalid_request", "lines.1.quantity"),
        (
            {"sku": "BRK-016", "quantity": "1", "unit_price": "1.00001"},
            "invalid_request",
            "lines.1.unit_price",
        ),
        (
            {"sku": "BRK-016", "quantity": "999999999999", "unit_price": "999999"},
            "invalid_request",
            "lines",
        ),
    ],
)
async def test_a_line_that_cannot_be_is_refused_by_price_and_by_order(
    suite: ErpSuite, line: dict[str, str], code: str, field: str
) -> None:
    customer = await suite.party("Brandt Maschinenbau")
    lines = [{"sku": "MAN-EN", "quantity": "1"}, line]

    priced = await suite.refusal("price_order", party_id=customer, lines=lines)
    made = await suite.refusal("create_order", kind="sale", party_id=customer, lines=lines)

    assert [(one.code, one.field) for one in (priced, made)] == [(code, field)] * 2


async def test_a_preview_changes_nothing_and_holds_the_call_to_it(
    suite: ErpSuite, client: TrytonClient
) -> None:
    customer = await new_party(client)
    ask = {"kind": "sale", "party_id": customer, "lines": [{"sku": "BRK-016", "quantity": "2"}]}

    seen = await suite.answer("create_order", dry_run=True, **ask)
    nothing = await suite.answer("list_orders", party_id=customer)
    digest = seen["preview"]["preview_digest"]
    made = await suite.answer("create_order", preview_digest=digest, **ask)
    step = {"order_id": made["id"], "to": "quoted"}
    quote = await suite.answer("advance_order", dry_run=True, **step)
    still = await suite.answer("get_order", order_id=made["id"])
    await suite.answer("advance_order", preview_digest=quote["preview"]["preview_digest"], **step)

    assert (seen["id"], nothing["items"], still["state"]) == ("", [], "draft")
    assert [
        (effect["record"], effect["before"], effect["after"]["gross" if n == 0 else "net"])
        for n, effect in enumerate(seen["preview"]["effects"])
    ] == [("order", None, "29.75"), ("order_line", None, "25.00")]
    [effect] = quote["preview"]["effects"]
    assert (effect["before"]["state"], effect["after"]["state"]) == ("draft", "quoted")
    assert await suite.events() == ["erp.order.created", "erp.order.quoted"]


async def test_of_confirmations_at_the_same_moment_one_wins(
    suite: ErpSuite, client: TrytonClient
) -> None:
    sku = await stocked(client, 50.0)
    ask = {
        "kind": "sale",
        "party_id": await new_party(client),
        "lines": [{"sku": sku, "quantity": "2"}],
    }
    made = await suite.answer("create_order", **ask)
    quoted = await suite.answer("advance_order", order_id=made["id"], to="quoted")

    outcomes: list[Outcome] = await asyncio.gather(
        *(
            suite.call(
                "advance_order",
                order_id=made["id"],
                to="confirmed",
                expected_version=quoted["version"],
            )
            for _ in range(8)
        )
    )

    done = [outcome.unwrap() for outcome in outcomes if outcome.error is None]
    assert [answer["changed"] for answer in done].count(True) == 1
    assert {outcome.error.code for outcome in outcomes if outcome.error} <= {"conflict"}
    read = await suite.answer("get_order", order_id=made["id"], include=["invoices"])
    assert (read["state"], len(read["invoices"])) == ("confirmed", 1)
    number = int(made["id"].partition("-")[2])
    [sale] = await client.call("sale.sale", "read", [number], ["shipments"])
    assert len(sale["shipments"]) == 1
    assert (await suite.events()).count("erp.order.confirmed") == 1


async def test_resources_and_completions_speak_of_tryton(suite: ErpSuite) -> None:
    customer = await suite.party("Brandt Maschinenbau")
    ask = {"kind": "sale", "party_id": customer, "lines": [{"sku": "BRK-016", "quantity": "1"}]}
    made = await suite.answer("create_order", **ask)

    body = await suite.answer("order", order_id=made["id"])
    order = json.loads(body["text"])

    assert (order["id"], len(order["lines"]), order["shipments"]) == (made["id"], 1, [])
    assert made["id"] in await suite.completions("order_id", made["id"])
    assert customer in await suite.completions("party_id", "Brandt")
