"""Parties, orders and goods of the ERP's port, over our tables on both databases and Tryton."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from live_erp import ErpSuite
from live_erp_world import ErpWorld
from live_tryton import Command

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the orders that it counts on."""
    return tryton_script("start")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known(opened_erp: ErpWorld) -> dict[str, str]:
    """A customer, a vendor and a product, for tests that count on nothing of theirs."""
    return {
        "customer": await opened_erp.new_party(),
        "vendor": await opened_erp.new_party("vendor"),
        "sku": await opened_erp.new_product(),
    }


def day(days: int) -> str:
    """Return the day so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def sale(known: dict[str, str], quantity: str = "1", **more: Any) -> dict[str, Any]:
    """Return what a customer's order is created with."""
    lines = [{"sku": known["sku"], "quantity": quantity}]
    return {"kind": "sale", "party_id": known["customer"], "lines": lines, **more}


async def ids_by_ref(suite: ErpSuite, ref: str) -> list[str]:
    """Return the ids of the orders with a number: several where sales and purchases count alike."""
    outcome = await suite.call("get_order", ref=ref)
    if outcome.error is None:
        return [outcome.unwrap()["id"]]
    assert outcome.error.code == "invalid_request"
    return outcome.error.details["order_ids"].split(", ")


async def test_parties_are_found_by_name_and_kept_by_role(erp_world: ErpWorld) -> None:
    suite = erp_world.suite
    customer = await erp_world.new_party()
    vendor = await erp_world.new_party("vendor")
    found = (await suite.answer("find_party", query="contoso", limit=50))["items"]
    name = next(party["name"] for party in found if party["id"] == customer)

    exact = await suite.answer("find_party", query=name.lower())
    vendors = await suite.answer("find_party", query=name, role="vendor", limit=50)
    nothing = await suite.answer("find_party", query="%_\\'")

    party = exact["items"][0]
    assert (party["id"], party["name"], party["roles"]) == (customer, name, ["customer"])
    assert (party["currency"], party["payment_days"]) == ("EUR", 30)
    assert party["credit_limit"] is None
    assert vendor in [one["id"] for one in found]
    assert customer not in [one["id"] for one in vendors["items"]]
    assert {tuple(one["roles"]) for one in vendors["items"]} <= {
        ("vendor",),
        ("customer", "vendor"),
    }
    assert (nothing["items"], nothing["total"]) == ([], 0)


