"""What stands at each stage of the pipeline, and the values that complete what is typed."""

from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.models import (
    STAGES,
    AccountId,
    OpportunityId,
    Pipeline,
    StageSummary,
    StageTotal,
)
from switchgear_crm.pipeline import PROBABILITY_PERCENT, leads_to
from switchgear_crm.tables import AccountRow, OpportunityRow
from switchgear_shared.contracts.values import TenantId, minor_digits
from switchgear_shared.spelling import fold


async def pipeline(session: AsyncSession, tenant: TenantId, owner_email: str | None) -> Pipeline:
    """Return the stages; see CrmBackend.describe_pipeline."""
    stage, currency = OpportunityRow.stage, OpportunityRow.currency
    conditions: list[ColumnElement[bool]] = [OpportunityRow.tenant == tenant]
    if owner_email is not None:
        conditions.append(OpportunityRow.owner_email == owner_email.lower())
    found = await session.execute(
        select(stage, currency, func.count(), func.sum(OpportunityRow.amount_minor))
        .where(*conditions)
        .group_by(stage, currency)
        .order_by(currency)
    )
    counts: dict[str, int] = dict.fromkeys(STAGES, 0)
    totals: dict[str, list[StageTotal]] = {name: [] for name in STAGES}
    for name, code, count, minor in found:
        amount = Decimal(int(minor)).scaleb(-minor_digits(code))
        counts[name] += count
        totals[name].append(StageTotal(currency=code, amount=amount))
    return Pipeline(
        stages=tuple(
            StageSummary(
                stage=name,
                probability_percent=PROBABILITY_PERCENT[name],
                leads_to=leads_to(name),
                opportunity_count=counts[name],
                totals=tuple(totals[name]),
            )
            for name in STAGES
        )
    )


async def account_ids(
    session: AsyncSession, tenant: TenantId, prefix: str, limit: int
) -> list[AccountId]:
    """Return ids of accounts; see CrmBackend.account_ids."""
    text = fold(prefix)
    statement = (
        select(AccountRow.id)
        .where(
            AccountRow.tenant == tenant,
            or_(
                AccountRow.id.startswith(text, autoescape=True),
                AccountRow.search_name.startswith(text, autoescape=True),
            ),
        )
        .order_by(AccountRow.search_name, AccountRow.id)
        .limit(limit)
    )
    return [AccountId(account_id) for account_id in await session.scalars(statement)]


async def opportunity_ids(
    session: AsyncSession, tenant: TenantId, prefix: str, limit: int
) -> list[OpportunityId]:
    """Return ids of opportunities; see CrmBackend.opportunity_ids."""
    text = fold(prefix)
    statement = (
        select(OpportunityRow.id)
        .where(
            OpportunityRow.tenant == tenant,
            or_(
                OpportunityRow.id.startswith(text, autoescape=True),
                func.lower(OpportunityRow.ref).startswith(text, autoescape=True),
                OpportunityRow.search_name.startswith(text, autoescape=True),
            ),
        )
        .order_by(OpportunityRow.search_name, OpportunityRow.id)
        .limit(limit)
    )
    return [OpportunityId(found) for found in await session.scalars(statement)]


async def owner_emails(
    session: AsyncSession, tenant: TenantId, prefix: str, limit: int
) -> list[str]:
    """Return owners; see CrmBackend.owner_emails."""
    owners = union(
        *(
            select(table.owner_email.label("owner")).where(
                table.tenant == tenant,
                table.owner_email != "",
                table.owner_email.startswith(prefix.lower(), autoescape=True),
            )
            for table in (AccountRow, OpportunityRow)
        )
    ).subquery()
    statement = select(owners.c.owner).order_by(owners.c.owner).limit(limit)
    return list(await session.scalars(statement))
