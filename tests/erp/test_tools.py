"""The ERP's tools as the call pipeline drives them: schema first, then the function."""

import re
from datetime import date
from typing import Any

import orjson
import pytest
from pydantic import BaseModel

from switchgear_erp.models import Invoice, InvoicePage, Order
from switchgear_erp.statements import Balances
from switchgear_erp.tools import erp
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError, NotFoundError

BILL: dict[str, Any] = {
    "direction": "payable",
    "party_id": "pty_weidner",
    "order_id": "ord_PO-2026-00001",
    "external_ref": "RE-4711",
    "issued_on": "2026-10-20",
}


LINE = {"sku": "PUMP-1", "quantity": "1"}
SALE: dict[str, Any] = {"kind": "sale", "party_id": "p", "lines": [LINE]}
PARTY: dict[str, Any] = {"name": "Neu GmbH", "roles": ["vendor"]}


async def call(world: Any, caller: Caller, name: str, **arguments: Any) -> Any:
    """Call a tool as the pipeline does, on a backend that the port suite holds to its promises."""
    tool = erp.tools[name]
    assert tool.validator.is_valid(arguments), list(tool.validator.iter_errors(arguments))
    answer: BaseModel = await tool.run(world.erp, caller, arguments)
    assert isinstance(answer, tool.result)
    return answer


def test_the_tools_of_this_version_are_these() -> None:
    assert [(tool.name, tool.permission, tool.effect) for tool in erp.listed()] == [
        ("erp_advance_order", "erp.order.advance", "write"),
        ("erp_create_invoice", "erp.invoice.create", "write"),
        ("erp_create_order", "erp.order.create", "write"),
        ("erp_create_party", "erp.party.create", "write"),
        ("erp_find_party", "erp.party.read", "read"),
        ("erp_find_product", "erp.product.read", "read"),
        ("erp_fulfil_order", "erp.order.fulfil", "write"),
        ("erp_get_balances", "erp.balance.read", "read"),
        ("erp_get_invoice", "erp.invoice.read", "read"),
        ("erp_get_order", "erp.order.read", "read"),
        ("erp_list_invoices", "erp.invoice.read", "read"),
        ("erp_list_orders", "erp.order.read", "read"),
        ("erp_match_invoice", "erp.invoice.read", "read"),
        ("erp_post_invoice", "erp.invoice.post", "write"),
        ("erp_price_order", "erp.order.read", "read"),
        ("erp_record_payment", "erp.payment.record", "write"),
    ]


async def test_a_vendors_invoice_goes_from_paper_to_the_books(world: Any, caller: Caller) -> None:
    vendor = (await call(world, caller, "erp_find_party", query="Weidner", role="vendor")).items[0]
    order: Order = await call(
        world, caller, "erp_get_order", ref="PO-2026-00001", include=["lines"]
    )
    made: WriteResult = await call(
        world,
        caller,
        "erp_create_invoice",
        **{**BILL, "party_id": vendor.id, "order_id": order.id},
        document_id="doc_1",
        due_on="2026-11-15",
        currency="EUR",
        lines=[
            {"sku": "BOLT-M8", "quantity": "1000", "unit_price": "0.085", "tax_percent": "19"},
            {"sku": "PUMP-1", "quantity": "4", "description": "Pump"},
        ],
        totals={"net": "805.00", "tax": "152.95", "gross": "957.95"},
        idempotency_key="k",
        dry_run=False,
    )
    match = await call(
        world,
        caller,
        "erp_match_invoice",
        invoice_id=made.id,
        receipts=[{"sku": "BOLT-M8", "quantity": "1000"}, {"sku": "PUMP-1", "quantity": "4"}],
    )
    posted: WriteResult = await call(
        world, caller, "erp_post_invoice", invoice_id=made.id, expected_version=made.version
    )
    invoice: Invoice = await call(world, caller, "erp_get_invoice", invoice_id=made.id)
    balances: Balances = await call(world, caller, "erp_get_balances", party_id=vendor.id)

    assert match.matched
    assert (posted.ref, posted.state, posted.changed) == ("BILL-2026-00001", "posted", True)
    assert (invoice.document_id, invoice.due_on) == ("doc_1", date(2026, 11, 15))
    assert [line.description for line in invoice.lines or ()] == ["Hexagon bolt M8", "Pump"]
    assert balances.model_dump(mode="json")["payable"]["total"] == "957.95"


