"""A customer's credit limit over a real Tryton, put back before: one customer has 1,000 EUR."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from live_erp import ErpSuite, serving_erp

pytestmark = pytest.mark.live


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any]) -> AsyncIterator[ErpSuite]:
    async with serving_erp(tmp_path / "data", tryton) as suite:
        yield suite


def worth(amount: str) -> list[dict[str, str]]:
    """Return a line of so much, without tax."""
    return [{"sku": "MAN-EN", "quantity": "1", "unit_price": amount}]


async def quoted(suite: ErpSuite, customer: str, amount: str) -> str:
    """Make a quoted order of so much and return its id."""
    made = await suite.answer("create_order", kind="sale", party_id=customer, lines=worth(amount))
    await suite.answer("advance_order", order_id=made["id"], to="quoted")
    return made["id"]


async def test_a_credit_limit_holds_to_the_cent_with_its_numbers(suite: ErpSuite) -> None:
    customer = await suite.party("Lindqvist")
    first = await quoted(suite, customer, "600")
    over, exact = await quoted(suite, customer, "400.01"), await quoted(suite, customer, "400")
    await suite.answer("advance_order", order_id=first, to="confirmed")

    priced = await suite.answer("price_order", party_id=customer, lines=worth("400.01"))
    fits = await suite.answer("price_order", party_id=customer, lines=worth("400"))
    seen = await suite.refusal("advance_order", order_id=over, to="confirmed", dry_run=True)
    error = await suite.refusal("advance_order", order_id=over, to="confirmed")
    confirmed = await suite.answer("advance_order", order_id=exact, to="confirmed")

    numbers = {"limit": "1000.00", "used": "600.00", "needed": "400.01"}
    assert (priced["credit"], len(priced["warnings"]), fits["warnings"]) == (numbers, 1, [])
    assert (error.code, error.field, error.outcome) == ("invalid_request", "to", "not_done")
    assert seen.details == error.details == numbers
    assert confirmed["state"] == "confirmed"


async def test_orders_confirmed_at_once_do_not_pass_the_limit_together(suite: ErpSuite) -> None:
    customer = await suite.party("O'Hara")
    orders = [await quoted(suite, customer, "30000") for _ in range(3)]

    outcomes = await asyncio.gather(
        *(suite.call("advance_order", order_id=order, to="confirmed") for order in orders)
    )
    page = await suite.answer("list_orders", party_id=customer, state="confirmed")

    done = [outcome for outcome in outcomes if outcome.error is None]
    refused = [outcome.error for outcome in outcomes if outcome.error]
    assert len(done) == 1
    assert len(page["items"]) == 1
    assert {(error.code, error.outcome) for error in refused} <= {
        ("invalid_request", "not_done"),
        ("conflict", "not_done"),
    }
