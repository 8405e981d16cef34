"""Accounts: reading one with its parts, and writing one under its natural key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.changes import AccountChanges
from switchgear_crm.models import (
    MOST_INCLUDED,
    Account,
    AccountDeal,
    AccountId,
    AccountPart,
    ActivitySubject,
    Contact,
)
from switchgear_crm.sql import rows
from switchgear_crm.sql.events import announce
from switchgear_crm.sql.series import locked_series
from switchgear_crm.sql.versions import check_new, check_version, result, write
from switchgear_crm.tables import AccountRow, ActivityRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.business_event_data import AccountChanged
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError

_MOST_CANDIDATES = 10
_BLANK: dict[str, Any] = {
    **dict.fromkeys(("industry", "domain", "email", "phone", "tax_id", "owner_email"), ""),
    **dict.fromkeys(("street", "postal_code", "city", "country"), ""),
    "is_customer": False,
    "is_vendor": False,
}


async def account(
    session: AsyncSession, tenant: TenantId, account_id: str, include: Sequence[AccountPart]
) -> Account:
    """Return one account; see CrmBackend.get_account."""
    row = await session.get(AccountRow, (tenant, account_id))
    if row is None:
        raise no_account(account_id)
    return Account(
        **rows.account_fields(row),
        contact_count=await _count(session, ContactRow, row),
        opportunity_count=await _count(session, OpportunityRow, row),
        activity_count=await _count(session, ActivityRow, row),
        contacts=await _contacts(session, row) if "contacts" in include else None,
        opportunities=await _opportunities(session, row) if "opportunities" in include else None,
        activities=await _activities(session, row) if "activities" in include else None,
    )


async def upsert_account(
    session: AsyncSession,
    tenant: TenantId,
    account_id: AccountId | None,
    changes: AccountChanges,
    expected_version: str | None,
    *,
    caller: Caller,
    at: datetime,
) -> WriteResult:
    """Write an account; see CrmBackend.upsert_account."""
    series = await locked_series(session, tenant, "accounts")
    row = await _named(session, tenant, account_id, changes)
    if row is None:
        check_new(expected_version, f"account {changes.name or changes.domain}")
        if changes.name is None:
            raise InvalidRequestError(
                f"no account has the domain {changes.domain}; a new one needs a name", field="name"
            )
        if changes.currency is None:
            raise InvalidRequestError(
                f"no account is called {changes.name}; a new one needs a currency", field="currency"
            )
        series.last_number += 1
        row = AccountRow(
            tenant=tenant,
            id=new_id("acc"),
            ref=f"A-{series.last_number:05d}",
            version=1,
            since=at.date(),
            **{**_BLANK, **_columns(changes)},
        )
        session.add(row)
        state, changed = "created", True
    else:
        check_version(row, expected_version, "account")
        changed = write(row, _columns(changes))
        state = "updated" if changed else "unchanged"
    if changed:
        for name, value in rows.searched_account(row).items():
            setattr(row, name, value)
        await session.flush()
        data = AccountChanged(account_id=row.id)
        await announce(session, "account.changed", row.id, data, caller=caller, at=at)
    return result(row, state=state, changed=changed)


async def account_of_domain(session: AsyncSession, tenant: TenantId, domain: str) -> AccountRow:
    """Return the one account of an e-mail domain; the caller may name another in its place."""
    found = await _all(session, tenant, AccountRow.domain == domain)
    if not found:
        raise InvalidRequestError(
            f"no account has the domain {domain}; a new contact needs an account",
            field="account_id",
        )
    if len(found) > 1:
        raise _ambiguous(AccountChanges(domain=domain), found)
    return found[0]


def no_account(account_id: str) -> NotFoundError:
    """Return the error for an account that is not there."""
    return NotFoundError(f"there is no account {account_id}", field="account_id")


async def _named(
    session: AsyncSession, tenant: TenantId, account_id: AccountId | None, changes: AccountChanges
) -> AccountRow | None:
    """Return the account meant: by id, else by domain and name; None where it is new."""
    if account_id is not None:
        return await _by_id(session, tenant, account_id, changes.domain)
    keys: list[ColumnElement[bool]] = []
    if changes.domain is not None:
        keys.append(AccountRow.domain == changes.domain)
    if changes.name is not None:
        keys.append(AccountRow.search_name == rows.searched(changes.name)["search_name"])
    if not keys:
        raise InvalidRequestError("an account is named by name, domain or account_id", field="name")
    exact = await _all(session, tenant, and_(*keys))
    found = exact if len(exact) == 1 else await _all(session, tenant, or_(*keys))
    if len(found) > 1:
        raise _ambiguous(changes, found)
    if not found:
        return None
    has_another_domain = changes.domain is not None and found[0].domain not in ("", changes.domain)
    if has_another_domain:
        raise _ambiguous(changes, found)
    return found[0]


async def _by_id(
    session: AsyncSession, tenant: TenantId, account_id: AccountId, domain: str | None
) -> AccountRow:
    found = await _all(session, tenant, AccountRow.id == account_id)
    if not found:
        raise no_account(account_id)
    if domain is not None and domain != found[0].domain:
        taken = await _all(session, tenant, AccountRow.domain == domain)
        if taken:
            raise _ambiguous(AccountChanges(domain=domain), taken)
    return found[0]


async def _all(
    session: AsyncSession, tenant: TenantId, condition: ColumnElement[bool]
) -> Sequence[AccountRow]:
    """Return the accounts as they are now, held against other writers."""
    found = await session.scalars(
        select(AccountRow)
        .where(AccountRow.tenant == tenant, condition)
        .order_by(AccountRow.id)
        .limit(_MOST_CANDIDATES)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


def _ambiguous(changes: AccountChanges, found: Sequence[AccountRow]) -> ConflictError:
    keys = [key for key in (changes.name, changes.domain) if key is not None]
    listed = ", ".join(f"{row.id} ({row.name})" for row in found)
    return ConflictError(
        f"{' and '.join(keys)} may mean another account: {listed}",
        field="account_id",
        details={
            "candidates": [
                {"id": row.id, "ref": row.ref, "name": row.name, "domain": row.domain}
                for row in found
            ]
        },
    )


def _columns(changes: AccountChanges) -> dict[str, Any]:
    """Return the columns of the fields given."""
    given = changes.given()
    roles, address = given.pop("roles", None), given.pop("address", None)
    if roles is not None:
        given |= {"is_customer": "customer" in roles, "is_vendor": "vendor" in roles}
    if address is not None:
        given |= dict(address)
    return given


async def _count(
    session: AsyncSession,
    table: type[ContactRow | OpportunityRow | ActivityRow],
    account: AccountRow,
) -> int:
    statement = select(func.count()).where(
        table.tenant == account.tenant, table.account_id == account.id
    )
    return await session.scalar(statement) or 0


async def _contacts(session: AsyncSession, account: AccountRow) -> tuple[Contact, ...]:
    statement = (
        select(ContactRow)
        .where(ContactRow.tenant == account.tenant, ContactRow.account_id == account.id)
        .order_by(ContactRow.search_name, ContactRow.id)
        .limit(MOST_INCLUDED)
    )
    return tuple(rows.contact(row) for row in await session.scalars(statement))


async def _opportunities(session: AsyncSession, account: AccountRow) -> tuple[AccountDeal, ...]:
    statement = (
        select(OpportunityRow)
        .where(OpportunityRow.tenant == account.tenant, OpportunityRow.account_id == account.id)
        .order_by(OpportunityRow.close_on.desc(), OpportunityRow.id.desc())
        .limit(MOST_INCLUDED)
    )
    found = await session.scalars(statement)
    return tuple(rows.account_deal(row) for row in found)


async def _activities(session: AsyncSession, account: AccountRow) -> tuple[ActivitySubject, ...]:
    statement = (
        select(ActivityRow)
        .where(ActivityRow.tenant == account.tenant, ActivityRow.account_id == account.id)
        .order_by(ActivityRow.happened_at.desc(), ActivityRow.id.desc())
        .limit(MOST_INCLUDED)
    )
    return tuple(rows.activity_subject(row) for row in await session.scalars(statement))