async def test_policies_are_told_the_amount_in_both_currencies(world: Any, caller: Caller) -> None:
    made = await call(
        world,
        caller,
        "erp_create_invoice",
        direction="payable",
        party_id="pty_pacific",
        order_id="ord_PO-2026-00002",
        external_ref="A-1",
    )
    facts = erp.tools["erp_post_invoice"].facts
    assert facts is not None

    assert await facts(world.erp, caller, {"invoice_id": made.id}) == {
        "amount_minor": 12_500,
        "currency": "USD",
        "amount_company_minor": 10_417,
        "party_id": "pty_pacific",
        "direction": "payable",
        "risks": ["new_supplier"],
    }
    with pytest.raises(NotFoundError):
        await facts(world.erp, caller, {"invoice_id": "inv_none"})


async def test_policies_are_told_what_speaks_against_a_vendors_invoice(
    world: Any, caller: Caller
) -> None:
    """A supplier is new until another invoice of its is in the books; a customer is no supplier."""
    facts = erp.tools["erp_post_invoice"].facts
    assert facts is not None

    async def risks(invoice_id: str, *named: str) -> Any:
        given = {"invoice_id": invoice_id, **({"risks": named} if named else {})}
        return (await facts(world.erp, caller, given)).get("risks")

    bolts = {"sku": "BOLT-M8", "quantity": "1", "unit_price": "0.085"}
    bill = {"direction": "payable", "party": "weidner", "lines": [bolts]}
    first = await world.create(caller, **bill, order="PO-2026-00001", external_ref="R-1")
    second = await world.create(caller, **bill, external_ref="R-2")
    sold = await world.create(caller, direction="receivable", party="mueller", lines=[bolts])

    assert await risks(first.id) == ["new_supplier"]
    assert await risks(second.id, "pages_differ") == ["new_supplier", "no_order", "pages_differ"]
    assert await risks(sold.id) is None
    assert await risks(sold.id, "off_order") == ["off_order"]
    await world.post(caller, first.id)
    assert await risks(first.id) == ["new_supplier"]
    assert await risks(second.id) == ["no_order"]
    await world.pay(caller, first.id)
    assert await risks(second.id) == ["no_order"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"quantity": "1000", "unit_price": "0.085"}, []),
        ({"quantity": "1", "unit_price": "850"}, ["off_order"]),
        ({"quantity": "9000", "unit_price": "0.085"}, ["off_order"]),
        (
            {"sku": None, "description": "Advice", "unit_price": "1", "tax_percent": "19"},
            ["off_order"],
        ),
    ],
)
async def test_an_invoice_that_is_not_as_ordered_is_risky_whatever_the_caller_says(
    world: Any, caller: Caller, line: dict[str, Any], expected: list[str]
) -> None:
    facts = erp.tools["erp_post_invoice"].facts
    assert facts is not None
    made = await world.create(
        caller,
        direction="payable",
        party="weidner",
        lines=[{"sku": "BOLT-M8", "quantity": "1", **line}],
        order="PO-2026-00001",
        external_ref="R-1",
    )

    found = await facts(world.erp, caller, {"invoice_id": made.id})
    assert found["risks"] == ["new_supplier", *expected]
    claimed = await facts(world.erp, caller, {"invoice_id": made.id, "risks": ("off_order",)})
    assert claimed["risks"] == ["new_supplier", "off_order"]


async def test_policies_are_told_what_an_order_is_worth_where_it_is_in_our_currency(
    world: Any, caller: Caller
) -> None:
    facts = erp.tools["erp_advance_order"].facts
    assert facts is not None

    ours = await facts(world.erp, caller, {"order_id": world.order["PO-2026-00001"]})
    theirs = await facts(world.erp, caller, {"order_id": world.order["PO-2026-00002"]})

    assert ours == {
        "kind": "purchase",
        "state": "confirmed",
        "party_id": world.party["weidner"],
        "amount_minor": 95_795,
        "currency": "EUR",
        "amount_company_minor": 95_795,
    }
    assert theirs == {
        "kind": "purchase",
        "state": "confirmed",
        "party_id": world.party["pacific"],
        "amount_minor": 12_500,
        "currency": "USD",
    }


