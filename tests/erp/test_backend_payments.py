"""What every ERP adapter must do when an invoice is paid, and when the books are closed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError

SALE: dict[str, Any] = {"direction": "receivable", "party": "mueller", "order": "SO-2026-00001"}
BILL: dict[str, Any] = {
    "direction": "payable",
    "party": "pacific",
    "order": "PO-2026-00002",
    "external_ref": "A-1",
    "issued_on": "2026-09-30",
}


async def accounts(world: Any, caller: Caller) -> dict[str, Decimal]:
    """Return the balance of every account, debit positive; they add up to nothing."""
    balances = await world.erp.get_balances(caller.tenant, party_id=None, as_of=None)
    assert balances.debit_total == balances.credit_total
    return {
        row.account: row.debit - row.credit
        for row in balances.trial_balance
        if row.debit != row.credit
    }


async def open_amount(world: Any, caller: Caller, written: WriteResult) -> Decimal:
    return (await world.invoice(caller, written)).open.amount


async def test_all_that_is_open_is_paid_by_default(world: Any, caller: Caller) -> None:
    sold = await world.posted(caller, **SALE)

    paid = await world.pay(caller, sold.id)

    assert paid == WriteResult(id=sold.id, ref=sold.ref, state="paid", version="3")
    made = await world.invoice(caller, sold)
    assert (made.open.amount, made.paid_on) == (Decimal("0.00"), date(2026, 11, 2))
    assert await accounts(world, caller) == {
        "1000": Decimal("595.00"),
        "2200": Decimal("-95.00"),
        "4000": Decimal("-500.00"),
    }


async def test_an_invoice_is_paid_in_parts(world: Any, caller: Caller) -> None:
    sold = await world.posted(caller, **SALE)

    first = await world.pay(caller, sold.id, amount="200", paid_on="2026-10-30", reference="B 1")
    assert (first.state, await open_amount(world, caller, sold)) == ("posted", Decimal("395.00"))
    assert (await accounts(world, caller))["1200"] == Decimal("395.00")
    second = await world.pay(caller, sold.id, amount="395.00", reference="B 2")

    assert (second.state, await open_amount(world, caller, sold)) == ("paid", Decimal("0.00"))
    assert "1200" not in await accounts(world, caller)


async def test_a_payment_at_another_rate_books_the_difference(world: Any, caller: Caller) -> None:
    """125 USD at 1.10 are 113.64, at 1.20 they are 104.17; parts leave no cent behind."""
    bought = await world.posted(caller, **BILL)

    for amount in ("33.33", "33.33", "33.33", "25.01"):
        await world.pay(caller, bought.id, amount=amount)

    assert (await world.invoice(caller, bought)).state == "paid"
    balances = await accounts(world, caller)
    assert set(balances) == {"1000", "5000", "7000"}
    assert balances["5000"] == Decimal("113.64")
    assert balances["1000"] == -3 * Decimal("27.78") - Decimal("20.84")
    assert sum(balances.values()) == 0


@pytest.mark.parametrize("amount", ["595.01", "999999999999"])
async def test_more_than_is_open_is_refused_and_says_what_is_open(
    world: Any, caller: Caller, amount: str
) -> None:
    sold = await world.posted(caller, **SALE)

    with pytest.raises(InvalidRequestError, match=r"595\.00 EUR of invoice INV-.* is open") as over:
        await world.pay(caller, sold.id, amount=amount)

    assert over.value.details == {"open": {"amount": "595.00", "currency": "EUR"}}
    assert await open_amount(world, caller, sold) == Decimal("595.00")


async def test_paying_twice_is_a_conflict(world: Any, caller: Caller) -> None:
    sold = await world.posted(caller, **SALE)
    await world.pay(caller, sold.id)
    before = await accounts(world, caller)

    for payment in ({}, {"amount": "1"}):
        with pytest.raises(ConflictError, match=r"0\.00 EUR of invoice .* is open: it is paid"):
            await world.pay(caller, sold.id, **payment)

    assert await accounts(world, caller) == before


async def test_a_banks_reference_counts_once_for_an_invoice(world: Any, caller: Caller) -> None:
    sold = await world.posted(caller, **SALE)
    await world.pay(caller, sold.id, amount="100", reference="Ref 1")

    with pytest.raises(
        ConflictError, match=r"ref1 paid 100\.00 EUR of invoice .* already"
    ) as twice:
        await world.pay(caller, sold.id, amount="100", reference="ref1")

    assert twice.value.field == "reference"
    assert await open_amount(world, caller, sold) == Decimal("495.00")
    for reference in ("", " ", " ", "Ref_1", "Ref%"):
        await world.pay(caller, sold.id, amount="1", reference=reference)
    other = await world.posted(caller, **BILL)
    assert (await world.pay(caller, other.id, reference="Ref 1")).state == "paid"


@pytest.mark.parametrize(
    ("payment", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"paid_on": "2026-11-04"}, "paid_on"),
        ({"paid_on": "1999-12-31"}, "paid_on"),
        ({"paid_on": "0001-01-01"}, "paid_on"),
        ({"paid_on": "9999-12-31"}, "paid_on"),
    ],
)
async def test_a_payment_that_breaks_a_rule_is_refused_with_the_field_at_fault(
    world: Any, caller: Caller, payment: dict[str, Any], field: str
) -> None:
    sold = await world.posted(caller, **SALE)

    with pytest.raises(InvalidRequestError) as refused:
        await world.pay(caller, sold.id, **payment)

    assert refused.value.field == field
    assert await open_amount(world, caller, sold) == Decimal("595.00")


async def test_yen_have_no_decimals(world: Any, caller: Caller) -> None:
    bought = await world.posted(
        caller, direction="payable", party="kumo", order="PO-2026-00004", external_ref="K-1"
    )

    with pytest.raises(InvalidRequestError, match="at most 0 decimals"):
        await world.pay(caller, bought.id, amount="0.5")

    assert (await world.pay(caller, bought.id, amount="1")).state == "posted"


async def test_only_posted_invoices_are_paid(world: Any, caller: Caller) -> None:
    draft = await world.create(caller, **SALE)

    with pytest.raises(InvalidRequestError, match="is draft: only posted invoices are paid"):
        await world.pay(caller, draft.id)
    with pytest.raises(NotFoundError):
        await world.pay(caller, "inv_%")


async def test_a_payment_of_an_invoice_that_moved_on_is_a_conflict(
    world: Any, caller: Caller
) -> None:
    sold = await world.posted(caller, **SALE)

    with pytest.raises(ConflictError, match="is at version 2"):
        await world.pay(caller, sold.id, version="1")

    assert (await world.pay(caller, sold.id, version="2")).state == "paid"


async def test_nothing_is_posted_or_paid_where_the_books_are_closed(
    world: Any, caller: Caller, stranger: Caller
) -> None:
    sold = await world.posted(caller, **{**SALE, "issued_on": "2026-10-31"})
    late = await world.create(caller, **{**BILL, "issued_on": "2026-10-31"})
    await world.close(caller.tenant, date(2026, 9, 30))
    await world.close(caller.tenant, date(2026, 10, 31))
    before = await accounts(world, caller)

    with pytest.raises(InvalidRequestError, match="closed until 2026-10-31") as refused:
        await world.post(caller, late.id)
    assert (refused.value.field, refused.value.details) == (
        "issued_on",
        {"closed_until": "2026-10-31"},
    )
    with pytest.raises(InvalidRequestError, match="closed until 2026-10-31"):
        await world.pay(caller, sold.id, paid_on="2026-10-31")

    assert await accounts(world, caller) == before
    assert (await world.pay(caller, sold.id, paid_on="2026-11-01")).state == "paid"
    theirs = await world.posted(stranger, **{**SALE, "issued_on": "2026-10-31"})
    assert theirs.state == "posted"


@pytest.mark.parametrize(
    ("issued_on", "is_fine"),
    [("2027-11-03", True), ("2027-11-04", False), ("9999-12-31", False), ("0001-01-01", False)],
)
async def test_an_invoice_is_dated_at_most_a_year_ahead(
    world: Any, caller: Caller, issued_on: str, is_fine: bool
) -> None:
    if is_fine:
        assert (await world.posted(caller, **SALE, issued_on=issued_on)).state == "posted"
        return
    with pytest.raises(InvalidRequestError) as refused:
        await world.create(caller, **SALE, issued_on=issued_on)
    assert refused.value.field == "issued_on"
