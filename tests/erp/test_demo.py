"""The demo company in the ERP: its books balance, and it is loaded once."""

import time
from collections import Counter
from collections.abc import AsyncGenerator
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import func, select

import switchgear_erp
from switchgear_erp.demo import load_demo
from switchgear_erp.models import InvoiceDraft, InvoiceId, OrderId, Received
from switchgear_erp.sql import SqlErp
from switchgear_erp.tables import EntryLineRow, InvoiceRow, PartyRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company import Company, SampleInvoice, demo_company, sample_invoices
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.migrate import MESSAGING_MIGRATIONS, migrate

MIGRATIONS = Path(switchgear_erp.__file__).parent / "migrations"


@pytest.fixture
def company() -> Company:
    return demo_company()


@pytest.fixture
async def loaded(tmp_path: Path, company: Company, caller: Caller) -> AsyncGenerator[Database]:
    database = Database.at("erp", data_dir=tmp_path, database_url=None)
    await migrate(database, [MIGRATIONS, MESSAGING_MIGRATIONS])
    assert await load_demo(database, tenant=caller.tenant, company=company)
    yield database
    await database.close()


async def test_the_demo_loads_fast(tmp_path: Path, company: Company, caller: Caller) -> None:
    database = Database.at("erp", data_dir=tmp_path, database_url=None)
    await migrate(database, [MIGRATIONS, MESSAGING_MIGRATIONS])

    started = time.process_time()
    await load_demo(database, tenant=caller.tenant, company=company)
    took_s = time.process_time() - started

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
