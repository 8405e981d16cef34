"""The embedded CRM: accounts and what happens with them, in SQLite or PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm import listing, rows
from switchgear_crm.models import (
    MOST_INCLUDED,
    Account,
    AccountId,
    AccountPart,
    ActivityKind,
    ActivityPage,
    ActivitySubject,
    Contact,
    MatchPage,
    Opportunity,
    OpportunityEntry,
    OpportunityId,
    OpportunityPage,
    RecordKind,
    StageFilter,
)
from switchgear_crm.search import Search, find
from switchgear_crm.tables import AccountRow, ActivityRow, ContactRow, OpportunityRow
from switchgear_shared.contracts.business_event_data import AccountChanged
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId, new_id, utc_now
from switchgear_shared.errors import NotFoundError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.spelling import fold
from switchgear_shared.storage.database import Database


class SqlCrm:
    """CrmBackend over our own tables."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def search(
        self,
        tenant: TenantId,
        *,
        query: str,
        kind: RecordKind | None,
        limit: int,
        cursor: str | None,
    ) -> MatchPage:
        """See CrmBackend."""
        async with self._database.reading() as session:
            return await find(session, Search(tenant, query, kind), limit=limit, cursor=cursor)

    async def get_account(
        self, tenant: TenantId, *, account_id: AccountId, include: Sequence[AccountPart] = ()
    ) -> Account:
        """See CrmBackend."""
        async with self._database.reading() as session:
            row = await session.get(AccountRow, (tenant, account_id))
            if row is None:
                raise NotFoundError(f"there is no account {account_id}", field="account_id")
            return Account(
                **rows.account_fields(row),
                contact_count=await _count(session, ContactRow, row),
                opportunity_count=await _count(session, OpportunityRow, row),
                activity_count=await _count(session, ActivityRow, row),
                contacts=await _contacts(session, row) if "contacts" in include else None,
                opportunities=await _opportunities(session, row)
                if "opportunities" in include
                else None,
                activities=await _activities(session, row) if "activities" in include else None,
            )

    async def account_ids(self, tenant: TenantId, *, prefix: str, limit: int) -> list[AccountId]:
        """See CrmBackend."""
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
        async with self._database.reading() as session:
            return [AccountId(account_id) for account_id in await session.scalars(statement)]

    async def list_opportunities(
        self,
        tenant: TenantId,
        *,
        query: str | None,
        stage: StageFilter | None,
        owner_email: str | None,
        account_id: AccountId | None,
        closing_before: date | None,
        at_least: Money | None,
        limit: int,
        cursor: str | None,
    ) -> OpportunityPage:
        """See CrmBackend."""
        conditions = listing.opportunity_conditions(
            query=query,
            stage=stage,
            owner_email=owner_email,
            account_id=account_id,
            closing_before=closing_before,
            at_least=at_least,
        )
        async with self._database.reading() as session:
            return await listing.opportunities(
                session, tenant, conditions, limit=limit, cursor=cursor
            )

    async def get_opportunity(
        self, tenant: TenantId, *, opportunity_id: OpportunityId
    ) -> Opportunity:
        """See CrmBackend."""
        async with self._database.reading() as session:
            row = await session.get(OpportunityRow, (tenant, opportunity_id))
            if row is None:
                raise NotFoundError(
                    f"there is no opportunity {opportunity_id}", field="opportunity_id"
                )
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

    async def list_activities(
        self,
        tenant: TenantId,
        *,
        about_id: str,
        kind: ActivityKind | None,
        since: datetime | None,
        full_notes: bool,
        limit: int,
        cursor: str | None,
    ) -> ActivityPage:
        """See CrmBackend."""
        async with self._database.reading() as session:
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
            return await listing.activities(
                session, tenant, conditions, full_notes=full_notes, limit=limit, cursor=cursor
            )

    async def log_activity(
        self,
        tenant: TenantId,
        *,
        about_id: str,
        kind: ActivityKind,
        subject: str,
        note: str,
        caller: Caller,
    ) -> WriteResult:
        """See CrmBackend."""
        async with self._database.writing() as session:
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
                happened_at=self._clock(),
            )
            session.add(row)
            await session.flush()
            changed = new_event(
                "crm.account.changed",
                source="crm",
                subject=account_id,
                data=AccountChanged(account_id=account_id),
                caller=caller,
                time=row.happened_at,
            )
            await emit(session, changed)
        return WriteResult(id=row.id, state="logged", version="1")


async def _account_of(session: AsyncSession, tenant: TenantId, about_id: str) -> str:
    if await session.get(AccountRow, (tenant, about_id)) is not None:
        return about_id
    for table in (OpportunityRow, ContactRow):
        row = await session.get(table, (tenant, about_id))
        if row is not None:
            return row.account_id
    raise NotFoundError(f"there is no account, contact or opportunity {about_id}", field="about_id")


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


async def _opportunities(
    session: AsyncSession, account: AccountRow
) -> tuple[OpportunityEntry, ...]:
    statement = (
        select(OpportunityRow)
        .where(OpportunityRow.tenant == account.tenant, OpportunityRow.account_id == account.id)
        .order_by(OpportunityRow.close_on.desc(), OpportunityRow.id.desc())
        .limit(MOST_INCLUDED)
    )
    found = await session.scalars(statement)
    return tuple(OpportunityEntry(**rows.opportunity_fields(row, account.name)) for row in found)


async def _activities(session: AsyncSession, account: AccountRow) -> tuple[ActivitySubject, ...]:
    statement = (
        select(ActivityRow)
        .where(ActivityRow.tenant == account.tenant, ActivityRow.account_id == account.id)
        .order_by(ActivityRow.happened_at.desc(), ActivityRow.id.desc())
        .limit(MOST_INCLUDED)
    )
    return tuple(rows.activity_subject(row) for row in await session.scalars(statement))