async def test_a_product_is_found_with_its_price_and_tax(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    found = await erp_world.suite.answer("find_product", query=known["sku"])

    product = found["items"][0]
    assert (product["sku"], product["unit"], product["tax_percent"]) == (known["sku"], "C62", "19")
    assert product["price"] == {"amount": "10.00", "currency": "EUR"}


async def test_an_order_costs_what_it_was_priced_at_and_goes_from_draft_to_confirmed(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    ask = sale(known, "3", promised_on=day(7))
    priced = {name: ask[name] for name in ("party_id", "lines")}

    quote = await suite.answer("price_order", **priced)
    made = await suite.answer("create_order", **ask)
    draft = await suite.answer("get_order", order_id=made["id"], include=["lines"])
    quoted = await suite.answer("advance_order", order_id=made["id"], to="quoted")
    confirmed = await suite.answer(
        "advance_order", order_id=made["id"], to="confirmed", expected_version=quoted["version"]
    )
    again = await suite.answer("advance_order", order_id=made["id"], to="confirmed")
    by_ref = await ids_by_ref(suite, confirmed["ref"])

    money = {"net": "30.00", "tax": "5.70", "gross": "35.70"}
    assert {name: quote[name]["amount"] for name in money} == money
    assert {name: draft[name]["amount"] for name in money} == money
    assert [(one["sku"], one["quantity"], one["net"]) for one in draft["lines"]] == [
        (known["sku"], "3", "30.00")
    ]
    assert (draft["state"], draft["ordered_on"], draft["promised_on"]) == ("draft", day(0), day(7))
    assert (quoted["state"], confirmed["state"]) == ("quoted", "confirmed")
    assert (again["changed"], again["version"]) == (False, confirmed["version"])
    assert made["id"] in by_ref
    is_numbered_late = await suite.has_caveat("A draft order has its id as ref")
    assert (made["ref"] != confirmed["ref"]) == is_numbered_late
    assert await suite.events() == [
        "erp.order.created",
        "erp.order.quoted",
        "erp.order.confirmed",
    ]


async def test_what_is_created_twice_with_one_key_is_there_once(erp_world: ErpWorld) -> None:
    suite = erp_world.suite
    own = {"customer": await erp_world.new_party(), "sku": await erp_world.new_product()}

    first = await suite.answer("create_order", key=own["sku"], **sale(own))
    second = await suite.answer("create_order", key=own["sku"], **sale(own))
    other = await suite.refusal("create_order", key=own["sku"], **sale(own, "2"))
    page = await suite.answer("list_orders", party_id=own["customer"])

    assert second == {**first, "replayed": True}
    assert (other.code, other.outcome) == ("conflict", "not_done")
    assert [order["id"] for order in page["items"]] == [first["id"]]
    assert await suite.events() == ["erp.order.created"]


async def test_pages_of_both_kinds_follow_one_another_while_others_are_added(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    party = await erp_world.new_party("both")
    line = {"sku": known["sku"], "quantity": "1", "unit_price": "5"}
    made: list[str] = []
    for kind in ("sale", "purchase", "sale", "purchase", "sale"):
        ask = {"kind": kind, "party_id": party, "lines": [line]}
        made.append((await suite.answer("create_order", **ask))["id"])

    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await suite.answer("list_orders", party_id=party, limit=2, **cursor)
        seen += [order["id"] for order in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        if len(seen) == 2:
            await suite.answer("create_order", kind="sale", party_id=party, lines=[line])
    forged = await suite.refusal("list_orders", cursor="WyJ4Il0")
    foreign = await suite.refusal("list_invoices", **cursor)

    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)
    if await suite.has_caveat("Orders are listed by the moment they were made"):
        assert seen == [*reversed(made)]
    assert page["total"] == 6
    assert [(one.code, one.field) for one in (forged, foreign)] == [
        ("invalid_request", "cursor")
    ] * 2


async def test_orders_are_found_by_what_is_known_of_them(erp_world: ErpWorld) -> None:
    suite = erp_world.suite
    own = {"customer": await erp_world.new_party(), "sku": await erp_world.new_product()}
    ref = f"PO_{own['customer']}%"
    made = await suite.answer("create_order", **sale(own, external_ref=ref))
    await suite.answer("advance_order", order_id=made["id"], to="quoted")

    async def ids(**search: Any) -> list[str]:
        page = await suite.answer("list_orders", party_id=own["customer"], **search)
        return [order["id"] for order in page["items"]]

    assert await ids(query=ref.lower()[2:]) == [made["id"]]
    assert await ids(query=made["id"]) == [made["id"]]
    assert await ids(query=made["id"][:-1]) == [made["id"]]
    assert await ids(state="quoted", kind="sale", since=day(0)) == [made["id"]]
    assert await ids(query="%") == [made["id"]]
    assert [
        await ids(query="PO_%party"),
        await ids(state="draft"),
        await ids(kind="purchase"),
        await ids(since=day(1)),
    ] == [[], [], [], []]
    assert (await suite.answer("list_orders", party_id=erp_world.unknown["party"]))["items"] == []


async def test_what_is_not_known_is_not_found(erp_world: ErpWorld, known: dict[str, str]) -> None:
    suite, unknown = erp_world.suite, erp_world.unknown
    order, lines = {"order_id": unknown["order"]}, sale(known)["lines"]
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("get_order", order, "order_id"),
        ("get_order", {"order_id": "x" * 64}, "order_id"),
        ("get_order", {"ref": "SO-NOPE%"}, "ref"),
        ("advance_order", {**order, "to": "quoted"}, "order_id"),
        ("fulfil_order", order, "order_id"),
        ("price_order", {"party_id": unknown["party"], "lines": lines}, "party_id"),
        ("create_order", sale(known, party_id=unknown["party"]), "party_id"),
    ]

    for tool, arguments, field in calls:
        error = await suite.refusal(tool, **arguments)
        assert (error.code, error.field, error.outcome) == ("not_found", field, "not_done"), tool
    assert await suite.events() == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"kind": "purchase"}, "party_id"),
        ({"lines": []}, "lines"),
        ({"promised_on": "2020-01-01"}, "promised_on"),
        ({"promised_on": "2098-01-01"}, "promised_on"),
        ({"external_ref": "  "}, "external_ref"),
    ],
)
async def test_an_order_that_cannot_be_is_refused(
    erp_world: ErpWorld, known: dict[str, str], arguments: dict[str, Any], field: str
) -> None:
    error = await erp_world.suite.refusal("create_order", **sale(known, **arguments))

    assert (error.code, error.field, error.outcome) == ("invalid_request", field, "not_done")


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ({"sku": "NOPE"}, "not_found", "lines.1.sku"),
        ({"sku": "T%"}, "not_found", "lines.1.sku"),
        ({"quantity": "0"}, "invalid_request", "lines.1.quantity"),
        ({"quantity": "-1"}, "invalid_request", "lines.1.quantity"),
        ({"unit_price": "-1"}, "invalid_request", "lines.1.unit_price"),
        ({"quantity": "999999999", "unit_price": "999999"}, "invalid_request", "lines"),
    ],
)
async def test_a_line_that_cannot_be_is_refused_by_price_and_by_order(
    erp_world: ErpWorld, known: dict[str, str], line: dict[str, str], code: str, field: str
) -> None:
    suite = erp_world.suite
    first = {"sku": known["sku"], "quantity": "1"}
    ask = {"party_id": known["customer"], "lines": [first, {**first, **line}]}

    priced = await suite.refusal("price_order", **ask)
    made = await suite.refusal("create_order", kind="sale", **ask)

    assert [(one.code, one.field) for one in (priced, made)] == [(code, field)] * 2


