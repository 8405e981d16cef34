"""Open items and the trial balance, read off the journal."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.ledger import CHART, PAYABLES, RECEIVABLES
from switchgear_erp.models import (
    COMPANY_CURRENCY,
    Direction,
    PartyId,
)
from switchgear_erp.sql.books import in_company_currency, with_invoice
from switchgear_erp.sql.directory import party_row
from switchgear_erp.sql.rows import company, ledger_amount
from switchgear_erp.statements import AccountBalance, Aging, Balances
from switchgear_erp.tables import EntryLineRow, EntryRow, InvoiceRow
from switchgear_shared.contracts.values import TenantId

_OLDEST_DAYS = 90


async def get_balances(
    session: AsyncSession, tenant: TenantId, *, party_id: PartyId | None, as_of: date
) -> Balances:
    """See ErpBackend."""
    limit = None
    if party_id is not None:
        limit = await _credit_limit(session, tenant, party_id, as_of)
    receivable = await _aging(session, tenant, "receivable", party_id, as_of)
    payable = await _aging(session, tenant, "payable", party_id, as_of)
    trial = () if party_id is not None else await _trial_balance(session, tenant, as_of)
    return Balances(
        as_of=as_of,
        currency=COMPANY_CURRENCY,
        party_id=party_id,
        receivable=receivable,
        payable=payable,
        credit_limit=limit,
        credit_left=None if limit is None else limit - receivable.total,
        trial_balance=trial,
        debit_total=sum((row.debit for row in trial), Decimal("0.00")),
        credit_total=sum((row.credit for row in trial), Decimal("0.00")),
    )


async def _credit_limit(
    session: AsyncSession, tenant: TenantId, party_id: PartyId, as_of: date
) -> Decimal | None:
    row = await party_row(session, tenant, party_id)
    if row.credit_limit_minor is None:
        return None
    minor = row.credit_limit_minor
    return company(await in_company_currency(session, tenant, minor, row.currency, as_of))


async def _aging(
    session: AsyncSession,
    tenant: TenantId,
    direction: Direction,
    party_id: PartyId | None,
    as_of: date,
) -> Aging:
    statement = (
        with_invoice(select(InvoiceRow.due_on, func.sum(EntryLineRow.minor)))
        .where(
            EntryLineRow.tenant == tenant,
            EntryLineRow.account == (RECEIVABLES if direction == "receivable" else PAYABLES),
            EntryRow.booked_on <= as_of,
        )
        .group_by(InvoiceRow.due_on)
    )
    if party_id is not None:
        statement = statement.where(InvoiceRow.party_id == party_id)
    found = await session.execute(statement)
    sign = 1 if direction == "receivable" else -1
    return _by_age(((due_on, sign * int(minor)) for due_on, minor in found), as_of)


def _by_age(open_items: Iterable[tuple[date, int]], as_of: date) -> Aging:
    not_due = 0
    late = [0] * 4
    for due_on, minor in open_items:
        days = (as_of - due_on).days
        if days <= 0:
            not_due += minor
        else:
            late[3 if days > _OLDEST_DAYS else (days - 1) // 30] += minor
    return Aging(
        not_due=ledger_amount(not_due),
        days_1_to_30=ledger_amount(late[0]),
        days_31_to_60=ledger_amount(late[1]),
        days_61_to_90=ledger_amount(late[2]),
        over_90_days=ledger_amount(late[3]),
        total=ledger_amount(not_due + sum(late)),
    )


async def _trial_balance(
    session: AsyncSession, tenant: TenantId, as_of: date
) -> tuple[AccountBalance, ...]:
    found = await session.execute(
        select(EntryLineRow.account, func.sum(EntryLineRow.minor))
        .join(
            EntryRow,
            (EntryRow.tenant == EntryLineRow.tenant) & (EntryRow.id == EntryLineRow.entry_id),
        )
        .where(EntryLineRow.tenant == tenant, EntryRow.booked_on <= as_of)
        .group_by(EntryLineRow.account)
        .order_by(EntryLineRow.account)
    )
    return tuple(
        AccountBalance(
            account=account,
            name=CHART[account],
            debit=ledger_amount(max(int(minor), 0)),
            credit=ledger_amount(max(-int(minor), 0)),
        )
        for account, minor in found
    )