async def test_orders_and_invoices_are_resources(world: Any, caller: Caller) -> None:
    made = await call(world, caller, "erp_create_invoice", **BILL)
    await call(world, caller, "erp_post_invoice", invoice_id=made.id)
    bodies: dict[str, Any] = {}
    for uri in ("erp://orders/ord_PO-2026-00001", f"erp://invoices/{made.id}"):
        template, values = next(
            (template, values)
            for template in erp.resources
            if (values := template.match(uri)) is not None
        )
        body = await call(world, caller, template.tool.name, **values)
        bodies[template.uri] = orjson.loads(body.text)

    assert bodies["erp://orders/{order_id}"]["invoices"] == [
        {
            "id": made.id,
            "ref": "BILL-2026-00001",
            "state": "posted",
            "gross": {"amount": "957.95", "currency": "EUR"},
        }
    ]
    assert bodies["erp://invoices/{invoice_id}"]["journal"][2] == {
        "account": "2000",
        "name": "Accounts payable",
        "debit": "0.00",
        "credit": "957.95",
    }


async def test_ids_are_completed_from_their_beginning_and_from_numbers(
    world: Any, caller: Caller
) -> None:
    made = await call(world, caller, "erp_create_invoice", **BILL)
    complete_order, complete_invoice = (
        erp.completions[f"{kind}_id"] for kind in ("order", "invoice")
    )

    assert await complete_order(world.erp, caller, "SO-") == ["ord_SO-2026-00001"]
    assert await complete_order(world.erp, caller, "xyz") == []
    assert await complete_invoice(world.erp, caller, "") == [made.id]
    assert await complete_invoice(world.erp, caller, made.id[:9]) == [made.id]
    assert await complete_invoice(world.erp, caller, "4711") == [made.id]


async def test_parties_and_products_are_completed_from_what_they_are_called(
    world: Any, caller: Caller
) -> None:
    party, sku = erp.completions["party_id"], erp.completions["sku"]

    assert await party(world.erp, caller, "weidner") == ["pty_weidner"]
    assert await party(world.erp, caller, "pty_mue") == ["pty_mueller"]
    assert await party(world.erp, caller, "") == []
    assert await sku(world.erp, caller, "PUMP") == ["PUMP-1"]


def test_the_prompt_of_an_order_names_tools_that_there_are() -> None:
    text = erp.prompts["take_order"].render(party_id="Müller", sku="pump", external_ref="PO 1")

    assert set(re.findall(r"erp_\w+", text)) == {
        "erp_find_party",
        "erp_find_product",
        "erp_price_order",
        "erp_create_order",
        "erp_advance_order",
    }
    assert "under its number 'PO 1'" in text


async def test_policies_are_told_what_a_payment_is_worth(world: Any, caller: Caller) -> None:
    made = await world.posted(
        caller, direction="payable", party="pacific", order="PO-2026-00002", external_ref="A-1"
    )
    facts = erp.tools["erp_record_payment"].facts
    assert facts is not None

    whole = await facts(world.erp, caller, {"invoice_id": made.id})
    part = await facts(world.erp, caller, {"invoice_id": made.id, "amount": "0.01"})

    assert whole == {
        "amount_minor": 12_500,
        "currency": "USD",
        "amount_company_minor": 10_417,
        "party_id": "pty_pacific",
    }
    assert (part["amount_minor"], part["amount_company_minor"]) == (1, 1)