async def test_an_order_of_nothing_is_refused(erp_world: ErpWorld, known: dict[str, str]) -> None:
    lines = [{"sku": known["sku"], "quantity": "1", "unit_price": "0"}]

    error = await erp_world.suite.refusal("create_order", **sale(known, lines=lines))

    assert (error.code, error.field) == ("invalid_request", "lines")


async def test_a_partys_number_is_taken_once(erp_world: ErpWorld, known: dict[str, str]) -> None:
    suite = erp_world.suite
    own = {**known, "customer": await erp_world.new_party()}

    first = await suite.answer("create_order", **sale(own, external_ref="PO 1"))
    again = await suite.refusal("create_order", **sale(own, external_ref="po1"))
    alike = await suite.answer("create_order", **sale(own, external_ref="PO 17"))
    others = await suite.answer("create_order", **sale(known, external_ref=own["customer"]))
    await suite.answer("advance_order", order_id=first["id"], to="cancelled")
    cancelled = await suite.refusal("create_order", **sale(own, external_ref="PO 1"))

    assert (again.code, again.field, again.outcome) == ("conflict", "external_ref", "not_done")
    assert again.details == {"order_id": first["id"], "ref": first["ref"], "state": "draft"}
    assert cancelled.details["state"] == "cancelled"
    assert len({first["id"], alike["id"], others["id"]}) == 3


