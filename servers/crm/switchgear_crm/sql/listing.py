"""Keyset pages of opportunities and activities."""

import math
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.models import (
    OPEN_STAGES,
    AccountId,
    ActivityPage,
    OpportunityEntry,
    OpportunityPage,
    StageFilter,
)
from switchgear_crm.sql import rows
from switchgear_crm.tables import AccountRow, ActivityRow, OpportunityRow
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import Money, TenantId, minor_digits
from switchgear_shared.spelling import fold

_OPPORTUNITIES = "crm.opportunities"
_ACTIVITIES = "crm.activities"


def opportunity_conditions(
    *,
    query: str | None,
    stage: StageFilter | None,
    owner_email: str | None,
    account_id: AccountId | None,
    closing_before: date | None,
    at_least: Money | None,
) -> list[ColumnElement[bool]]:
    """Return what a row must fulfil beside belonging to the tenant."""
    conditions: list[ColumnElement[bool]] = []
    whole_text = OpportunityRow.search_text + " " + AccountRow.search_name
    conditions += [whole_text.contains(word, autoescape=True) for word in fold(query or "").split()]
    if stage is not None:
        stages = OPEN_STAGES if stage == "open" else (stage,)
        conditions.append(OpportunityRow.stage.in_(stages))
    if owner_email is not None:
        conditions.append(OpportunityRow.owner_email == owner_email.lower())
    if account_id is not None:
        conditions.append(OpportunityRow.account_id == account_id)
    if closing_before is not None:
        conditions.append(OpportunityRow.close_on < closing_before)
    if at_least is not None:
        conditions += [
            OpportunityRow.currency == at_least.currency,
            OpportunityRow.amount_minor
            >= math.ceil(at_least.amount.scaleb(minor_digits(at_least.currency))),
        ]
    return conditions


async def opportunities(
    session: AsyncSession,
    tenant: TenantId,
    conditions: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    cursor: str | None,
) -> OpportunityPage:
    """Return the page after `cursor`, soonest close first."""
    close_on, id_ = OpportunityRow.close_on, OpportunityRow.id
    same = and_(
        AccountRow.tenant == OpportunityRow.tenant, AccountRow.id == OpportunityRow.account_id
    )
    mine = (OpportunityRow.tenant == tenant, *conditions)
    counted = select(func.count()).select_from(OpportunityRow).join(AccountRow, same).where(*mine)
    statement = select(OpportunityRow, AccountRow.name).join(AccountRow, same).where(*mine)
    if cursor is not None:
        day, last_id = decode_cursor(_OPPORTUNITIES, cursor, date, str)
        statement = statement.where(or_(close_on > day, and_(close_on == day, id_ > last_id)))
    found = await session.execute(statement.order_by(close_on, id_).limit(limit + 1))
    pairs = found.all()
    has_more = len(pairs) > limit
    last = pairs[limit - 1][0] if has_more else None
    return OpportunityPage(
        items=tuple(
            OpportunityEntry(**rows.opportunity_fields(row, name)) for row, name in pairs[:limit]
        ),
        total=await session.scalar(counted),
        next_cursor=encode_cursor(_OPPORTUNITIES, [last.close_on.isoformat(), last.id])
        if last
        else None,
        truncated=has_more,
    )


async def activities(
    session: AsyncSession,
    tenant: TenantId,
    conditions: Sequence[ColumnElement[bool]],
    *,
    full_notes: bool,
    limit: int,
    cursor: str | None,
) -> ActivityPage:
    """Return the page after `cursor`, newest first."""
    at, id_ = ActivityRow.happened_at, ActivityRow.id
    mine = (ActivityRow.tenant == tenant, *conditions)
    statement = select(ActivityRow).where(*mine)
    if cursor is not None:
        moment, last_id = decode_cursor(_ACTIVITIES, cursor, datetime, str)
        statement = statement.where(or_(at < moment, and_(at == moment, id_ < last_id)))
    found = await session.scalars(statement.order_by(at.desc(), id_.desc()).limit(limit + 1))
    shown = found.all()
    has_more = len(shown) > limit
    last = shown[limit - 1] if has_more else None
    return ActivityPage(
        items=tuple(rows.activity(row, full_note=full_notes) for row in shown[:limit]),
        total=await session.scalar(select(func.count()).select_from(ActivityRow).where(*mine)),
        next_cursor=encode_cursor(_ACTIVITIES, [last.happened_at.isoformat(), last.id])
        if last
        else None,
        truncated=has_more,
    )
