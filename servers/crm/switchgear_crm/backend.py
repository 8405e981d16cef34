"""The port: what every CRM behind this server promises."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

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
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId


class CrmBackend(Protocol):
    """Accounts, contacts, opportunities and activities of one tenant at a time.

    A record of another tenant is not found. Pages neither repeat nor skip a row when others are
    added meanwhile. Queries are plain text, without wildcards. A change that is given an
    `expected_version` raises ConflictError where the record is at another; one that finds all as
    it is asked for answers `changed` false and announces nothing.
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

    async def opportunity_ids(
        self, tenant: TenantId, *, prefix: str, limit: int
    ) -> list[OpportunityId]:
        """Return ids of opportunities whose id, number or name begins with `prefix`."""
        ...

    async def owner_emails(self, tenant: TenantId, *, prefix: str, limit: int) -> list[str]:
        """Return addresses beginning with `prefix` of who owns an account or an opportunity."""
        ...

    async def describe_pipeline(self, tenant: TenantId, *, owner_email: str | None) -> Pipeline:
        """Return every stage with what stands at it, of one owner or of all."""
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
        """Record something done just now; announces crm.account.changed and crm.activity.logged.

        Raises:
            NotFoundError: `about_id` is no account, contact or opportunity.
        """
        ...

    async def upsert_account(
        self,
        tenant: TenantId,
        *,
        account_id: AccountId | None,
        changes: AccountChanges,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Make or change the account meant; announces crm.account.changed.

        `account_id` names it. Without, it is the account of that domain, or else of exactly that
        name, case and accents aside; a domain found with another name renames it. However many
        do so at once, one account is made. The state is created, updated or unchanged.

        Raises:
            NotFoundError: there is no account `account_id`.
            ConflictError: more than one is meant, or the one of that name has another domain, or
                the domain is another account's; `details.candidates` lists them.
            InvalidRequestError: nothing names it, or a new one lacks its name or currency.
        """
        ...

    async def upsert_contact(
        self,
        tenant: TenantId,
        *,
        email: str,
        changes: ContactChanges,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Make or change the contact of an e-mail address; announces crm.contact.changed.

        Case does not count. However many do so at once, one contact is made; without an
        `account_id` it belongs to the account of the address's domain. The state is created,
        updated or unchanged.

        Raises:
            NotFoundError: there is no account `account_id`.
            ConflictError: several accounts have the domain; `details.candidates` lists them.
            InvalidRequestError: a new one lacks its last name, or no account has the domain.
        """
        ...

    async def create_opportunity(
        self, tenant: TenantId, *, draft: OpportunityDraft, caller: Caller
    ) -> WriteResult:
        """Make an opportunity; announces crm.opportunity.created. The state is its stage.

        Raises:
            NotFoundError: there is no such account or contact.
            InvalidRequestError: amount or close date make no sense, the contact is another
                account's, or neither draft nor account has an owner.
        """
        ...

    async def update_opportunity(
        self,
        tenant: TenantId,
        *,
        opportunity_id: OpportunityId,
        changes: OpportunityChanges,
        expected_version: str | None,
        caller: Caller,
    ) -> WriteResult:
        """Change the fields given; announces crm.opportunity.changed.

        Raises:
            NotFoundError: there is no such opportunity or contact.
            ConflictError: it is won or lost, and so its amount, chance and close date are final.
            InvalidRequestError: the amount is in another currency, or see create_opportunity.
        """
        ...

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
        """Bring it to a stage, with that stage's probability; announces crm.opportunity.moved.

        Winning and losing set the close date to today.

        Raises:
            NotFoundError: there is no such opportunity.
            ConflictError: it is won or lost, and `to_stage` the other of the two.
            InvalidRequestError: losing it, or opening it again, without a reason.
        """
        ...
