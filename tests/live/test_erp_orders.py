"""The ERP's orders over a real Tryton."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from live_erp import ErpSuite, serving_erp
from live_tryton import Command

from switchgear_erp.tryton import CAVEATS

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the items that it counts on."""
    return tryton_script("start")


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[ErpSuite]:
    async with serving_erp(tmp_path / "data", tryton) as suite:
        yield suite


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