def test_the_prompt_names_tools_that_there_are() -> None:
    prompt = erp.prompts["chase_overdue_invoices"]
    everyone, one = prompt.render(), prompt.render(customer="Müller")

    assert set(re.findall(r"erp_\w+", everyone)) == {"erp_list_invoices", "erp_get_balances"}
    assert set(re.findall(r"erp_\w+", one)) == {
        "erp_find_party",
        "erp_list_invoices",
        "erp_get_balances",
    }
    assert "'Müller'" in one
    assert set(re.findall(r"erp_\w+", one)) <= set(erp.tools)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("erp_find_party", {"query": "x"}),
        ("erp_find_party", {"query": "x" * 201}),
        ("erp_find_party", {"query": "acme", "role": "owner"}),
        ("erp_find_party", {"query": "acme", "limit": 51}),
        ("erp_find_product", {"query": "pump", "limit": 0}),
        ("erp_list_orders", {"kind": "gift"}),
        ("erp_list_orders", {"since": "2026-02-30"}),
        ("erp_list_orders", {"nonsense": 1}),
        ("erp_get_order", {"ref": "PO-1", "include": ["secrets"]}),
        ("erp_list_invoices", {"overdue": "yes"}),
        ("erp_get_invoice", {}),
        ("erp_create_invoice", {"direction": "payable"}),
        ("erp_create_invoice", {**BILL, "lines": []}),
        ("erp_create_invoice", {**BILL, "lines": [{"quantity": "1"}] * 501}),
        ("erp_create_invoice", {**BILL, "lines": [{"quantity": 1}]}),
        ("erp_create_invoice", {**BILL, "lines": [{"quantity": "1e3"}]}),
        ("erp_create_invoice", {**BILL, "lines": [{"quantity": "NaN"}]}),
        (
            "erp_create_invoice",
            {**BILL, "lines": [{"quantity": "1", "unit_price": "1234567890123"}]},
        ),
        ("erp_create_invoice", {**BILL, "lines": [{"quantity": "1", "unit_price": "0.1234567"}]}),
        ("erp_create_invoice", {**BILL, "totals": {"grand": "1"}}),
        ("erp_create_invoice", {**BILL, "currency": "eur"}),
        ("erp_create_invoice", {**BILL, "due_on": "tomorrow"}),
        ("erp_post_invoice", {"invoice_id": "inv_1", "expected_version": 1}),
        ("erp_match_invoice", {"invoice_id": "inv_1", "receipts": [{"sku": "A"}]}),
        ("erp_price_order", {"party_id": "pty_mueller"}),
        ("erp_price_order", {"party_id": "p", "lines": [LINE] * 501}),
        ("erp_create_order", {"kind": "gift", "party_id": "p", "lines": [LINE]}),
        ("erp_create_order", {"kind": "sale", "party_id": "p", "lines": [{"sku": "A"}]}),
        (
            "erp_create_order",
            {"kind": "sale", "party_id": "p", "lines": [LINE], "promised_on": "x"},
        ),
        ("erp_create_order", {"kind": "sale", "party_id": "p", "lines": [LINE] * 501}),
        ("erp_create_order", {"kind": "sale", "party_id": "p", "lines": [{**LINE, "net": "1"}]}),
        ("erp_advance_order", {"order_id": "ord_1", "to": "draft"}),
        ("erp_advance_order", {"order_id": "ord_1"}),
        ("erp_fulfil_order", {"order_id": "ord_1", "lines": [{"sku": "A"}]}),
        ("erp_fulfil_order", {"order_id": "ord_1", "lines": [LINE] * 501}),
        ("erp_fulfil_order", {"order_id": "ord_1", "fulfilled_on": "2026-02-30"}),
        ("erp_record_payment", {"invoice_id": "inv_1", "amount": "1" + "0" * 30}),
        ("erp_record_payment", {"invoice_id": "inv_1", "amount": {"amount": "1"}}),
        ("erp_record_payment", {"invoice_id": "inv_1", "reference": "x" * 141}),
    ],
)
def test_arguments_out_of_bounds_are_refused_before_the_tool(
    name: str, arguments: dict[str, Any]
) -> None:
    """By the schema, or by a check of what the schema leaves out for being told too often."""
    tool = erp.tools[name]

    if tool.validator.is_valid(arguments):
        with pytest.raises(InvalidRequestError):
            tool.check(arguments)


