"""Activities: whose they are, and writing one down."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.models import ActivityKind
from switchgear_crm.sql.events import announce
from switchgear_crm.tables import AccountRow, ActivityRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.business_event_data import AccountChanged, ActivityLogged
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import NotFoundError


async def conditions_about(
    session: AsyncSession,
    tenant: TenantId,
    about_id: str,
    kind: ActivityKind | None,
    since: datetime | None,
) -> Sequence[ColumnElement[bool]]:
    """Return what an activity must fulfil; see CrmBackend.list_activities."""
    account_id = await _account_of(session, tenant, about_id)
    conditions = [
        ActivityRow.account_id == about_id
        if about_id == account_id
        else ActivityRow.about_id == about_id
    ]
    if kind is not None:
        conditions.append(ActivityRow.kind == kind)
    if since is not None:
        conditions.append(ActivityRow.happened_at >= since)
    return conditions


async def log(
    session: AsyncSession,
    tenant: TenantId,
    *,
    about_id: str,
    kind: ActivityKind,
    subject: str,
    note: str,
    caller: Caller,
    at: datetime,
) -> WriteResult:
    """Write an activity down; see CrmBackend.log_activity."""
    account_id = await _account_of(session, tenant, about_id)
    row = ActivityRow(
        tenant=tenant,
        id=new_id("act"),
        account_id=account_id,
        about_id=about_id,
        kind=kind,
        subject=subject,
        note=note,
        done_by=caller.requested_by,
        happened_at=at,
    )
    session.add(row)
    await session.flush()
    changed = AccountChanged(account_id=account_id)
    await announce(session, "account.changed", account_id, changed, caller=caller, at=at)
    logged = ActivityLogged(activity_id=row.id, about_id=about_id)
    await announce(session, "activity.logged", row.id, logged, caller=caller, at=at)
    return WriteResult(id=row.id, state="logged", version="1")


async def _account_of(session: AsyncSession, tenant: TenantId, about_id: str) -> str:
    if await session.get(AccountRow, (tenant, about_id)) is not None:
        return about_id
    for table in (OpportunityRow, ContactRow):
        row = await session.get(table, (tenant, about_id))
        if row is not None:
            return row.account_id
    raise NotFoundError(f"there is no account, contact or opportunity {about_id}", field="about_id")
