"""The embedded CRM: accounts and what happens with them, in SQLite or PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from switchgear_crm.changes import (
    AccountChanges,
    ContactChanges,
    OpportunityChanges,
    OpportunityDraft,
)
from switchgear_crm.models import (
    Account,
    AccountId,
    AccountPart,
    ActivityKind,
    ActivityPage,
    MatchPage,
    Opportunity,
    OpportunityId,
    OpportunityPage,
    Pipeline,
    RecordKind,
    Stage,
    StageFilter,
)
from switchgear_crm.sql import accounts, activities, contacts, listing, opportunities, summary
from switchgear_crm.sql.search import Search, find
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.texts import email_key
from switchgear_shared.contracts.values import Money, TenantId, utc_now
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
            return await accounts.account(session, tenant, account_id, include)

    async def account_ids(self, tenant: TenantId, *, prefix: str, limit: int) -> list[AccountId]:
        """See CrmBackend."""
        async with self._database.reading() as session:
            return await summary.account_ids(session, tenant, prefix, limit)

    async def opportunity_ids(
        self, tenant: TenantId, *, prefix: str, limit: int
    ) -> list[OpportunityId]:
        """See CrmBackend."""
        async with self._database.reading() as session:
            return await summary.opportunity_ids(session, tenant, prefix, limit)

    async def owner_emails(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """See CrmBackend."""
        async with self._database.reading() as session:
            return await summary.owner_emails(session, tenant, prefix, limit)

    async def describe_pipeline(self, tenant: TenantId, *, owner_email: str | None) -> Pipeline:
        """See CrmBackend."""
        async with self._database.reading() as session:
            return await summary.pipeline(session, tenant, owner_email)

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
            return await opportunities.opportunity(session, tenant, opportunity_id)

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
            wanted = await activities.conditions_about(session, tenant, about_id, kind, since)
            return await listing.activities(
                session, tenant, wanted, full_notes=full_notes, limit=limit, cursor=cursor
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
            return await activities.log(
                session,
                tenant,
                about_id=about_id,
                kind=kind,
                subject=subject,
                note=note,
                caller=caller,
                at=self._clock(),
            )

    async def upsert_account(
        self,
        tenant: TenantId,
        *,
        account_id: AccountId | None,
        changes: AccountChanges,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See CrmBackend."""
        async with self._database.writing() as session:
            return await accounts.upsert_account(
                session,
                tenant,
                account_id,
                changes,
                expected_version,
                caller=caller,
                at=self._clock(),
            )

    async def upsert_contact(
        self,
        tenant: TenantId,
        *,
        email: str,
        changes: ContactChanges,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See CrmBackend."""
        async with self._database.writing() as session:
            return await contacts.upsert_contact(
                session,
                tenant,
                email_key(email),
                changes,
                expected_version,
                caller=caller,
                at=self._clock(),
            )

    async def create_opportunity(
        self, tenant: TenantId, *, draft: OpportunityDraft, caller: Caller
    ) -> WriteResult:
        """See CrmBackend."""
        async with self._database.writing() as session:
            return await opportunities.create(
                session, tenant, draft, caller=caller, at=self._clock()
            )

    async def update_opportunity(
        self,
        tenant: TenantId,
        *,
        opportunity_id: OpportunityId,
        changes: OpportunityChanges,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See CrmBackend."""
        async with self._database.writing() as session:
            return await opportunities.update(
                session,
                tenant,
                opportunity_id,
                changes,
                expected_version,
                caller=caller,
                at=self._clock(),
            )

    async def move_opportunity(
        self,
        tenant: TenantId,
        *,
        opportunity_id: OpportunityId,
        to_stage: Stage,
        reason: str | None,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """See CrmBackend."""
        async with self._database.writing() as session:
            return await opportunities.move(
                session,
                tenant,
                opportunity_id,
                to_stage,
                reason,
                expected_version,
                caller=caller,
                at=self._clock(),
            )
