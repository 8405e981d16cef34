"""What every ERP adapter must do when parties, products and orders are read."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from switchgear_erp.models import (
    InvoiceId,
    PartyId,
    Role,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import (
    InvalidRequestError,
    NotFoundError,
)

EVERYTHING: dict[str, Any] = {
    "kind": None,
    "state": None,
    "party_id": None,
    "since": None,
    "query": None,
    "limit": 10,
    "cursor": None,
}

ANY_INVOICE: dict[str, Any] = {
    "direction": None,
    "state": None,
    "overdue": False,
    "party_id": None,
    "query": None,
    "limit": 10,
    "cursor": None,
}

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


async def found(world: Any, caller: Caller, query: str, role: Role | None = None) -> list[str]:
    page = await world.erp.find_parties(caller.tenant, query=query, role=role, limit=10)
    return [party.ref for party in page.items]


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ("Weidner Metallbau GmbH", ["V-001"]),
        ("metall", ["V-001"]),
        ("Wiedner Metalbau", ["V-001"]),
        ("mueller soehne", ["C-001"]),
        ("müller", ["C-001"]),
        ("v-002", ["V-002"]),
        ("DE 987 654 321", ["C-001"]),
        ("AR@pacific.test", ["V-002"]),
        ("%_", ["C-002"]),
        ("%%", []),
        ("__", []),
        ("' OR 1=1 --", []),
        ("Unbekannt Logistik", []),
    ],
)
async def test_parties_are_found_by_what_people_call_them(
    world: Any, caller: Caller, query: str, refs: list[str]
) -> None:
    assert await found(world, caller, query) == refs


async def test_parties_are_found_in_the_role_asked_for(world: Any, caller: Caller) -> None:
    assert await found(world, caller, "sauber", "vendor") == ["C-002"]
    assert await found(world, caller, "weidner", "customer") == []


async def test_products_are_found_by_sku_and_by_mistyped_name(world: Any, caller: Caller) -> None:
    for query in ("pump-1", "gear", "Gaer pump"):
        page = await world.erp.find_products(caller.tenant, query=query, limit=5)
        assert [(item.sku, item.price, item.cost) for item in page.items] == [
            ("PUMP-1", euros("250.00"), euros("180.00"))
        ]


async def test_pages_of_orders_follow_one_another_newest_first(world: Any, caller: Caller) -> None:
    first = await world.erp.list_orders(caller.tenant, **{**EVERYTHING, "limit": 3})
    second = await world.erp.list_orders(
        caller.tenant, **{**EVERYTHING, "limit": 3, "cursor": first.next_cursor}
    )

    assert [order.ref for order in (*first.items, *second.items)] == [
        "PO-2026-00004",
        "SO-2026-00001",
        "PO-2026-00003",
        "PO-2026-00002",
        "PO-2026-00001",
    ]
    assert (first.total, first.truncated) == (5, True)
    assert (second.total, second.truncated, second.next_cursor) == (5, False, None)


@pytest.mark.parametrize(
    ("criteria", "refs"),
    [
        ({"kind": "sale"}, ["SO-2026-00001"]),
        ({"state": "draft"}, ["PO-2026-00003"]),
        ({"party": "pacific"}, ["PO-2026-00002"]),
        ({"since": date(2026, 10, 7)}, ["PO-2026-00004"]),
        ({"query": "so-2026"}, ["SO-2026-00001"]),
        ({"query": "PO%00004"}, []),
        ({"query": "PO-2026-0000_"}, []),
    ],
)
async def test_orders_are_listed_by_every_criterion(
    world: Any, caller: Caller, criteria: dict[str, Any], refs: list[str]
) -> None:
    if "party" in criteria:
        criteria = {"party_id": world.party[criteria["party"]]}
    page = await world.erp.list_orders(caller.tenant, **{**EVERYTHING, **criteria})

    assert [order.ref for order in page.items] == refs


async def test_a_cursor_of_another_listing_is_refused(world: Any, caller: Caller) -> None:
    page = await world.erp.list_orders(caller.tenant, **{**EVERYTHING, "limit": 1})

    with pytest.raises(InvalidRequestError, match="another listing"):
        await world.erp.list_invoices(caller.tenant, **{**ANY_INVOICE, "cursor": page.next_cursor})


async def test_an_order_is_read_by_id_and_by_number(world: Any, caller: Caller) -> None:
    by_ref = await world.erp.get_order(caller.tenant, ref="PO-2026-00001", include=("lines",))
    by_id = await world.erp.get_order(caller.tenant, order_id=by_ref.id, include=("lines",))

    assert by_id == by_ref
    assert (by_ref.net, by_ref.tax, by_ref.gross) == (
        euros("805.00"),
        euros("152.95"),
        euros("957.95"),
    )
    assert [(line.sku, line.quantity, line.net) for line in by_ref.lines] == [
        ("BOLT-M8", Decimal(1000), Decimal("85.00")),
        ("PUMP-1", Decimal(4), Decimal("720.00")),
    ]


async def test_overdue_invoices_are_those_posted_and_past_due_today(
    world: Any, caller: Caller
) -> None:
    written = [
        await world.create(
            caller,
            direction="receivable",
            party="mueller",
            issued_on="2026-10-01",
            due_on=due_on,
            lines=[line(sku="PUMP-1")],
        )
        for due_on in ("2026-11-01", "2026-11-01", "2026-11-02")
    ]
    for one in written[1:]:
        await world.post(caller, one.id)

    page = await world.erp.list_invoices(caller.tenant, **{**ANY_INVOICE, "overdue": True})

    assert [(one.id, one.open) for one in page.items] == [(written[1].id, euros("11.90"))]


async def test_invoices_are_listed_by_own_and_vendors_number(world: Any, caller: Caller) -> None:
    written = await world.create(caller, **BILL)
    await world.post(caller, written.id)

    for query, hits in (("4711", 1), ("bill-2026", 1), (written.id[:12], 1), ("47%", 0), ("_", 0)):
        page = await world.erp.list_invoices(caller.tenant, **{**ANY_INVOICE, "query": query})
        assert (query, page.total) == (query, hits)


async def test_balances_show_open_items_by_age_and_what_is_left_of_the_credit_limit(
    world: Any, caller: Caller
) -> None:
    for issued_on, due_on in (
        ("2026-10-20", "2026-11-02"),
        ("2026-10-01", "2026-11-01"),
        ("2026-09-01", "2026-10-03"),
        ("2026-09-01", "2026-10-02"),
        ("2026-07-01", "2026-08-04"),
        ("2026-07-01", "2026-08-03"),
    ):
        written = await world.create(
            caller,
            direction="receivable",
            party="mueller",
            issued_on=issued_on,
            due_on=due_on,
            lines=[line(unit_price="100", sku="PUMP-1")],
        )
        await world.post(caller, written.id)

    now = await world.erp.get_balances(
        caller.tenant, party_id=PartyId(world.party["mueller"]), as_of=None
    )
    then = await world.erp.get_balances(caller.tenant, party_id=None, as_of=date(2026, 9, 30))

    assert now.receivable.model_dump(mode="json") == {
        "not_due": "119.00",
        "days_1_to_30": "238.00",
        "days_31_to_60": "119.00",
        "days_61_to_90": "119.00",
        "over_90_days": "119.00",
        "total": "714.00",
    }
    assert (now.credit_limit, now.credit_left) == (Decimal("10000.00"), Decimal("9286.00"))
    assert now.trial_balance == ()
    assert then.receivable.total == Decimal("476.00")
    assert {row.account: (row.debit, row.credit) for row in then.trial_balance} == {
        "1200": (Decimal("476.00"), Decimal(0)),
        "2200": (Decimal(0), Decimal("76.00")),
        "4000": (Decimal(0), Decimal("400.00")),
    }
    assert then.debit_total == then.credit_total == Decimal("476.00")


async def test_nothing_of_another_tenant_is_found_or_changed(
    world: Any, caller: Caller, stranger: Caller
) -> None:
    written = await world.create(caller, **BILL)

    with pytest.raises(NotFoundError, match=f"no invoice {written.id}"):
        await world.erp.get_invoice(stranger.tenant, invoice_id=InvoiceId(written.id))
    with pytest.raises(NotFoundError):
        await world.post(stranger, written.id)
    with pytest.raises(NotFoundError):
        await world.erp.match_invoice(stranger.tenant, invoice_id=written.id, receipts=None)
    assert (await world.erp.list_invoices(stranger.tenant, **ANY_INVOICE)).total == 0
    assert (await world.post(caller, written.id)).ref == "BILL-2026-00001"
    theirs = await world.erp.get_order(stranger.tenant, ref="PO-2026-00001", include=("lines",))
    assert [line.invoiced for line in theirs.lines] == [Decimal(0), Decimal(0)]
    own = await world.create(stranger, **BILL)
    assert (await world.post(stranger, own.id)).ref == "BILL-2026-00001"


async def test_what_does_not_exist_is_not_found(world: Any, caller: Caller) -> None:
    for call in (
        world.erp.get_order(caller.tenant, order_id="ord_none"),
        world.erp.get_order(caller.tenant, ref="PO-1"),
        world.erp.get_invoice(caller.tenant, invoice_id="inv_none"),
        world.erp.match_invoice(caller.tenant, invoice_id="inv_none", receipts=None),
        world.erp.get_balances(caller.tenant, party_id="none", as_of=None),
        world.post(caller, "inv_none"),
    ):
        with pytest.raises(NotFoundError):
            await call
