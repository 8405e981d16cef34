"""Invoices and payments of the ERP's port, over our tables on both databases and Tryton."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from live_erp import ErpSuite
from live_erp_world import ErpWorld
from live_tryton import Command

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the orders that it bills."""
    return tryton_script("start")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known(opened_erp: ErpWorld) -> dict[str, str]:
    """A customer, a vendor and a product, for tests that count on nothing of theirs."""
    return {
        "customer": await opened_erp.new_party(),
        "vendor": await opened_erp.new_party("vendor"),
        "sku": await opened_erp.new_product(stock=1000),
    }


def day(days: int) -> str:
    """Return the day so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


async def sold(suite: ErpSuite, known: dict[str, str], quantity: str = "10") -> str:
    """Sell the product at 10 EUR to the customer, confirmed, and return the order's id."""
    return (await suite.confirmed("sale", known["customer"], {known["sku"]: quantity}))["id"]


async def bought(suite: ErpSuite, known: dict[str, str], received: str | None = "10") -> str:
    """Buy 10 of the product at 5 EUR from the vendor, confirmed, and return the order's id."""
    order = (await suite.confirmed("purchase", known["vendor"], {known["sku"]: "10"}))["id"]
    if received is not None:
        lines = [{"number": 1, "quantity": received}]
        await suite.answer("fulfil_order", order_id=order, lines=lines)
    return order


def to_customer(known: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return what an invoice to the customer is created with; without an order one thing."""
    lines = {} if "order_id" in more else {"lines": [{"sku": known["sku"], "quantity": "1"}]}
    return {"direction": "receivable", "party_id": known["customer"], **lines, **more}


def from_vendor(known: dict[str, str], order: str, **more: Any) -> dict[str, Any]:
    """Return what a vendor's invoice for an order is created with, a number of its own on it."""
    own = {"party_id": known["vendor"], "order_id": order, "external_ref": f"V-{uuid4().hex[:12]}"}
    return {"direction": "payable", **own, **more}


async def drafted(suite: ErpSuite, **ask: Any) -> str:
    """Create an invoice and return its id."""
    return (await suite.answer("create_invoice", **ask))["id"]


async def posted(suite: ErpSuite, **ask: Any) -> str:
    """Create and post an invoice and return its id."""
    invoice = await drafted(suite, **ask)
    await suite.answer("post_invoice", invoice_id=invoice)
    return invoice


async def test_a_sale_is_billed_posted_and_paid(erp_world: ErpWorld, known: dict[str, str]) -> None:
    suite = erp_world.suite
    order = await sold(suite, known)
    ask = to_customer(known, order_id=order)

    draft = await suite.answer("create_invoice", key=order, **ask)
    again = await suite.answer("create_invoice", key=order, **ask)
    named = {"invoice_id": draft["id"]}
    invoice = await suite.answer("get_invoice", **named)
    done = await suite.answer("post_invoice", **named)
    twice = await suite.answer("post_invoice", **named)
    booked = await suite.answer("get_invoice", include=["journal"], **named)
    read = await suite.answer("get_order", order_id=order, include=["lines", "invoices"])

    assert (draft["state"], draft["ref"]) == ("draft", None)
    assert again == {**draft, "replayed": True}
    assert [(one["sku"], one["quantity"]) for one in invoice["lines"]] == [(known["sku"], "10")]
    assert [invoice[name]["amount"] for name in ("net", "tax", "gross", "open")] == [
        "100.00",
        "19.00",
        "119.00",
        "0.00",
    ]
    assert (invoice["order_id"], invoice["issued_on"], invoice["due_on"]) == (
        order,
        day(0),
        day(30),
    )
    assert (done["state"], done["changed"], twice["changed"]) == ("posted", True, False)
    assert (twice["ref"], twice["version"]) == (done["ref"], done["version"])
    assert (booked["ref"], booked["open"]["amount"]) == (done["ref"], "119.00")
    sides = [(Decimal(side["debit"]), Decimal(side["credit"])) for side in booked["journal"]]
    assert sorted(sides, reverse=True) == [(119, 0), (0, 100), (0, 19)]
    assert read["lines"][0]["invoiced"] == "10"
    assert [(one["id"], one["state"]) for one in read["invoices"]] == [(draft["id"], "posted")]
    assert (await suite.events())[-2:] == ["erp.invoice.created", "erp.invoice.posted"]


async def test_an_invoice_is_paid_in_parts_until_nothing_is_open(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    named = {"invoice_id": await posted(suite, **to_customer(known))}
    part = {"amount": "1.90", "reference": "BANK 1"}

    first = await suite.answer("record_payment", key=named["invoice_id"], **part, **named)
    again = await suite.answer("record_payment", key=named["invoice_id"], **part, **named)
    same = await suite.refusal("record_payment", amount="1", reference="bank1", **named)
    stale = await suite.refusal("record_payment", expected_version="0", **named)
    above = await suite.refusal("record_payment", amount="10.01", **named)
    rest = await suite.answer("record_payment", amount="10", reference="BANK 2", **named)
    over = await suite.refusal("record_payment", **named)
    paid = await suite.answer("get_invoice", **named)
    after = await suite.answer("post_invoice", **named)

    assert (first["state"], first["changed"], rest["state"]) == ("posted", True, "paid")
    assert again == {**first, "replayed": True}
    assert (same.code, same.field, same.outcome) == ("conflict", "reference", "not_done")
    assert (stale.code, stale.field) == ("conflict", "expected_version")
    assert (above.code, above.field) == ("invalid_request", "amount")
    assert above.details == {"open": {"amount": "10.00", "currency": "EUR"}}
    assert (over.code, over.field, over.outcome) == ("conflict", "invoice_id", "not_done")
    assert (paid["state"], paid["open"]["amount"], paid["paid_on"]) == ("paid", "0.00", day(0))
    assert (after["changed"], after["state"]) == (False, "paid")
    assert (await suite.events())[-2:] == ["erp.payment.recorded"] * 2


@pytest.mark.parametrize(
    ("payment", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"amount": "11.91"}, "amount"),
        ({"paid_on": "2099-01-01"}, "paid_on"),
    ],
)
async def test_a_payment_that_cannot_be_is_refused(
    erp_world: ErpWorld, unpaid: str, payment: dict[str, str], field: str
) -> None:
    suite = erp_world.suite

    error = await suite.refusal("record_payment", invoice_id=unpaid, **payment)
    read = await suite.answer("get_invoice", invoice_id=unpaid)

    assert (error.code, error.field, error.outcome) == ("invalid_request", field, "not_done")
    assert read["open"]["amount"] == "11.90"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def unpaid(opened_erp: ErpWorld, known: dict[str, str]) -> str:
    """A posted invoice over 11.90 EUR, of which nothing is paid."""
    return await posted(opened_erp.suite, **to_customer(known))


