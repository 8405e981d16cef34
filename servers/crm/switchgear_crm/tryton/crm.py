"""The CRM in Tryton over its port: the work of each call is next door."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

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
from switchgear_crm.tryton import accounts, activities, opportunities, search
from switchgear_crm.tryton.account_writing import upsert_account
from switchgear_crm.tryton.acting import Act
from switchgear_crm.tryton.activity_writing import log_activity
from switchgear_crm.tryton.contact_writing import upsert_contact
from switchgear_crm.tryton.deal_writing import create_opportunity, update_opportunity
from switchgear_crm.tryton.moving import move_opportunity
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.texts import email_key
from switchgear_shared.contracts.values import DEFAULT_TENANT, Money, TenantId, utc_now
from switchgear_shared.errors import PolicyDeniedError
from switchgear_shared.storage.remote_write import current_write
from switchgear_shared.storage.tryton.client import TrytonClient


class TrytonCrm:
    """CrmBackend over one company in Tryton, which is one tenant's."""

    def __init__(
        self,
        client: TrytonClient,
        clock: Callable[[], datetime] = utc_now,
        tenant: TenantId = DEFAULT_TENANT,
    ) -> None:
        self._client = client
        self._clock = clock
        self._tenant = tenant

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
        return await search.find(self._of(tenant), query, kind, limit=limit, cursor=cursor)

    async def get_account(
        self, tenant: TenantId, *, account_id: AccountId, include: Sequence[AccountPart] = ()
    ) -> Account:
        """See CrmBackend."""
        return await accounts.get_account(self._of(tenant), account_id, include)

    async def account_ids(self, tenant: TenantId, *, prefix: str, limit: int) -> list[AccountId]:
        """See CrmBackend."""
        return await accounts.account_ids(self._of(tenant), prefix, limit)

    async def opportunity_ids(
        self, tenant: TenantId, *, prefix: str, limit: int
    ) -> list[OpportunityId]:
        """See CrmBackend."""
        return await opportunities.opportunity_ids(self._of(tenant), prefix, limit)

    async def owner_emails(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """See CrmBackend."""
        return await opportunities.owner_emails(self._of(tenant), prefix, limit)

    async def describe_pipeline(self, tenant: TenantId, *, owner_email: str | None) -> Pipeline:
        """See CrmBackend."""
        return await opportunities.describe_pipeline(self._of(tenant), owner_email)

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
        wanted = opportunities.DealSearch(
            query, stage, owner_email, account_id, closing_before, at_least
        )
        return await opportunities.list_opportunities(
            self._of(tenant), wanted, limit=limit, cursor=cursor
        )

    async def get_opportunity(
        self, tenant: TenantId, *, opportunity_id: OpportunityId
    ) -> Opportunity:
        """See CrmBackend."""
        return await opportunities.get_opportunity(self._of(tenant), opportunity_id)

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
        return await activities.list_activities(
            self._of(tenant),
            about_id,
            kind,
            since,
            full_notes=full_notes,
            limit=limit,
            cursor=cursor,
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
        return await log_activity(self._act(tenant, caller), about_id, kind, subject, note)

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
        return await upsert_account(
            self._act(tenant, caller), account_id, changes, expected_version
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
        return await upsert_contact(
            self._act(tenant, caller), email_key(email), changes, expected_version
        )

    async def create_opportunity(
        self, tenant: TenantId, *, draft: OpportunityDraft, caller: Caller
    ) -> WriteResult:
        """See CrmBackend."""
        return await create_opportunity(self._act(tenant, caller), draft)

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
        return await update_opportunity(
            self._act(tenant, caller), opportunity_id, changes, expected_version
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
        return await move_opportunity(
            self._act(tenant, caller), opportunity_id, to_stage, reason, expected_version
        )

    def _of(self, tenant: TenantId) -> TrytonClient:
        if tenant != self._tenant:
            raise PolicyDeniedError("the company in Tryton is another tenant's")
        return self._client

    def _act(self, tenant: TenantId, caller: Caller) -> Act:
        today = self._clock().astimezone(UTC).date()
        return Act(self._of(tenant), current_write(), caller, today)