async def test_a_partys_number_is_taken_once_at_most_at_the_same_moment(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    own = {**known, "customer": await erp_world.new_party()}
    ask = sale(own, external_ref="PO 1")

    outcomes = await asyncio.gather(*(suite.call("create_order", **ask) for _ in range(4)))
    page = await suite.answer("list_orders", party_id=own["customer"])

    done = [outcome for outcome in outcomes if outcome.error is None]
    refused = [outcome.error for outcome in outcomes if outcome.error]
    may_both_fail = await suite.has_caveat("Two orders with one external_ref at the same moment")
    assert len(done) in ({0, 1} if may_both_fail else {1})
    assert len(page["items"]) == len(done)
    assert {(error.code, error.field, error.outcome) for error in refused} == {
        ("conflict", "external_ref", "not_done")
    }
    assert await suite.events() == ["erp.order.created"] * len(done)


async def test_only_the_next_states_can_be_reached(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    made = await suite.answer("create_order", **sale(known))
    sku = await erp_world.new_product(stock=9)
    order = await suite.confirmed("sale", known["customer"], {sku: "2"})

    skipped = await suite.refusal("advance_order", order_id=made["id"], to="confirmed")
    withdrawn = await suite.answer("advance_order", order_id=made["id"], to="cancelled")
    revived = await suite.refusal("advance_order", order_id=made["id"], to="quoted")
    unfinished = await suite.refusal("advance_order", order_id=order["id"], to="processed")
    await suite.answer("fulfil_order", order_id=order["id"])
    begun = await suite.refusal("advance_order", order_id=order["id"], to="cancelled")

    assert (skipped.code, skipped.field) == ("invalid_request", "to")
    assert skipped.details == {"state": "draft", "allowed": ["quoted", "cancelled"]}
    assert withdrawn["state"] == "cancelled"
    assert revived.details["allowed"] == []
    assert unfinished.details == {"not_fulfilled": [f"2 of {sku}"], "not_invoiced": [f"2 of {sku}"]}
    assert (begun.code, begun.field, begun.outcome) == ("invalid_request", "to", "not_done")


async def test_a_confirmed_order_is_cancelled_or_the_caveats_say_that_it_is_not(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    order = await suite.confirmed("sale", known["customer"], {known["sku"]: "2"})
    step = {"order_id": order["id"], "to": "cancelled"}

    if await suite.has_caveat("A confirmed order is cancelled in Tryton only"):
        error = await suite.refusal("advance_order", **step)
        assert (error.code, error.outcome) == ("backend_rejected", "not_done")
    else:
        assert (await suite.answer("advance_order", **step))["state"] == "cancelled"


async def test_a_stale_version_is_a_conflict_and_changes_nothing(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    made = await suite.answer("create_order", **sale(known))
    quoted = await suite.answer("advance_order", order_id=made["id"], to="quoted")

    error = await suite.refusal(
        "advance_order", order_id=made["id"], to="confirmed", expected_version=made["version"]
    )
    read = await suite.answer("get_order", order_id=made["id"])

    assert (error.code, error.field, error.outcome) == ("conflict", "expected_version", "not_done")
    assert error.details == {"version": quoted["version"]}
    assert (read["state"], read["version"]) == ("quoted", quoted["version"])


async def test_a_preview_changes_nothing_and_holds_the_call_to_it(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    own = {**known, "customer": await erp_world.new_party()}

    seen = await suite.answer("create_order", dry_run=True, **sale(own, "2"))
    nothing = await suite.answer("list_orders", party_id=own["customer"])
    digest = seen["preview"]["preview_digest"]
    made = await suite.answer("create_order", preview_digest=digest, **sale(own, "2"))
    step = {"order_id": made["id"], "to": "quoted"}
    quote = await suite.answer("advance_order", dry_run=True, **step)
    digest = quote["preview"]["preview_digest"]
    still = await suite.answer("get_order", order_id=made["id"])
    other = await suite.refusal(
        "advance_order", preview_digest=digest, order_id=made["id"], to="cancelled"
    )
    await suite.answer("advance_order", preview_digest=digest, **step)

    assert (nothing["items"], still["state"]) == ([], "draft")
    assert (other.code, other.outcome) == ("conflict", "not_done")
    [order] = [one for one in seen["preview"]["effects"] if one["record"] in {"order", "orders"}]
    assert (order["before"], order["after"]["state"]) == (None, "draft")
    [effect] = quote["preview"]["effects"]
    assert (effect["before"]["state"], effect["after"]["state"]) == ("draft", "quoted")
    assert await suite.events() == ["erp.order.created", "erp.order.quoted"]


async def test_of_confirmations_at_the_same_moment_one_wins(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    made = await suite.answer("create_order", **sale(known, "2"))
    quoted = await suite.answer("advance_order", order_id=made["id"], to="quoted")
    step = {"order_id": made["id"], "to": "confirmed", "expected_version": quoted["version"]}

    outcomes = await asyncio.gather(*(suite.call("advance_order", **step) for _ in range(4)))
    read = await suite.answer("get_order", order_id=made["id"])

    done = [outcome.unwrap() for outcome in outcomes if outcome.error is None]
    assert [answer["changed"] for answer in done].count(True) == 1
    assert {outcome.error.code for outcome in outcomes if outcome.error} <= {"conflict"}
    assert read["state"] == "confirmed"
    assert (await suite.events()).count("erp.order.confirmed") == 1


async def test_a_credit_limit_holds_with_its_numbers(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    customer = await erp_world.limited_customer()
    one = [{"sku": known["sku"], "quantity": "1"}]
    fits = await suite.answer("price_order", party_id=customer, lines=one)
    left = Decimal(fits["credit"]["limit"]) - Decimal(fits["credit"]["used"])
    more = [{**one[0], "unit_price": f"{left + Decimal('0.01')}"}]

    priced = await suite.answer("price_order", party_id=customer, lines=more)
    orders: list[str] = []
    for lines in (one, more):
        made = await suite.answer("create_order", kind="sale", party_id=customer, lines=lines)
        await suite.answer("advance_order", order_id=made["id"], to="quoted")
        orders.append(made["id"])
    step: dict[str, Any] = {"to": "confirmed"}
    foreseen = await suite.answer("advance_order", order_id=orders[0], dry_run=True, **step)
    error = await suite.refusal("advance_order", order_id=orders[1], **step)

    is_untaxed = await suite.has_caveat("A credit limit counts orders without tax")
    counts = "net" if is_untaxed else "gross"
    assert (fits["credit"]["needed"], fits["warnings"]) == (fits[counts]["amount"], [])
    assert (priced["credit"]["needed"], len(priced["warnings"])) == (priced[counts]["amount"], 1)
    assert foreseen["state"] == "confirmed"
    assert (error.code, error.field, error.outcome) == ("invalid_request", "to", "not_done")
    assert error.details == priced["credit"]


async def test_finer_numbers_are_kept_or_the_caveats_say_that_they_are_refused(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    line = {"sku": known["sku"], "quantity": "1", "unit_price": "1"}

    for field, fine in (("unit_price", "1.00001"), ("quantity", "1.5")):
        ask = sale(known, lines=[{**line, field: fine}])
        if await suite.has_caveat("Quantities and prices finer than Tryton keeps them"):
            error = await suite.refusal("create_order", **ask)
            assert (error.code, error.field) == ("invalid_request", f"lines.0.{field}")
            continue
        made = await suite.answer("create_order", **ask)
        read = await suite.answer("get_order", order_id=made["id"], include=["lines"])
        assert read["lines"][0][field] == fine


async def test_goods_leave_in_parts_until_nothing_is_left(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    sku = await erp_world.new_product(stock=10)
    order = await suite.confirmed("sale", known["customer"], {sku: "5"})
    named = {"order_id": order["id"]}
    two = {"lines": [{"sku": sku, "quantity": "2"}], "expected_version": order["version"]}

    part = await suite.answer("fulfil_order", key=sku, **named, **two)
    replayed = await suite.answer("fulfil_order", key=sku, **named, **two)
    stale = await suite.refusal("fulfil_order", expected_version=order["version"], **named)
    more = await suite.refusal("fulfil_order", lines=[{"number": 1, "quantity": "4"}], **named)
    rest = await suite.answer("fulfil_order", **named)
    nothing = await suite.refusal("fulfil_order", **named)
    read = await suite.answer("get_order", include=["lines", "shipments"], **named)

    assert (part["state"], rest["state"]) == ("confirmed", "confirmed")
    assert part["version"] != order["version"]
    assert replayed == {**part, "replayed": True}
    assert (stale.code, stale.field) == ("conflict", "expected_version")
    assert (more.code, more.field, more.details) == (
        "conflict",
        "lines.0.quantity",
        {"left": "3"},
    )
    assert (nothing.code, nothing.field) == ("conflict", "order_id")
    assert read["lines"][0]["fulfilled"] == "5"
    assert [
        [(line["number"], line["sku"], line["quantity"]) for line in shipment["lines"]]
        for shipment in read["shipments"]
    ] == [[(1, sku, "2")], [(1, sku, "3")]]
    assert (await suite.events())[-2:] == ["erp.order.fulfilled"] * 2


async def test_a_purchase_is_received_in_parts(erp_world: ErpWorld, known: dict[str, str]) -> None:
    suite = erp_world.suite
    order = await suite.confirmed("purchase", known["vendor"], {known["sku"]: "5"})
    named = {"order_id": order["id"]}

    await suite.answer("fulfil_order", lines=[{"number": 1, "quantity": "2"}], **named)
    above = await suite.refusal("fulfil_order", lines=[{"number": 1, "quantity": "4"}], **named)
    await suite.answer("fulfil_order", **named)
    read = await suite.answer("get_order", include=["lines", "shipments"], **named)

    assert (above.code, above.details) == ("conflict", {"left": "3"})
    assert read["lines"][0]["fulfilled"] == "5"
    assert [[line["quantity"] for line in one["lines"]] for one in read["shipments"]] == [
        ["2"],
        ["3"],
    ]


async def test_goods_that_are_not_there_leave_or_the_caveats_say_that_they_do_not(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    sku = await erp_world.new_product(stock=3)
    order = await suite.confirmed("sale", known["customer"], {sku: "5"})

    if await suite.has_caveat("A sale ships what is free in its warehouse"):
        error = await suite.refusal("fulfil_order", order_id=order["id"])
        assert (error.code, error.field, error.outcome) == ("conflict", "lines", "not_done")
        assert error.details["available"] == "3"
    else:
        await suite.answer("fulfil_order", order_id=order["id"])


@pytest.mark.parametrize(
    ("lines", "code", "field"),
    [
        ([{"sku": "NOPE", "quantity": "1"}], "invalid_request", "lines.0"),
        ([{"number": 7, "quantity": "1"}], "invalid_request", "lines.0"),
        ([{"quantity": "1"}], "invalid_request", "lines.0.sku"),
        ([{"number": 1, "quantity": "0"}], "invalid_request", "lines.0.quantity"),
        ([{"number": 1, "quantity": "6"}], "conflict", "lines.0.quantity"),
        ([], "invalid_request", "lines"),
    ],
)
async def test_goods_that_the_order_does_not_have_are_refused(
    erp_world: ErpWorld,
    shippable: str,
    lines: list[dict[str, Any]],
    code: str,
    field: str,
) -> None:
    suite = erp_world.suite

    error = await suite.refusal("fulfil_order", order_id=shippable, lines=lines)
    read = await suite.answer("get_order", order_id=shippable, include=["lines"])

    assert (error.code, error.field, error.outcome) == (code, field, "not_done")
    assert read["lines"][0]["fulfilled"] == "0"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shippable(opened_erp: ErpWorld, known: dict[str, str]) -> str:
    """A confirmed sale of five things that are there, of which none is shipped."""
    sku = await opened_erp.new_product(stock=9)
    return (await opened_erp.suite.confirmed("sale", known["customer"], {sku: "5"}))["id"]


async def test_days_and_states_that_cannot_be_are_refused(
    erp_world: ErpWorld, known: dict[str, str], shippable: str
) -> None:
    suite = erp_world.suite
    draft = await suite.answer("create_order", **sale(known))

    early = await suite.refusal("fulfil_order", order_id=draft["id"])
    before = await suite.refusal("fulfil_order", order_id=shippable, fulfilled_on="2020-01-01")
    ahead = await suite.refusal("fulfil_order", order_id=shippable, fulfilled_on="2099-01-01")

    assert (early.code, early.field, early.details) == (
        "invalid_request",
        "order_id",
        {"state": "draft"},
    )
    assert [(one.code, one.field) for one in (before, ahead)] == [
        ("invalid_request", "fulfilled_on")
    ] * 2


async def test_a_preview_of_a_delivery_changes_nothing(erp_world: ErpWorld, shippable: str) -> None:
    suite = erp_world.suite
    before = await suite.answer("get_order", order_id=shippable, include=["lines"])

    seen = await suite.answer(
        "fulfil_order", order_id=shippable, lines=[{"number": 1, "quantity": "2"}], dry_run=True
    )
    after = await suite.answer("get_order", order_id=shippable, include=["lines"])

    assert len(seen["preview"]["effects"]) >= 1
    assert after == before
    assert await suite.events() == []


async def test_deliveries_at_the_same_moment_ship_no_more_than_was_ordered(
    erp_world: ErpWorld, known: dict[str, str]
) -> None:
    suite = erp_world.suite
    sku = await erp_world.new_product(stock=50)
    order = await suite.confirmed("sale", known["customer"], {sku: "3"})

    outcomes = await asyncio.gather(
        *(suite.call("fulfil_order", order_id=order["id"]) for _ in range(4))
    )
    read = await suite.answer("get_order", order_id=order["id"], include=["lines", "shipments"])

    assert len([outcome for outcome in outcomes if outcome.error is None]) == 1
    assert {(one.error.code, one.error.outcome) for one in outcomes if one.error} == {
        ("conflict", "not_done")
    }
    assert (read["lines"][0]["fulfilled"], len(read["shipments"])) == ("3", 1)
