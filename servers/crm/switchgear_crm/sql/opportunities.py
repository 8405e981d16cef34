"""Opportunities: reading one, and what becomes of it from its first day to won or lost."""

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.changes import OpportunityChanges, OpportunityDraft
from switchgear_crm.models import OPEN_STAGES, Opportunity, Stage
from switchgear_crm.pipeline import (
    PROBABILITY_PERCENT,
    check_amount,
    check_close_date,
    check_move,
)
from switchgear_crm.sql import rows
from switchgear_crm.sql.accounts import no_account
from switchgear_crm.sql.events import announce
from switchgear_crm.sql.series import locked_series
from switchgear_crm.sql.versions import check_version, result, write
from switchgear_crm.tables import AccountRow, ActivityRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.business_event_data import OpportunityChanged, OpportunityMoved
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError


async def opportunity(session: AsyncSession, tenant: TenantId, opportunity_id: str) -> Opportunity:
    """Return one opportunity; see CrmBackend.get_opportunity."""
    row = await session.get(OpportunityRow, (tenant, opportunity_id))
    if row is None:
        raise _no_opportunity(opportunity_id)
    account = await session.get_one(AccountRow, (tenant, row.account_id))
    contact = None
    if row.contact_id is not None:
        contact = await session.get_one(ContactRow, (tenant, row.contact_id))
    last_activity_at = await session.scalar(
        select(func.max(ActivityRow.happened_at)).where(
            ActivityRow.tenant == tenant, ActivityRow.about_id == row.id
        )
    )
    return Opportunity(
        **rows.opportunity_fields(row, account.name),
        contact=rows.contact(contact) if contact else None,
        created_at=row.created_at,
        reason=row.reason,
        last_activity_at=last_activity_at,
    )


async def create(
    session: AsyncSession,
    tenant: TenantId,
    draft: OpportunityDraft,
    *,
    caller: Caller,
    at: datetime,
) -> WriteResult:
    """Make an opportunity; see CrmBackend.create_opportunity."""
    check_amount(draft.amount)
    check_close_date(draft.close_on, today=at.date())
    account = await session.get(AccountRow, (tenant, draft.account_id))
    if account is None:
        raise no_account(draft.account_id)
    if draft.contact_id is not None:
        await _check_contact(session, tenant, draft.contact_id, account.id)
    owner_email = draft.owner_email or account.owner_email
    if not owner_email:
        raise InvalidRequestError(
            f"account {account.id} has no owner, so the opportunity needs one", field="owner"
        )
    probability = draft.probability_percent
    series = await locked_series(session, tenant, "opportunities")
    series.last_number += 1
    row = OpportunityRow(
        tenant=tenant,
        id=new_id("opp"),
        ref=f"OPP-{at.year}-{series.last_number:05d}",
        account_id=account.id,
        contact_id=draft.contact_id,
        version=1,
        name=draft.name,
        stage=draft.stage,
        amount_minor=draft.amount.to_minor(),
        currency=draft.amount.currency,
        probability_percent=(
            PROBABILITY_PERCENT[draft.stage] if probability is None else probability
        ),
        owner_email=owner_email,
        close_on=draft.close_on,
        created_at=at,
        reason=None,
    )
    _make_findable(row)
    session.add(row)
    await session.flush()
    data = OpportunityChanged(opportunity_id=row.id, account_id=row.account_id)
    await announce(session, "opportunity.created", row.id, data, caller=caller, at=at)
    return result(row, state=row.stage, changed=True)


async def update(
    session: AsyncSession,
    tenant: TenantId,
    opportunity_id: str,
    changes: OpportunityChanges,
    expected_version: str | None,
    *,
    caller: Caller,
    at: datetime,
) -> WriteResult:
    """Change an opportunity; see CrmBackend.update_opportunity."""
    row = await _locked(session, tenant, opportunity_id)
    check_version(row, expected_version, "opportunity")
    given = _columns(row, changes)
    differing = {name for name, new in given.items() if getattr(row, name) != new}
    _check_still_open(row, differing)
    if "close_on" in differing:
        check_close_date(cast("date", given["close_on"]), today=at.date())
    if "contact_id" in differing:
        await _check_contact(session, tenant, str(given["contact_id"]), row.account_id)
    changed = write(row, given)
    if changed:
        _make_findable(row)
        await session.flush()
        data = OpportunityChanged(opportunity_id=row.id, account_id=row.account_id)
        await announce(session, "opportunity.changed", row.id, data, caller=caller, at=at)
    return result(row, state=row.stage, changed=changed)


async def move(
    session: AsyncSession,
    tenant: TenantId,
    opportunity_id: str,
    to_stage: Stage,
    reason: str | None,
    expected_version: str | None,
    *,
    caller: Caller,
    at: datetime,
) -> WriteResult:
    """Bring an opportunity to a stage; see CrmBackend.move_opportunity."""
    row = await _locked(session, tenant, opportunity_id)
    check_version(row, expected_version, "opportunity")
    from_stage = cast("Stage", row.stage)
    if from_stage == to_stage:
        return result(row, state=row.stage, changed=False)
    check_move(row.id, from_stage, to_stage, reason)
    moved: dict[str, Any] = {
        "stage": to_stage,
        "probability_percent": PROBABILITY_PERCENT[to_stage],
        "reason": reason,
    }
    if to_stage not in OPEN_STAGES:
        moved["close_on"] = at.date()
    write(row, moved)
    await session.flush()
    data = OpportunityMoved(
        opportunity_id=row.id,
        account_id=row.account_id,
        from_stage=from_stage,
        to_stage=to_stage,
    )
    await announce(session, "opportunity.moved", row.id, data, caller=caller, at=at)
    return result(row, state=row.stage, changed=True)


async def _locked(session: AsyncSession, tenant: TenantId, opportunity_id: str) -> OpportunityRow:
    row = await session.scalar(
        select(OpportunityRow)
        .where(OpportunityRow.tenant == tenant, OpportunityRow.id == opportunity_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise _no_opportunity(opportunity_id)
    return row


def _no_opportunity(opportunity_id: str) -> NotFoundError:
    return NotFoundError(f"there is no opportunity {opportunity_id}", field="opportunity_id")


async def _check_contact(
    session: AsyncSession, tenant: TenantId, contact_id: str, account_id: str
) -> None:
    contact = await session.get(ContactRow, (tenant, contact_id))
    if contact is None:
        raise NotFoundError(f"there is no contact {contact_id}", field="contact_id")
    if contact.account_id != account_id:
        raise InvalidRequestError(
            f"contact {contact_id} is of account {contact.account_id}, not of {account_id}",
            field="contact_id",
        )


def _columns(row: OpportunityRow, changes: OpportunityChanges) -> dict[str, Any]:
    """Return the columns of the fields given."""
    given = changes.given()
    given.pop("amount", None)
    amount = changes.amount
    if amount is None:
        return given
    if amount.currency != row.currency:
        raise InvalidRequestError(
            f"opportunity {row.id} is in {row.currency}, which stays", field="amount.currency"
        )
    check_amount(amount)
    return {**given, "amount_minor": amount.to_minor()}


def _check_still_open(row: OpportunityRow, differing: set[str]) -> None:
    fixed = {"amount_minor", "probability_percent", "close_on"} & differing
    if fixed and row.stage not in OPEN_STAGES:
        raise ConflictError(
            f"opportunity {row.id} is {row.stage}: its amount, chance and close date are final",
            details={"stage": row.stage},
        )


def _make_findable(row: OpportunityRow) -> None:
    for name, value in rows.searched(row.name, row.ref).items():
        setattr(row, name, value)
