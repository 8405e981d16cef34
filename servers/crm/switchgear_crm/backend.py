"""The port: what every CRM behind this server promises."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

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
    RecordKind,
    StageFilter,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId


class CrmBackend(Protocol):
    """Accounts, contacts, opportunities and activities of one tenant at a time.

    A record of another tenant is not found. Pages neither repeat nor skip a row when others are
    added meanwhile. Queries are plain text, without wildcards.
    """

    async def search(
        self,
        tenant: TenantId,
        *,
        query: str,
        kind: RecordKind | None,
        limit: int,
        cursor: str | None,
    ) -> MatchPage:
        """Return records in which every word of `query` stands, best first.

        A record's own number or e-mail comes first, then names that begin so, then parts of
        names, then what belongs to an account of that name. Where nothing matches, one page of
        what is spelled alike; `approximate` says so.
        """
        ...

    async def get_account(
        self, tenant: TenantId, *, account_id: AccountId, include: Sequence[AccountPart] = ()
    ) -> Account:
        """Return one account; each part is cut at MOST_INCLUDED, newest first, contacts by name.

        Raises:
            NotFoundError: there is none.
        """
        ...

    async def account_ids(self, tenant: TenantId, *, prefix: str, limit: int) -> list[AccountId]:
        """Return ids of accounts whose id or name begins with `prefix`, in order of names."""
        ...

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
        """Return opportunities that close soonest first; `closing_before` excludes its own day.

        `at_least` keeps only those in its currency.
        """
        ...

    async def get_opportunity(
        self, tenant: TenantId, *, opportunity_id: OpportunityId
    ) -> Opportunity:
        """Return one opportunity.

        Raises:
            NotFoundError: there is none.
        """
        ...

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
        """Return what was done about a record, newest first; of an account, all of its records'.

        Raises:
            NotFoundError: `about_id` is no account, contact or opportunity.
        """
        ...

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
        """Record something done just now; announces crm.account.changed.

        Raises:
            NotFoundError: `about_id` is no account, contact or opportunity.
        """
        ...