@pytest.mark.parametrize(
    ("name", "field", "arguments"),
    [
        ("erp_find_party", "query", {"query": "x" * 200}),
        ("erp_get_order", "ref", {"ref": "x" * 64}),
        ("erp_get_invoice", "invoice_id", {"invoice_id": "x" * 64}),
        ("erp_list_orders", "cursor", {"cursor": "x" * 500}),
        ("erp_list_invoices", "query", {"query": "x" * 64}),
        ("erp_list_invoices", "party_id", {"party_id": "x" * 64}),
        ("erp_advance_order", "order_id", {"order_id": "x" * 64, "to": "quoted"}),
        ("erp_post_invoice", "expected_version", {"invoice_id": "i", "expected_version": "1" * 32}),
        ("erp_create_order", "external_ref", {**SALE, "external_ref": "x" * 64}),
        ("erp_create_order", "location", {**SALE, "location": "x" * 64}),
        ("erp_record_payment", "reference", {"invoice_id": "i", "reference": "x" * 140}),
        ("erp_create_invoice", "external_ref", {**BILL, "external_ref": "x" * 64}),
        ("erp_create_invoice", "document_id", {**BILL, "document_id": "x" * 64}),
        ("erp_create_party", "name", {**PARTY, "name": "x" * 120}),
        ("erp_create_party", "vat_id", {**PARTY, "vat_id": "1" * 32}),
        ("erp_create_party", "account_id", {**PARTY, "account_id": "a" * 64}),
        ("erp_create_party", "email", {**PARTY, "email": "a@" + "b" * 57 + "." + "c" * 60}),
    ],
)
def test_a_text_may_be_as_long_as_the_limit_and_no_longer(
    name: str, field: str, arguments: dict[str, Any]
) -> None:
    tool = erp.tools[name]
    tool.check(arguments)

    with pytest.raises(InvalidRequestError) as refusal:
        tool.check({**arguments, field: arguments[field] + "1"})

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("vat_id", "-"),
        ("iban", "DE89370400440532013001"),
        ("iban", "nonsense"),
        ("email", "nobody"),
        ("account_id", ""),
        ("account_id", "a/b"),
        ("currency", "XYZ"),
        ("address.city", "x" * 61),
        ("address.street", "x" * 121),
        ("address.postal_code", "x" * 17),
        ("address.city", " "),
    ],
)
def test_what_a_party_cannot_have_is_refused_by_its_field(field: str, value: str) -> None:
    outer, _, inner = field.partition(".")
    tool = erp.tools["erp_create_party"]

    with pytest.raises(InvalidRequestError) as refusal:
        tool.check({**PARTY, outer: {inner: value} if inner else value})

    assert refusal.value.field == field


def test_days_to_pay_and_the_size_of_an_address_are_taken_up_to_the_limit() -> None:
    tool = erp.tools["erp_create_party"]
    full = {"street": "x" * 120, "postal_code": "x" * 16, "city": "x" * 60, "country": "DE"}

    for days, is_valid in ((-1, False), (0, True), (365, True), (366, False)):
        arguments = {**PARTY, "payment_days": days, "address": full}
        assert tool.validator.is_valid(arguments) == is_valid
    tool.check({**PARTY, "address": full})
    assert not tool.validator.is_valid({**PARTY, "address": {"country": "de"}})
    assert not tool.validator.is_valid({**PARTY, "roles": []})


async def test_an_order_is_asked_for_by_exactly_one_of_id_and_number(
    world: Any, caller: Caller
) -> None:
    for arguments in ({}, {"order_id": "ord_PO-2026-00001", "ref": "PO-2026-00001"}):
        with pytest.raises(InvalidRequestError, match="either order_id or ref"):
            await call(world, caller, "erp_get_order", **arguments)


async def test_rows_of_lists_stay_slim(world: Any, caller: Caller) -> None:
    made = await call(world, caller, "erp_create_invoice", **{**BILL, "external_ref": "9" * 64})
    await call(world, caller, "erp_post_invoice", invoice_id=made.id)

    invoices: InvoicePage = await call(world, caller, "erp_list_invoices", direction="payable")
    pages = [
        invoices,
        await call(world, caller, "erp_list_orders", limit=50),
        await call(world, caller, "erp_find_party", query="sauber"),
        await call(world, caller, "erp_find_product", query="pump"),
    ]
    for page in pages:
        for row in page.model_dump(mode="json")["items"]:
            assert len(row) <= 12
            assert len(orjson.dumps(row)) <= 600


async def test_a_new_bank_account_that_is_kept_is_left_to_policies(
    world: Any, caller: Caller
) -> None:
    facts = erp.tools["erp_create_party"].facts

    assert facts is not None
    assert await facts(world.erp, caller, {"iban": "DE89370400440532013000"}) == {}
