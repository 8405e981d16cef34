"""The demo company in the ERP: its books balance, and it is loaded once."""

from collections import Counter
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from shutil import copyfile
from time import process_time
from typing import cast

import pytest
import pytest_asyncio
from sqlalchemy import func, select

import switchgear_erp
from erp.conftest import ACME
from switchgear_erp.demo import load_demo
from switchgear_erp.models import (
    InvoiceDraft,
    InvoiceId,
    OrderId,
    OrderKind,
    PartyId,
    Received,
)
from switchgear_erp.sql import SqlErp
from switchgear_erp.tables import (
    EntryLineRow,
    FulfilmentLineRow,
    FulfilmentRow,
    InvoiceRow,
    OrderLineRow,
    OrderRow,
    PartyRow,
    PaymentRow,
)
from switchgear_erp.trade import OrderDraft, Payment, WantedLine
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company import Company, SampleInvoice, demo_company, sample_invoices
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.migrate import MESSAGING_MIGRATIONS, migrate

MIGRATIONS = Path(switchgear_erp.__file__).parent / "migrations"


@pytest.fixture(scope="module")
def company() -> Company:
    return demo_company()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded_file(tmp_path_factory: pytest.TempPathFactory, company: Company) -> Path:
    """The books of the demo company, to copy and not to change."""
    folder = tmp_path_factory.mktemp("demo")
    database = Database.at("erp", data_dir=folder, database_url=None)
    await migrate(database, [MIGRATIONS, MESSAGING_MIGRATIONS])
    assert await load_demo(database, tenant=ACME, company=company)
    await database.truncate_log()
    await database.close()
    return folder / "erp.db"


@pytest.fixture
async def loaded(tmp_path: Path, loaded_file: Path) -> AsyncGenerator[Database]:
    copyfile(loaded_file, tmp_path / loaded_file.name)
    database = Database.at("erp", data_dir=tmp_path, database_url=None)
    yield database
    await database.close()


async def test_the_demo_loads_fast(tmp_path: Path, company: Company, caller: Caller) -> None:
    database = Database.at("erp", data_dir=tmp_path, database_url=None)
    await migrate(database, [MIGRATIONS, MESSAGING_MIGRATIONS])

    started = process_time()
    await load_demo(database, tenant=caller.tenant, company=company)
    took_s = process_time() - started

    await database.close()
    assert took_s < 3


async def test_the_demo_is_loaded_once(loaded: Database, company: Company, caller: Caller) -> None:
    assert not await load_demo(loaded, tenant=caller.tenant, company=company)

    async with loaded.reading() as session:
        assert await session.scalar(select(func.count()).select_from(PartyRow)) == len(
            company.accounts
        )


async def test_every_entry_of_the_demo_balances(loaded: Database, caller: Caller) -> None:
    async with loaded.reading() as session:
        per_entry = await session.scalars(
            select(func.sum(EntryLineRow.minor)).group_by(EntryLineRow.entry_id)
        )
    balances = await SqlErp(loaded).get_balances(caller.tenant, party_id=None, as_of=None)

    assert set(per_entry) == {0}
    assert balances.debit_total == balances.credit_total > 0


async def test_receivables_and_payables_are_the_open_invoices(
    loaded: Database, company: Company, caller: Caller
) -> None:
    open_minor: Counter[str] = Counter()
    for invoice in company.invoices:
        if invoice.state == "posted":
            paid = sum((payment.amount.amount for payment in invoice.payments), Decimal(0))
            rate = company.exchange_rates[invoice.currency]
            gross = Money(amount=round(invoice.gross.amount / rate, 6), currency="EUR")
            settled = Money(amount=round(paid / rate, 6), currency="EUR")
            open_minor[invoice.direction] += gross.to_minor() - settled.to_minor()

    balances = await SqlErp(loaded).get_balances(caller.tenant, party_id=None, as_of=company.today)

    accounts = {row.account: row for row in balances.trial_balance}
    assert balances.receivable.total == Decimal(open_minor["customer"]) / 100
    assert balances.payable.total == Decimal(open_minor["vendor"]) / 100
    assert accounts["1200"].debit == balances.receivable.total
    assert accounts["2000"].credit == balances.payable.total


async def test_numbers_of_the_demo_have_no_gaps_and_go_on(
    loaded: Database, company: Company, caller: Caller
) -> None:
    async with loaded.reading() as session:
        refs = list(await session.scalars(select(InvoiceRow.ref)))
        draft = await session.scalar(
            select(InvoiceRow).where(
                InvoiceRow.state == "draft", InvoiceRow.direction == "receivable"
            )
        )
    assert draft is not None
    series = Counter(ref.rsplit("-", 1)[0] for ref in refs if ref)
    expected = {f"{name}-{n:05d}" for name, count in series.items() for n in range(1, count + 1)}

    posted = await SqlErp(loaded).post_invoice(
        caller.tenant, invoice_id=InvoiceId(draft.id), expected_version=None, caller=caller
    )

    assert {ref for ref in refs if ref} == expected
    assert len(refs) - sum(series.values()) == sum(i.state == "draft" for i in company.invoices)
    year = f"INV-{draft.issued_on.year}"
    assert posted.ref == f"{year}-{series[year] + 1:05d}"


