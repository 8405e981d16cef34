"""The invented company is the same every time, adds up, and holds what the documents bill."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from stdnum import ean, iban
from stdnum.at import uid as at_uid
from stdnum.ch import vat as ch_vat
from stdnum.de import vat as de_vat
from stdnum.es import cif as es_cif
from stdnum.es import iban as es_iban
from stdnum.fr import tva as fr_tva
from stdnum.gb import vat as gb_vat
from stdnum.it import iva as it_iva
from stdnum.jp import cn as jp_cn
from stdnum.nl import btw as nl_btw
from stdnum.us import ein as us_ein

from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company import (
    Company,
    SampleInvoice,
    demo_company,
    sample_invoices,
    sample_purchase_orders,
    small_invoices,
)
from switchgear_shared.demo_company.company import demo_company as uncached
from switchgear_shared.demo_company.papers import Order

TAX_IDS = {
    "AT": at_uid.is_valid,
    "CH": ch_vat.is_valid,
    "DE": de_vat.is_valid,
    "ES": lambda number: es_cif.is_valid(number[2:]),
    "FR": fr_tva.is_valid,
    "GB": gb_vat.is_valid,
    "IT": it_iva.is_valid,
    "JP": lambda number: jp_cn.is_valid(number[1:]),
    "NL": nl_btw.is_valid,
    "US": us_ein.is_valid,
}


@pytest.fixture(scope="module")
def company() -> Company:
    return demo_company()


def test_the_company_is_the_same_every_time(company: Company) -> None:
    uncached.cache_clear()

    assert demo_company() == company
    assert demo_company() is not company


def test_ids_and_amounts_do_not_depend_on_the_day(company: Company) -> None:
    later = demo_company(date(2027, 3, 9))

    assert [order.id for order in later.orders] == [order.id for order in company.orders]
    assert [order.gross for order in later.orders] == [order.gross for order in company.orders]
    assert [one.ref for one in later.sample_purchases] == [
        one.ref for one in company.sample_purchases
    ]


def test_there_is_enough_to_look_through(company: Company) -> None:
    assert (len(company.accounts), len(company.items), len(company.locations)) == (200, 500, 3)
    assert len(company.orders) == pytest.approx(1000, abs=50)
    assert {account.currency for account in company.accounts} == {
        "EUR", "GBP", "USD", "CHF", "JPY",
    }  # fmt: skip
    states = Counter((invoice.direction, invoice.state) for invoice in company.invoices)
    assert min(states[key] for key in (("customer", "paid"), ("vendor", "paid"))) > 200
    assert min(states[key] for key in (("customer", "posted"), ("vendor", "posted"))) > 20
    assert company.reservations
    assert any(
        sum(company.on_hand.get((item.sku, place.code), 0) for place in company.locations)
        <= item.reorder_point
        for item in company.items
    )


def test_every_id_reference_and_number_is_unique(company: Company) -> None:
    for records in (
        company.accounts,
        company.orders,
        company.invoices,
        company.opportunities,
    ):
        assert len({one.id for one in records}) == len(records)
        assert len({one.ref for one in records}) == len(records)
    for records in (company.contacts, company.activities, company.movements, company.reservations):
        assert len({one.id for one in records}) == len(records)
    assert len({item.sku for item in company.items}) == len(company.items)
    assert len({account.name for account in company.accounts}) == len(company.accounts)
    bills = [(one.party_id, one.number) for one in company.invoices if one.direction == "vendor"]
    expected = [
        (one.vendor.id, one.number) for one in (*sample_invoices(company), *small_invoices(company))
    ]
    assert len(set(bills + expected)) == len(bills + expected)


def test_every_check_digit_holds(company: Company) -> None:
    parties = (*company.accounts, company.self)

    assert [p.tax_id for p in parties if not TAX_IDS[p.address.country](p.tax_id)] == []
    assert [p.iban for p in parties if p.iban and not iban.is_valid(p.iban)] == []
    assert [
        p.iban
        for p in parties
        if p.iban and p.address.country == "ES" and not es_iban.is_valid(p.iban)
    ] == []
    assert {p.address.country for p in parties if p.iban is None} == {"US", "JP"}
    assert all(p.iban or p.account_number for p in parties)
    assert [item.barcode for item in company.items if not ean.is_valid(item.barcode)] == []


def test_every_address_on_the_net_is_reserved_for_examples(company: Company) -> None:
    mails = [
        *(account.email for account in company.accounts),
        *(contact.email for contact in company.contacts),
        company.self.email,
    ]

    assert [mail for mail in mails if not mail.endswith((".example.com", ".example.org"))] == []
    assert [mail for mail in mails if not mail.isascii()] == []


def test_stock_is_never_below_zero_nor_held_twice(company: Company) -> None:
    inside = {location.code for location in company.locations}
    stock: dict[tuple[str, str, str | None], Decimal] = {}
    for move in sorted(company.movements, key=lambda one: one.moved_at):
        for place, sign in ((move.from_location, -1), (move.to_location, 1)):
            if place in inside:
                key = (move.sku, place, move.lot)
                stock[key] = stock.get(key, Decimal(0)) + sign * move.quantity
                assert stock[key] >= 0, move
    held: dict[tuple[str, str], Decimal] = {}
    for one in company.reservations:
        held[one.sku, one.location] = held.get((one.sku, one.location), Decimal(0)) + one.quantity
    assert [key for key, quantity in held.items() if quantity > company.on_hand[key]] == []


def test_what_an_order_says_was_moved_is_what_moved(company: Company) -> None:
    moved: dict[tuple[str, int], Decimal] = {}
    for move in company.movements:
        if move.order_id is not None and move.line_number is not None:
            key = (move.order_id, move.line_number)
            moved[key] = moved.get(key, Decimal(0)) + move.quantity

    said = {
        (order.id, line.number): line.fulfilled
        for order in company.orders
        for line in order.lines
        if line.fulfilled
    }

    assert moved == said


def test_an_invoice_bills_what_its_order_says_was_invoiced(company: Company) -> None:
    billed = {invoice.order_id: invoice.net for invoice in company.invoices}
    processed = {order.id: order.net for order in company.orders if order.state == "processed"}

    assert billed == processed
    for invoice in company.invoices:
        paid = sum(payment.amount.to_minor() for payment in invoice.payments)
        assert (paid == invoice.gross.to_minor()) == (invoice.state == "paid")
        assert paid <= invoice.gross.to_minor()
        assert all(invoice.issued_on <= one.paid_on <= company.today for one in invoice.payments)


def test_sample_invoices_are_the_cases_they_say(company: Company) -> None:
    samples = {sample.case: sample for sample in sample_invoices(company)}

    assert {case: (one.order_ref, one.gross) for case, one in samples.items()} == {
        "straight_through": ("PO-2026-0901", _eur("479.61")),
        "approval": ("PO-2026-0902", _eur("12400.31")),
        "usd": ("PO-2026-0903", Money(amount=Decimal("780.00"), currency="USD")),
        "jpy": ("PO-2026-0904", Money(amount=Decimal(95997), currency="JPY")),
        "partly_received": ("PO-2026-0905", _eur("725.90")),
        "already_invoiced": ("PO-2026-0906", _eur("642.58")),
        "price_differs": ("PO-2026-0907", _eur("735.34")),
    }
    matching = {case for case, sample in samples.items() if _matches(company, sample)}
    assert matching == {"straight_through", "approval", "usd", "jpy"}


def test_a_sample_invoice_carries_all_that_its_document_must_say(company: Company) -> None:
    for sample in sample_invoices(company):
        assert sample.vendor == company.party[sample.vendor.id]
        assert sample.buyer == company.self
        assert sample.due_on == sample.issued_on + timedelta(days=sample.vendor.payment_days)
        assert sample.issued_on <= company.today
        assert sample.vendor.tax_id
        assert sample.vendor.iban or sample.vendor.account_number
        assert {line.sku for line in sample.lines} <= set(company.item)


def test_small_purchase_orders_are_cheap_one_line_received_and_numbered_on(
    company: Company,
) -> None:
    small = sample_purchase_orders(400)

    assert [order.ref for order in small] == [f"PO-2026-{1001 + n}" for n in range(400)]
    assert {len(order.lines) for order in small} == {1}
    assert {order.currency for order in small} == {"EUR"}
    assert max(order.gross.amount for order in small) < 500
    assert all(line.fulfilled == line.quantity for order in small for line in order.lines)
    assert small[:150] == tuple(one for one in company.orders if one.id.startswith("ord_small"))
    assert all(_matches(company, invoice) for invoice in small_invoices(company))


def test_more_small_orders_leave_the_rest_of_the_company_as_it_is(company: Company) -> None:
    larger = demo_company(small_order_count=200)

    assert larger.orders[: len(company.orders)] == company.orders
    assert larger.invoices == company.invoices
    assert larger.movements[: len(company.movements)] == company.movements


def _eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def _matches(company: Company, invoice: SampleInvoice) -> bool:
    order = next(one for one in company.orders if one.id == invoice.order_id)
    return _unbilled(order) == [(one.sku, one.quantity, one.unit_price) for one in invoice.lines]


def _unbilled(order: Order) -> list[tuple[str, Decimal, Decimal]]:
    return [(one.sku, one.fulfilled - one.invoiced, one.unit_price) for one in order.lines]
