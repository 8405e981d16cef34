"""The CRM's records and answers, the same whatever system keeps them."""

from datetime import date, datetime
from typing import Literal, NewType

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page
from switchgear_shared.contracts.values import Money

AccountId = NewType("AccountId", str)
OpportunityId = NewType("OpportunityId", str)

RecordKind = Literal["account", "contact", "opportunity"]
Role = Literal["customer", "vendor"]
Stage = Literal["qualified", "proposal", "negotiation", "won", "lost"]
StageFilter = Literal["open", "qualified", "proposal", "negotiation", "won", "lost"]
ActivityKind = Literal["call", "email", "meeting", "note"]
AccountPart = Literal["contacts", "opportunities", "activities"]

OPEN_STAGES: tuple[Stage, ...] = ("qualified", "proposal", "negotiation")
STAGES: tuple[Stage, ...] = (*OPEN_STAGES, "won", "lost")

MOST_INCLUDED = 20
"""Contacts, opportunities or activities shown with an account; the lists have the rest."""

NOTE_START = 200
"""Characters of a note that a list shows."""


class Match(Contract):
    """A record that a search found; `account_id` leads to its company."""

    kind: RecordKind
    id: str
    ref: str | None
    name: str
    detail: str = Field(description="Account: city. Contact: job title. Opportunity: stage.")
    email: str | None
    account_id: AccountId
    account_name: str


class MatchPage(Page):
    """What a search found, best first."""

    items: tuple[Match, ...]
    approximate: bool = Field(
        description="True if nothing matched as written and these are spelled alike."
    )


class Address(Contract):
    """A postal address; `country` is ISO 3166 alpha-2."""

    street: str
    postal_code: str
    city: str
    country: str


class Contact(Contract):
    """A person at an account."""

    id: str
    version: str
    name: str
    job_title: str
    email: str
    phone: str


class OpportunityEntry(Contract):
    """A sale that may come about, as lists show it."""

    id: OpportunityId
    ref: str
    version: str
    name: str
    account_id: AccountId
    account_name: str
    stage: Stage
    amount: Money
    probability_percent: int
    owner_email: str
    close_on: date


class OpportunityPage(Page):
    """Opportunities, those that close soonest first."""

    items: tuple[OpportunityEntry, ...]


class Opportunity(OpportunityEntry):
    """A sale that may come about, with the person to talk to; `reason` says why it was lost."""

    contact: Contact | None
    created_at: datetime
    reason: str | None
    last_activity_at: datetime | None


class Activity(Contract):
    """Something that was done; `note` is only its start where `is_note_cut`."""

    id: str
    account_id: AccountId
    about_id: str
    kind: ActivityKind
    subject: str
    note: str
    is_note_cut: bool
    done_by: str
    happened_at: datetime


class ActivityPage(Page):
    """Activities, newest first."""

    items: tuple[Activity, ...]


class ActivitySubject(Contract):
    """An activity without its note."""

    id: str
    about_id: str
    kind: ActivityKind
    subject: str
    done_by: str
    happened_at: datetime


class Account(Contract):
    """A company we deal with; parts that were not asked for are null."""

    id: AccountId
    ref: str
    version: str
    name: str
    roles: tuple[Role, ...]
    industry: str
    domain: str
    email: str
    phone: str
    tax_id: str
    address: Address
    owner_email: str
    currency: str
    since: date
    contact_count: int
    opportunity_count: int
    activity_count: int
    contacts: tuple[Contact, ...] | None
    opportunities: tuple[OpportunityEntry, ...] | None
    activities: tuple[ActivitySubject, ...] | None