async def test_what_orders_say_was_fulfilled_is_what_their_shipments_hold(
    loaded: Database, company: Company
) -> None:
    async with loaded.reading() as session:
        moved = await session.execute(
            select(
                FulfilmentRow.order_id,
                FulfilmentLineRow.number,
                FulfilmentLineRow.sku,
                func.sum(FulfilmentLineRow.quantity),
            )
            .join(FulfilmentRow, FulfilmentRow.id == FulfilmentLineRow.fulfilment_id)
            .group_by(FulfilmentRow.order_id, FulfilmentLineRow.number, FulfilmentLineRow.sku)
        )
    said = {
        (order.id, line.number, line.sku): line.fulfilled
        for order in company.orders
        for line in order.lines
        if line.fulfilled
    }

    assert {(order, number, sku): total for order, number, sku, total in moved} == said


async def test_a_processed_order_of_the_demo_is_fulfilled_and_invoiced(
    loaded: Database,
) -> None:
    async with loaded.reading() as session:
        lines = await session.scalars(
            select(OrderLineRow)
            .join(OrderRow, OrderRow.id == OrderLineRow.order_id)
            .where(OrderRow.state == "processed")
        )
        open_lines = [
            line for line in lines if not line.quantity == line.fulfilled == line.invoiced
        ]
    assert open_lines == []


async def test_payments_of_the_demo_are_what_its_invoices_say(loaded: Database) -> None:
    async with loaded.reading() as session:
        paid = await session.execute(
            select(PaymentRow.invoice_id, func.sum(PaymentRow.minor)).group_by(
                PaymentRow.invoice_id
            )
        )
        said = await session.execute(
            select(InvoiceRow.id, InvoiceRow.paid_minor).where(InvoiceRow.paid_minor > 0)
        )
    assert {row[0]: row[1] for row in paid} == {row[0]: row[1] for row in said}


async def test_the_demo_goes_on_with_orders_and_payments(
    loaded: Database, company: Company, caller: Caller
) -> None:
    backend = SqlErp(loaded, clock=lambda: datetime.combine(company.today, time(9), UTC))
    vendor = next(party for party in company.accounts if party.currency == "USD")
    part_paid = next(
        invoice for invoice in company.invoices if invoice.state == "posted" and invoice.payments
    )
    line = WantedLine(sku=company.items[0].sku, quantity=Decimal(1))
    kind: OrderKind = "purchase" if "vendor" in vendor.roles else "sale"

    made = await backend.create_order(
        caller.tenant,
        draft=OrderDraft(kind=kind, party_id=PartyId(vendor.id), lines=(line,)),
        caller=caller,
    )
    paid = await backend.record_payment(
        caller.tenant,
        invoice_id=InvoiceId(part_paid.id),
        payment=Payment(),
        expected_version=None,
        caller=caller,
    )

    series = f"{'PO' if kind == 'purchase' else 'SO'}-{company.today.year}"
    last = max(
        int(order.ref.rsplit("-", 1)[1]) for order in company.orders if order.ref.startswith(series)
    )
    order = await backend.get_order(caller.tenant, order_id=OrderId(made.id), include=("lines",))
    assert made.ref == f"{series}-{last + 1:04d}"
    assert order.tax.amount == 0
    assert paid.state == "paid"
    balances = await backend.get_balances(caller.tenant, party_id=None, as_of=None)
    assert balances.debit_total == balances.credit_total


async def test_the_years_before_the_last_are_closed(
    loaded: Database, company: Company, caller: Caller
) -> None:
    backend = SqlErp(loaded, clock=lambda: datetime.combine(company.today, time(9), UTC))
    is_open = next(invoice for invoice in company.invoices if invoice.state == "posted")
    until = date(company.today.year - 2, 12, 31)

    with pytest.raises(InvalidRequestError, match=f"closed until {until}"):
        await backend.record_payment(
            caller.tenant,
            invoice_id=InvoiceId(is_open.id),
            payment=Payment(paid_on=until),
            expected_version=None,
            caller=caller,
        )


CASES: dict[str, set[str]] = {
    "straight_through": set(),
    "approval": set(),
    "usd": set(),
    "jpy": set(),
    "partly_received": {"quantity_over_received"},
    "already_invoiced": {"already_invoiced"},
    "price_differs": {"price"},
}


@pytest.mark.parametrize("case", CASES)
async def test_the_invoices_that_come_in_match_as_their_case_says(
    loaded: Database, company: Company, caller: Caller, case: str
) -> None:
    sample = next(one for one in sample_invoices(company) if one.case == case)
    order = next(one for one in company.orders if one.id == sample.order_id)
    backend = SqlErp(loaded)
    made = await backend.create_invoice(
        caller.tenant, draft=draft_of(sample, sample.order_id), caller=caller
    )

    match = await backend.match_invoice(
        caller.tenant,
        invoice_id=InvoiceId(made.id),
        receipts=[Received(sku=line.sku, quantity=line.fulfilled) for line in order.lines],
    )

    kinds = {difference.kind for difference in match.differences}
    assert CASES[case] <= kinds <= {*CASES[case], "total"}
    assert match.matched == (not CASES[case])


def draft_of(sample: SampleInvoice, order_id: str) -> InvoiceDraft:
    lines = [
        {
            "sku": line.sku,
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "tax_percent": line.tax_percent,
        }
        for line in sample.lines
    ]
    totals = {
        "net": sample.net.amount,
        "tax": sample.tax.amount,
        "gross": sample.gross.amount,
    }
    return InvoiceDraft.model_validate(
        {
            "direction": "payable",
            "party_id": sample.vendor.id,
            "order_id": cast("OrderId", order_id),
            "external_ref": sample.number,
            "issued_on": sample.issued_on,
            "due_on": sample.due_on,
            "currency": sample.currency,
            "lines": lines,
            "totals": totals,
        }
    )
