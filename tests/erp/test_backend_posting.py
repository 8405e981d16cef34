"""What every ERP adapter must do when an invoice is posted."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from switchgear_erp.models import (
    JournalLine,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
)

BILL: dict[str, Any] = {
    "direction": "payable",
    "party": "weidner",
    "order": "PO-2026-00001",
    "external_ref": "RE-4711",
    "issued_on": "2026-10-20",
}


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def line(**changes: Any) -> dict[str, Any]:
    return {"quantity": "1", "unit_price": "10", **changes}


async def test_posting_books_the_invoice_and_raises_what_is_invoiced_of_the_order(
    world: Any, caller: Caller
) -> None:
    written = await world.create(caller, **BILL)

    posted = await world.post(caller, written.id, "1")

    assert posted == WriteResult(
        id=written.id, ref="BILL-2026-00001", state="posted", version="2", changed=True
    )
    made = await world.invoice(caller, written, "journal")
    assert (made.open, made.posted_by) == (euros("957.95"), "agent:test")
    assert made.journal == (
        JournalLine(account="5000", name="Purchases", debit=Decimal("805.00"), credit=Decimal(0)),
        JournalLine(account="1400", name="Input tax", debit=Decimal("152.95"), credit=Decimal(0)),
        JournalLine(
            account="2000", name="Accounts payable", debit=Decimal(0), credit=Decimal("957.95")
        ),
    )
    order = await world.erp.get_order(
        caller.tenant, ref="PO-2026-00001", include=("lines", "invoices")
    )
    assert [line.invoiced for line in order.lines] == [Decimal(1000), Decimal(4)]
    assert [(one.ref, one.state) for one in order.invoices] == [("BILL-2026-00001", "posted")]


async def test_posting_twice_changes_nothing_and_answers_the_same_number(
    world: Any, caller: Caller
) -> None:
    written = await world.create(caller, **BILL)
    first = await world.post(caller, written.id, "1")

    again = await world.post(caller, written.id, "1")

    assert again == first.model_copy(update={"changed": False})
    balances = await world.erp.get_balances(caller.tenant, party_id=None, as_of=None)
    assert balances.debit_total == Decimal("957.95")


async def test_posting_an_invoice_that_moved_on_is_a_conflict(world: Any, caller: Caller) -> None:
    written = await world.create(caller, **BILL)

    with pytest.raises(ConflictError, match=f"invoice {written.id} is at version 1"):
        await world.post(caller, written.id, "7")

    assert (await world.invoice(caller, written)).state == "draft"


async def test_invoice_numbers_have_no_gaps_though_postings_fail_between(
    world: Any, caller: Caller
) -> None:
    refs: list[str | None] = []
    for number in range(3):
        written = await world.create(
            caller,
            direction="payable",
            party="sauber",
            external_ref=f"S-{number}",
            lines=[line(description="Cleaning", tax_percent="19")],
        )
        with pytest.raises(ConflictError):
            await world.post(caller, written.id, "9")
        refs.append((await world.post(caller, written.id)).ref)
    sold = await world.create(
        caller, direction="receivable", party="mueller", order="SO-2026-00001"
    )

    assert refs == ["BILL-2026-00001", "BILL-2026-00002", "BILL-2026-00003"]
    assert (await world.post(caller, sold.id)).ref == "INV-2026-00001"


async def test_invoices_posted_at_once_get_numbers_of_their_own(world: Any, caller: Caller) -> None:
    written = [
        await world.create(
            caller,
            direction="payable",
            party="sauber",
            external_ref=f"S-{number}",
            lines=[line(description="Cleaning", tax_percent="19")],
        )
        for number in range(6)
    ]

    posted = await asyncio.gather(*(world.post(caller, one.id) for one in written for _ in "ab"))

    assert sorted({one.ref for one in posted}) == [f"BILL-2026-{n:05d}" for n in range(1, 7)]
    assert sum(one.changed for one in posted) == 6


async def test_a_foreign_invoice_is_booked_at_the_rate_of_its_day(
    world: Any, caller: Caller
) -> None:
    before = await world.create(
        caller,
        direction="payable",
        party="pacific",
        order="PO-2026-00002",
        external_ref="A-1",
        issued_on="2026-09-30",
        lines=[line(sku="HOSE-2", quantity="4")],
    )
    after = await world.create(
        caller,
        direction="payable",
        party="pacific",
        order="PO-2026-00002",
        external_ref="A-2",
        issued_on="2026-10-01",
        lines=[line(sku="HOSE-2", quantity="4")],
    )
    yen = await world.create(
        caller,
        direction="payable",
        party="kumo",
        order="PO-2026-00004",
        external_ref="K-1",
        totals={"net": "5520", "tax": "552", "gross": "6072"},
    )

    assert (await world.invoice(caller, before)).company_gross == euros("36.36")
    assert (await world.invoice(caller, after)).company_gross == euros("33.33")
    assert (await world.invoice(caller, yen)).company_gross == euros("37.95")
    await world.post(caller, yen.id)
    journal = (await world.invoice(caller, yen, "journal")).journal or ()
    assert [(side.debit, side.credit) for side in journal] == [
        (Decimal("34.50"), Decimal(0)),
        (Decimal("3.45"), Decimal(0)),
        (Decimal(0), Decimal("37.95")),
    ]


async def test_posting_more_than_the_order_has_left_is_refused_and_nothing_is_booked(
    world: Any, caller: Caller
) -> None:
    first = await world.create(caller, **BILL, lines=[line(sku="PUMP-1", quantity="3")])
    await world.post(caller, first.id)
    second = await world.create(
        caller, **{**BILL, "external_ref": "RE-2"}, lines=[line(sku="PUMP-1", quantity="2")]
    )

    with pytest.raises(InvalidRequestError, match=r"has 1 of PUMP-1 left to invoice, .* bills 2"):
        await world.post(caller, second.id)

    assert (await world.invoice(caller, second)).state == "draft"
    balances = await world.erp.get_balances(caller.tenant, party_id=None, as_of=None)
    assert balances.payable.total == Decimal("35.70")


async def test_two_invoices_posted_at_once_cannot_bill_an_order_twice(
    world: Any, caller: Caller
) -> None:
    written = [
        await world.create(caller, **{**BILL, "external_ref": f"RE-{number}"})
        for number in range(3)
    ]

    answers = await asyncio.gather(
        *(world.post(caller, one.id) for one in written), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == [
        "InvalidRequestError",
        "InvalidRequestError",
        "WriteResult",
    ]


async def test_posting_an_item_that_was_not_ordered_is_refused(world: Any, caller: Caller) -> None:
    written = await world.create(caller, **BILL, lines=[line(sku="HOSE-2")])

    with pytest.raises(InvalidRequestError, match="order PO-2026-00001 has no HOSE-2"):
        await world.post(caller, written.id)


async def test_posting_another_partys_invoice_for_an_order_is_refused(
    world: Any, caller: Caller
) -> None:
    written = await world.create(caller, **{**BILL, "party": "sauber"})

    with pytest.raises(InvalidRequestError, match="order PO-2026-00001 is with party"):
        await world.post(caller, written.id)
