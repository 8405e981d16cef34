"""What every ERP adapter must do when an invoice is made."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
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


async def test_a_payable_is_made_of_all_that_is_left_of_its_order(
    world: Any, caller: Caller
) -> None:
    written = await world.create(
        caller, **BILL, totals={"net": "805", "tax": "152.95", "gross": "957.95"}
    )

    made = await world.invoice(caller, written, "lines")
    assert (written.ref, written.state, written.version) == (None, "draft", "1")
    assert (made.state, made.gross, made.open) == ("draft", euros("957.95"), euros("0.00"))
    assert (made.issued_on, made.due_on) == (date(2026, 10, 20), date(2026, 11, 19))
    assert [(line.sku, line.quantity) for line in made.lines or ()] == [
        ("BOLT-M8", Decimal(1000)),
        ("PUMP-1", Decimal(4)),
    ]


async def test_a_vendor_number_is_taken_once_for_each_vendor(world: Any, caller: Caller) -> None:
    written = await world.create(caller, **BILL)
    await world.post(caller, written.id)

    with pytest.raises(ConflictError, match=r"is on invoice BILL-2026-00001 already, .* posted"):
        await world.create(caller, **{**BILL, "external_ref": " re-4711 "})

    other = await world.create(
        caller,
        direction="payable",
        party="sauber",
        external_ref="RE-4711",
        lines=[line(description="Cleaning", tax_percent="19")],
    )
    assert other.state == "draft"


async def test_one_of_two_invoices_with_a_number_made_at_once_is_refused(
    world: Any, caller: Caller
) -> None:
    answers = await asyncio.gather(
        *(world.create(caller, **BILL) for _ in range(4)), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == [
        "ConflictError",
        "ConflictError",
        "ConflictError",
        "WriteResult",
    ]


@pytest.mark.parametrize(
    ("lines", "totals"),
    [
        pytest.param(
            [line(unit_price="0.333333", quantity="3", description="a", tax_percent="19")],
            ("1.00", "0.19", "1.19"),
            id="a line is rounded",
        ),
        pytest.param(
            [line(unit_price="0.03", description="a", tax_percent="19") for _ in range(5)],
            ("0.15", "0.03", "0.18"),
            id="tax is rounded once for the document, not by line",
        ),
        pytest.param(
            [
                line(unit_price="0.02", description="a", tax_percent="19"),
                line(unit_price="0.06", description="b", tax_percent="7"),
                line(unit_price="5", description="c", tax_percent="0"),
            ],
            ("5.08", "0.00", "5.08"),
            id="tax is rounded for each rate",
        ),
        pytest.param(
            [
                line(unit_price="10", description="a", tax_percent="19"),
                line(unit_price="-0.50", description="discount", tax_percent="19"),
            ],
            ("9.50", "1.81", "11.31"),
            id="half a cent goes up",
        ),
    ],
)
async def test_amounts_are_exact_to_the_cent(
    world: Any, caller: Caller, lines: list[dict[str, Any]], totals: tuple[str, str, str]
) -> None:
    written = await world.create(
        caller, direction="payable", party="weidner", external_ref="1", lines=lines
    )

    made = await world.invoice(caller, written)
    assert (made.net, made.tax, made.gross) == tuple(euros(amount) for amount in totals)


@pytest.mark.parametrize("field", ["net", "tax", "gross"])
async def test_a_stated_total_that_is_a_cent_off_is_refused(
    world: Any, caller: Caller, field: str
) -> None:
    totals = {"net": "805.00", "tax": "152.95", "gross": "957.95"}
    totals[field] = str(Decimal(totals[field]) + Decimal("0.01"))

    with pytest.raises(InvalidRequestError, match=f"{field} is stated as") as refused:
        await world.create(caller, **BILL, totals=totals)

    assert refused.value.field == f"totals.{field}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"party_id": "nobody"}, "party_id"),
        ({"order_id": "none"}, "order_id"),
        ({"order": "PO-2026-00003"}, "order_id"),
        ({"order": "SO-2026-00001"}, "order_id"),
        ({"party": "mueller"}, "party_id"),
        ({"currency": "USD"}, "currency"),
        ({"order": None, "currency": "CHF"}, "currency"),
        ({"order": None, "currency": "XXX"}, "currency"),
        ({"order": None, "currency": "USD", "issued_on": "2025-12-31"}, "currency"),
        ({"external_ref": None}, "external_ref"),
        ({"external_ref": "  "}, "external_ref"),
        ({"due_on": "2026-10-19"}, "due_on"),
        ({"issued_on": "1999-12-31"}, "issued_on"),
        ({"due_on": "2100-01-01"}, "due_on"),
        ({"order": None}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": [line(quantity="0")]}, "lines.0.quantity"),
        ({"lines": [line(quantity="-1")]}, "lines.0.quantity"),
        ({"lines": [line(tax_percent="101", description="x")]}, "lines.0.tax_percent"),
        ({"lines": [line(tax_percent="19")]}, "lines.0.description"),
        ({"lines": [line(description="x")]}, "lines.0.tax_percent"),
        ({"lines": [{"quantity": "1", "sku": "X", "tax_percent": "1"}]}, "lines.0.unit_price"),
        ({"lines": [line(unit_price="0", sku="PUMP-1")]}, "lines"),
        ({"lines": [line(unit_price="-1", sku="PUMP-1")]}, "lines"),
        ({"lines": [line(unit_price="10000000000", sku="PUMP-1")]}, "lines"),
        (
            {"lines": [line(unit_price="999999999999", quantity="999999999999", sku="PUMP-1")]},
            "lines",
        ),
        ({"lines": [line(unit_price="9999999999.99", sku="PUMP-1")]}, "lines"),
    ],
)
async def test_a_draft_that_breaks_a_rule_is_refused_with_the_field_at_fault(
    world: Any, caller: Caller, changes: dict[str, Any], field: str
) -> None:
    draft = {**BILL, **changes}
    if draft["order"] is None:
        del draft["order"]
        draft.setdefault("lines", [line(sku="PUMP-1")] if field != "lines" else None)
    if "party_id" in draft:
        world.party["nobody"] = draft.pop("party_id")
        draft["party"] = "nobody"
    if "order_id" in draft:
        world.order["none"] = draft.pop("order_id")
        draft["order"] = "none"

    error = NotFoundError if {"party_id", "order_id"} & set(changes) else InvalidRequestError
    with pytest.raises(error) as refused:
        await world.create(caller, **draft)

    assert refused.value.field == field
    assert await world.invoice_count(caller) == 0


@pytest.mark.parametrize("count", [499, 500])
async def test_an_invoice_has_up_to_500_lines(world: Any, caller: Caller, count: int) -> None:
    written = await world.create(
        caller,
        direction="payable",
        party="weidner",
        external_ref="long",
        lines=[line(sku="PUMP-1")] * count,
    )

    made = await world.invoice(caller, written, "lines")
    assert (len(made.lines or ()), made.net) == (count, euros(f"{count * 10}.00"))


async def test_the_501st_line_is_refused(world: Any, caller: Caller) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 500 lines, not 501"):
        await world.create(
            caller,
            direction="payable",
            party="weidner",
            external_ref="long",
            lines=[line(sku="PUMP-1")] * 501,
        )


async def test_a_receivable_bills_only_products_that_exist(world: Any, caller: Caller) -> None:
    with pytest.raises(NotFoundError, match="no product NOPE"):
        await world.create(
            caller,
            direction="receivable",
            party="mueller",
            lines=[line(sku="NOPE", tax_percent="19")],
        )
