"""Which approvals there are: page by page, how many wait, and what one party still asks for."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.governance.approval_record import Approval, State, approval_of, is_in_state
from switchgear_shared.governance.store import ApprovalRow

_CURSOR = "approvals"


async def page_of(
    session: AsyncSession,
    tenant: TenantId,
    *,
    state: State | None,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[tuple[Approval, ...], str | None]:
    """Return a page and the cursor of the next one, None at the end."""
    query = select(ApprovalRow).where(ApprovalRow.tenant == tenant)
    if state is not None:
        query = query.where(is_in_state(state, now))
    if cursor is not None:
        created_at, id_ = decode_cursor(_CURSOR, cursor, datetime, str)
        query = query.where(
            or_(
                ApprovalRow.created_at < created_at,
                and_(ApprovalRow.created_at == created_at, ApprovalRow.id < id_),
            )
        )
    query = query.order_by(ApprovalRow.created_at.desc(), ApprovalRow.id.desc())
    rows = list(await session.scalars(query.limit(limit + 1)))
    items = tuple(approval_of(row, now) for row in rows[:limit])
    if len(rows) <= limit:
        return items, None
    return items, encode_cursor(_CURSOR, [items[-1].created_at.isoformat(), items[-1].id])


async def count_open(session: AsyncSession, now: datetime) -> int:
    """Return how many wait for a decision, of all tenants."""
    query = select(func.count()).select_from(ApprovalRow).where(is_in_state("open", now))
    return await session.scalar(query) or 0


async def asked_under(
    session: AsyncSession, tenant: TenantId, principal_id: str, prefix: str, now: datetime
) -> tuple[Approval, ...]:
    """Return what a party asked for under keys that begin so, as far as it may yet be used."""
    query = select(ApprovalRow).where(
        ApprovalRow.tenant == tenant,
        or_(is_in_state("open", now), is_in_state("approved", now)),
        ApprovalRow.principal_id == principal_id,
        ApprovalRow.asked_under.startswith(prefix, autoescape=True),
    )
    found = await session.scalars(query.order_by(ApprovalRow.created_at, ApprovalRow.id))
    return tuple(approval_of(row, now) for row in found)
