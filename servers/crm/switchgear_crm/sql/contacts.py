"""Contacts: writing one under its e-mail address."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.changes import ContactChanges
from switchgear_crm.sql import rows
from switchgear_crm.sql.accounts import account_of_domain, no_account
from switchgear_crm.sql.events import announce
from switchgear_crm.sql.series import locked_series
from switchgear_crm.sql.versions import check_new, check_version, result, write
from switchgear_crm.tables import AccountRow, ContactRow
from switchgear_shared.contracts.business_event_data import ContactChanged
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import InvalidRequestError


async def upsert_contact(
    session: AsyncSession,
    tenant: TenantId,
    email: str,
    changes: ContactChanges,
    expected_version: str | None,
    *,
    caller: Caller,
    at: datetime,
) -> WriteResult:
    """Write a contact; see CrmBackend.upsert_contact."""
    given = changes.given()
    account_id = changes.account_id
    if account_id is not None and await session.get(AccountRow, (tenant, account_id)) is None:
        raise no_account(account_id)
    row = await _locked(session, tenant, email)
    if row is None:
        await locked_series(session, tenant, "contacts")
        row = await _locked(session, tenant, email)
    if row is None:
        check_new(expected_version, f"contact {email}")
        row = await _new(session, tenant, email, given)
        session.add(row)
        state, changed = "created", True
    else:
        check_version(row, expected_version, "contact")
        changed = write(row, given)
        state = "updated" if changed else "unchanged"
    if changed:
        for name, value in rows.searched_contact(row).items():
            setattr(row, name, value)
        await session.flush()
        data = ContactChanged(contact_id=row.id, account_id=row.account_id)
        await announce(session, "contact.changed", row.id, data, caller=caller, at=at)
    return result(row, state=state, changed=changed)


async def _locked(session: AsyncSession, tenant: TenantId, email: str) -> ContactRow | None:
    return await session.scalar(
        select(ContactRow)
        .where(ContactRow.tenant == tenant, ContactRow.email == email)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def _new(
    session: AsyncSession, tenant: TenantId, email: str, given: dict[str, Any]
) -> ContactRow:
    if "last_name" not in given:
        raise InvalidRequestError(
            f"no contact has the address {email}; a new one needs a name", field="last_name"
        )
    if "account_id" not in given:
        domain = email.partition("@")[2]
        given = {**given, "account_id": (await account_of_domain(session, tenant, domain)).id}
    blank = dict.fromkeys(("first_name", "phone", "job_title"), "")
    return ContactRow(tenant=tenant, id=new_id("con"), email=email, version=1, **{**blank, **given})