async def test_previews_of_posting_and_paying_book_nothing(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    named = {"invoice_id": await drafted(suite, **to_customer(known))}

    posting = await suite.answer("post_invoice", dry_run=True, **named)
    still = await suite.answer("get_invoice", **named)
    digest = posting["preview"]["preview_digest"]
    await suite.answer("post_invoice", preview_digest=digest, **named)
    paying = await suite.answer("record_payment", amount="1.90", dry_run=True, **named)
    unpaid = await suite.answer("get_invoice", **named)
    digest = paying["preview"]["preview_digest"]
    other = await suite.refusal("record_payment", amount="1", preview_digest=digest, **named)
    await suite.answer("record_payment", amount="1.90", preview_digest=digest, **named)
    paid = await suite.answer("get_invoice", **named)

    assert (still["state"], still["ref"]) == ("draft", None)
    assert [one["open"]["amount"] for one in (unpaid, paid)] == ["11.90", "10.00"]
    assert (other.code, other.outcome) == ("conflict", "not_done")


async def test_what_is_left_of_an_order_is_billed_next(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    order = await sold(suite, known)
    ask = to_customer(known, order_id=order)

    first = await posted(suite, lines=[{"sku": known["sku"], "quantity": "6"}], **ask)
    second = await posted(suite, **ask)
    third = await suite.refusal("create_invoice", **ask)
    quantities = [
        (await suite.answer("get_invoice", invoice_id=one))["lines"][0]["quantity"]
        for one in (first, second)
    ]

    assert quantities == ["6", "4"]
    assert (third.code, third.field) == ("invalid_request", "order_id")
    assert "invoiced in full already" in third.message


async def test_an_order_is_processed_once_all_is_fulfilled_billed_and_paid(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    """Ours when it is asked to be; Tryton's by itself, as its caveats say."""
    suite = erp_world.suite
    order = await sold(suite, known)
    await suite.answer("fulfil_order", order_id=order)
    invoice = await posted(suite, **to_customer(known, order_id=order))
    await suite.answer("record_payment", invoice_id=invoice)
    before = (await suite.answer("get_order", order_id=order))["state"]

    done = await suite.answer("advance_order", order_id=order, to="processed")

    does_it_itself = await suite.has_caveat("An order is processed by Tryton")
    assert before == ("processed" if does_it_itself else "confirmed")
    assert (done["state"], done["changed"]) == ("processed", not does_it_itself)


async def test_pages_of_invoices_neither_repeat_nor_skip_and_a_forged_cursor_is_refused(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    own = {**known, "customer": await erp_world.new_party()}
    made = [await drafted(suite, **to_customer(own)) for _ in range(3)]
    ask = {"direction": "receivable", "party_id": own["customer"], "state": "draft", "limit": 2}

    first = await suite.answer("list_invoices", **ask)
    added = await drafted(suite, **to_customer(own))
    second = await suite.answer("list_invoices", cursor=first["next_cursor"], **ask)
    forged = await suite.refusal("list_invoices", cursor="WyJlcnAudHJ5dG9uLmludm9pY2VzIiwtMV0")
    foreign = await suite.refusal("list_orders", cursor=first["next_cursor"])

    seen = [one["id"] for page in (first, second) for one in page["items"]]
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen) <= {*made, added}
    assert (first["total"], second["total"]) == (3, 4)
    assert [(one.code, one.field) for one in (forged, foreign)] == [
        ("invalid_request", "cursor")
    ] * 2


async def test_lists_are_narrowed_by_party_state_number_and_side(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    mark = uuid4().hex[:12]
    invoice = await posted(suite, **to_customer(known, external_ref=f"PO 50% {mark}"))

    async def ids(**search: Any) -> list[str]:
        page = await suite.answer("list_invoices", **search)
        return [one["id"] for one in page["items"]]

    ref = (await suite.answer("get_invoice", invoice_id=invoice))["ref"]
    assert await ids(query=f"50% {mark}") == [invoice]
    assert await ids(query=invoice, state="posted") == [invoice]
    assert invoice in await ids(query=ref, party_id=known["customer"])
    assert invoice in await ids(query=invoice[:-1], direction="receivable", limit=50)
    assert [
        await ids(query=f"5_% {mark}"),
        await ids(query=invoice, direction="payable"),
        await ids(query=invoice, state="draft"),
        await ids(query=invoice, overdue=True),
        await ids(party_id=erp_world.unknown["party"]),
    ] == [[], [], [], [], []]


async def test_what_is_not_known_is_not_found(erp_world: ErpWorld, known: dict[str, str]) -> None:
    suite, unknown = erp_world.suite, erp_world.unknown
    invoice = {"invoice_id": unknown["invoice"]}
    nothing = [{"sku": "NOPE", "quantity": "1"}]
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("get_invoice", invoice, "invoice_id"),
        ("post_invoice", invoice, "invoice_id"),
        ("record_payment", invoice, "invoice_id"),
        ("match_invoice", invoice, "invoice_id"),
        ("create_invoice", to_customer(known, party_id=unknown["party"]), "party_id"),
        ("create_invoice", to_customer(known, order_id=unknown["order"]), "order_id"),
        ("create_invoice", to_customer(known, lines=nothing), "lines.0.sku"),
        ("get_balances", {"party_id": unknown["party"]}, "party_id"),
    ]

    for tool, arguments, field in calls:
        error = await suite.refusal(tool, **arguments)
        assert (error.code, error.field, error.outcome) == ("not_found", field, "not_done"), tool
    assert await suite.events() == []


async def test_an_invoice_that_cannot_be_is_refused(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    order = await suite.answer(
        "create_order",
        kind="sale",
        party_id=known["customer"],
        lines=[{"sku": known["sku"], "quantity": "1"}],
    )
    line = {"sku": known["sku"], "quantity": "1"}
    asks: list[tuple[dict[str, Any], str]] = [
        (to_customer(known, party_id=known["vendor"]), "party_id"),
        (to_customer(known, order_id=order["id"]), "order_id"),
        (to_customer(known, lines=None), "lines"),
        (to_customer(known, lines=[{**line, "quantity": "0"}]), "lines.0.quantity"),
        (to_customer(known, due_on="2020-01-01"), "due_on"),
        (to_customer(known, totals={"gross": "11.91"}), "totals.gross"),
        (to_customer(known, direction="payable", party_id=known["vendor"]), "external_ref"),
    ]

    for ask, field in asks:
        error = await suite.refusal("create_invoice", **ask)
        assert (error.code, error.field, error.outcome) == ("invalid_request", field, "not_done")


async def test_a_stale_version_is_a_conflict_and_a_draft_is_not_paid(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    named = {"invoice_id": await drafted(suite, **to_customer(known))}

    stale = await suite.refusal("post_invoice", expected_version="0", **named)
    early = await suite.refusal("record_payment", **named)
    read = await suite.answer("get_invoice", **named)

    assert (stale.code, stale.field, stale.outcome) == ("conflict", "expected_version", "not_done")
    assert stale.details == {"version": read["version"]}
    assert (early.code, early.field, early.details) == (
        "invalid_request",
        "invoice_id",
        {"state": "draft"},
    )
    assert read["state"] == "draft"


async def test_a_purchase_is_received_billed_matched_posted_and_paid(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    order = await bought(suite, known)
    lines = [{"sku": known["sku"], "quantity": "10", "unit_price": "5"}]
    ask = from_vendor(known, order, lines=lines, document_id="doc_7", totals={"gross": "59.50"})
    named = {"invoice_id": await drafted(suite, **ask)}

    match = await suite.answer("match_invoice", **named)
    done = await suite.answer("post_invoice", **named)
    after = await suite.answer("match_invoice", **named)
    paid = await suite.answer("record_payment", **named)
    invoice = await suite.answer("get_invoice", include=["journal"], **named)
    read = await suite.answer("get_order", order_id=order, include=["lines"])

    assert (match["matched"], match["receipts_checked"], after["matched"]) == (True, True, True)
    assert (match["order_id"], match["differences"]) == (order, [])
    assert (done["state"], paid["state"]) == ("posted", "paid")
    assert (invoice["external_ref"], invoice["document_id"]) == (ask["external_ref"], "doc_7")
    sides = [(Decimal(side["debit"]), Decimal(side["credit"])) for side in invoice["journal"]]
    assert sum(debit for debit, _ in sides) == sum(credit for _, credit in sides) == Decimal("59.5")
    assert read["lines"][0]["invoiced"] == "10"


async def test_another_price_is_told_by_the_match_and_may_be_posted(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    order = await bought(suite, known)
    lines = [{"sku": known["sku"], "quantity": "10", "unit_price": "5.50"}]
    named = {"invoice_id": await drafted(suite, **from_vendor(known, order, lines=lines))}

    match = await suite.answer("match_invoice", **named)
    done = await suite.answer("post_invoice", **named)

    [difference] = match["differences"]
    assert (match["matched"], difference["kind"], difference["sku"]) == (
        False,
        "price",
        known["sku"],
    )
    assert (Decimal(difference["expected"]), Decimal(difference["found"])) == (5, Decimal("5.5"))
    assert done["state"] == "posted"


async def test_more_than_ordered_and_received_is_told_and_not_posted(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    order = await bought(suite, known, received="6")
    pallet = {"quantity": "1", "unit_price": "3", "tax_percent": "19", "description": "Pallet"}
    lines = [{"sku": known["sku"], "quantity": "12"}, {"sku": "NO-SUCH", **pallet}]
    named = {"invoice_id": await drafted(suite, **from_vendor(known, order, lines=lines))}

    match = await suite.answer("match_invoice", **named)
    told = await suite.answer(
        "match_invoice", receipts=[{"sku": known["sku"], "quantity": "12"}], **named
    )
    refused = await suite.refusal("post_invoice", **named)

    over = ["unknown_item", "quantity_over_ordered", "quantity_over_received"]
    assert [one["kind"] for one in match["differences"]] == over
    assert [one["kind"] for one in told["differences"]] == over[:2]
    assert (refused.code, refused.field) == ("invalid_request", "invoice_id")


async def test_goods_billed_twice_are_told_and_the_second_bill_is_not_posted(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    order = await bought(suite, known)
    lines = [{"sku": known["sku"], "quantity": "10"}]
    first = await drafted(suite, **from_vendor(known, order, lines=lines))
    second = await drafted(suite, **from_vendor(known, order, lines=lines))

    await suite.answer("post_invoice", invoice_id=first)
    match = await suite.answer("match_invoice", invoice_id=second)
    refused = await suite.refusal("post_invoice", invoice_id=second)

    assert [one["kind"] for one in match["differences"]] == ["already_invoiced"]
    assert (refused.code, refused.field, refused.outcome) == (
        "invalid_request",
        "invoice_id",
        "not_done",
    )
    assert "has 0 of" in refused.message


async def test_a_receivable_is_not_matched(erp_world: ErpWorld, unpaid: str) -> None:
    error = await erp_world.suite.refusal("match_invoice", invoice_id=unpaid)

    assert (error.code, error.field) == ("invalid_request", "invoice_id")


async def test_a_vendors_number_is_taken_once(erp_world: ErpWorld, known: dict[str, str]) -> None:
    suite = erp_world.suite
    order, other = await bought(suite, known, None), await bought(suite, known, None)
    mark = uuid4().hex[:12]
    invoice = await drafted(suite, **from_vendor(known, order, external_ref=f"RE 7/{mark}"))

    refused = await suite.refusal(
        "create_invoice", **from_vendor(known, other, external_ref=f"re7/{mark}")
    )

    assert (refused.code, refused.field, refused.outcome) == (
        "conflict",
        "external_ref",
        "not_done",
    )
    assert refused.details == {"invoice_id": invoice, "ref": None, "state": "draft"}


async def test_balances_are_what_invoices_have_open_and_debit_is_credit(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    """A part that was paid lessens what is open, in the books as in the list."""
    suite = erp_world.suite
    own = {
        **known,
        "customer": await erp_world.limited_customer(),
        "vendor": await erp_world.new_party("vendor"),
    }
    before = await suite.answer("get_balances", party_id=own["customer"])
    invoice = await posted(suite, **to_customer(own))
    await suite.answer("record_payment", invoice_id=invoice, amount="1.90")
    order = await bought(suite, own)
    await posted(suite, **from_vendor(own, order))

    owed = await suite.answer("get_balances", party_id=own["customer"])
    owing = await suite.answer("get_balances", party_id=own["vendor"])
    whole = await suite.answer("get_balances")
    then = await suite.answer("get_balances", party_id=own["vendor"], as_of=day(-1))
    read = await suite.answer("get_invoice", invoice_id=invoice)

    assert read["open"]["amount"] == "10.00"
    for name in ("not_due", "total"):
        grown = Decimal(owed["receivable"][name]) - Decimal(before["receivable"][name])
        assert grown == 10
    limit = Decimal(owed["credit_limit"])
    assert Decimal(owed["credit_left"]) == limit - Decimal(owed["receivable"]["total"])
    assert (owing["payable"]["total"], owing["receivable"]["total"]) == ("59.50", "0.00")
    assert (owing["credit_limit"], owing["credit_left"]) == (None, None)
    assert then["payable"]["total"] == "0.00"
    assert whole["debit_total"] == whole["credit_total"] != "0.00"
    for side in ("debit", "credit"):
        total = sum(Decimal(account[side]) for account in whole["trial_balance"])
        assert total == Decimal(whole[f"{side}_total"])


async def test_finer_numbers_are_kept_or_the_caveats_say_that_they_are_refused(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    line = {"sku": known["sku"], "quantity": "1", "unit_price": "1"}

    for field, fine in (("unit_price", "1.00001"), ("quantity", "1.5")):
        ask = to_customer(known, lines=[{**line, field: fine}])
        if await suite.has_caveat("Quantities and prices finer than Tryton keeps them"):
            error = await suite.refusal("create_invoice", **ask)
            assert (error.code, error.field, error.outcome) == (
                "invalid_request",
                f"lines.0.{field}",
                "not_done",
            )
            continue
        read = await suite.answer("get_invoice", invoice_id=await drafted(suite, **ask))
        assert read["lines"][0][field] == fine
