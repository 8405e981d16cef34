"""The books as SQL keeps them: entries, number series and exchange rates."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.ledger import CHART, Booking
from switchgear_erp.models import COMPANY_CURRENCY
from switchgear_erp.tables import (
    AccountRow,
    Base,
    ClosedPeriodRow,
    EntryLineRow,
    EntryRow,
    ExchangeRateRow,
    InvoiceRow,
    SeriesRow,
)
from switchgear_erp.totals import checked, converted
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import InvalidRequestError

SelectT = TypeVar("SelectT", bound=Select[*tuple[Any, ...]])


async def in_company_currency(
    session: AsyncSession, tenant: TenantId, minor: int, currency: str, on: date
) -> int:
    """Return `minor` units of `currency` in the company's, at the rate of that day.

    Raises:
        InvalidRequestError: there is no rate yet on that day, or the amount is over 12 digits.
    """
    rate = await exchange_rate(session, tenant, currency, on)
    if rate is None:
        raise InvalidRequestError(
            f"there is no exchange rate for {currency} on {on}", field="currency"
        )
    if currency == COMPANY_CURRENCY:
        return minor
    amount = converted(minor, currency, COMPANY_CURRENCY, rate)
    return checked(amount, COMPANY_CURRENCY, "the amount in the company's currency")


async def exchange_rate(
    session: AsyncSession, tenant: TenantId, currency: str, on: date
) -> Decimal | None:
    """Return how many of `currency` buy one of the company's that day; None where unknown."""
    if currency == COMPANY_CURRENCY:
        return Decimal(1)
    return await session.scalar(
        select(ExchangeRateRow.rate)
        .where(
            ExchangeRateRow.tenant == tenant,
            ExchangeRateRow.currency == currency,
            ExchangeRateRow.valid_from <= on,
        )
        .order_by(ExchangeRateRow.valid_from.desc())
        .limit(1)
    )


async def check_is_open(session: AsyncSession, tenant: TenantId, field: str, day: date) -> None:
    """Raise InvalidRequestError where the books are closed on that day."""
    until = await session.scalar(
        select(func.max(ClosedPeriodRow.closed_until)).where(ClosedPeriodRow.tenant == tenant)
    )
    if until is not None and day <= until:
        raise InvalidRequestError(
            f"the books are closed until {until}: nothing is booked on {day}",
            field=field,
            details={"closed_until": until.isoformat()},
        )


async def next_number(session: AsyncSession, tenant: TenantId, series: str) -> int:
    """Return the next number of a series; it is given away when the transaction commits."""
    await insert_missing(
        session, SeriesRow, [{"tenant": tenant, "series": series, "last_number": 0}]
    )
    row = await session.scalar(
        select(SeriesRow)
        .where(SeriesRow.tenant == tenant, SeriesRow.series == series)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise RuntimeError(f"series {series} was just made and is gone")
    row.last_number += 1
    return row.last_number


async def book(
    session: AsyncSession,
    invoice: InvoiceRow,
    kind: Literal["invoice", "payment"],
    sides: Sequence[Booking],
    *,
    on: date,
    at: datetime,
) -> None:
    """Write the entry that posts or pays `invoice`."""
    tenant = TenantId(invoice.tenant)
    await insert_missing(session, AccountRow, chart(tenant))
    entry = EntryRow(
        tenant=tenant,
        id=new_id("je"),
        kind=kind,
        booked_on=on,
        invoice_id=invoice.id,
        created_at=at,
    )
    session.add(entry)
    await session.flush()
    session.add_all(
        EntryLineRow(
            tenant=tenant,
            entry_id=entry.id,
            number=number,
            account=side.account,
            minor=side.minor,
        )
        for number, side in enumerate(sides, start=1)
    )


def with_invoice(statement: SelectT) -> SelectT:
    """Join the sides of entries, that `statement` selects from, with the invoices they are of."""
    return statement.join(
        EntryRow,
        (EntryRow.tenant == EntryLineRow.tenant) & (EntryRow.id == EntryLineRow.entry_id),
    ).join(
        InvoiceRow,
        (InvoiceRow.tenant == EntryRow.tenant) & (InvoiceRow.id == EntryRow.invoice_id),
    )


def chart(tenant: TenantId) -> list[dict[str, Any]]:
    """Return the chart of accounts as rows."""
    return [{"tenant": tenant, "code": code, "name": name} for code, name in CHART.items()]


async def insert_missing(
    session: AsyncSession, table: type[Base], values: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the rows whose key is not there yet, whoever else is doing the same."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    await session.execute(insert(table).values(values).on_conflict_do_nothing())
