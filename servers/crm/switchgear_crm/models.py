"""The CRM's records and answers, the same whatever system keeps them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, NewType

from pydantic import PlainSerializer, WithJsonSchema

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page
from switchgear_shared.contracts.values import Money

AccountId = NewType("AccountId", str)
ContactId = NewType("ContactId", str)
OpportunityId = NewType("OpportunityId", str)

RecordKind = Literal["account", "contact", "opportunity"]
Role = Literal["customer", "vendor"]
OpenStage = Literal["qualified", "proposal", "negotiation"]
ShownRole = Annotated[Role, WithJsonSchema({"type": "string"}, mode="serialization")]
Stage = Literal["qualified", "proposal", "negotiation", "won", "lost"]
ShownStage = Annotated[Stage, WithJsonSchema({"type": "string"}, mode="serialization")]
"""A stage in an answer, whose schema need not list them all once more."""
StageFilter = Literal["open", "qualified", "proposal", "negotiation", "won", "lost"]
ActivityKind = Literal["call", "email", "meeting", "note"]
ShownKind = Annotated[ActivityKind, WithJsonSchema({"type": "string"}, mode="serialization")]
AccountPart = Literal["contacts", "opportunities", "activities"]

OPEN_STAGES: tuple[OpenStage, ...] = ("qualified", "proposal", "negotiation")
STAGES: tuple[Stage, ...] = (*OPEN_STAGES, "won", "lost")

MOST_INCLUDED = 20
"""Contacts, opportunities or activities shown with an account; the lists have the rest."""

NOTE_START = 200
"""Characters of a note that a list shows."""


class Match(Contract):
    """A record that a search found; `detail` is its city, job title or stage."""

    kind: Annotated[RecordKind, WithJsonSchema({"type": "string"}, mode="serialization")]
    id: str
    ref: str | None
    name: str
    detail: str
    email: str | None
    account_id: AccountId
    account_name: str


class MatchPage(Page):
    """What a search found, best first; `approximate`: only spelled alike."""

    items: tuple[Match, ...]
    approximate: bool


class Address(Contract):
    """A postal address; `country` is ISO 3166 alpha-2. Empty where unknown."""

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
    stage: ShownStage
    amount: Money
    probability_percent: int
    owner_email: str
    close_on: date


class OpportunityPage(Page):
    """Opportunities, those that close soonest first."""

    items: tuple[OpportunityEntry, ...]


class Opportunity(OpportunityEntry):
    """A sale that may come about, with the person to talk to; `reason`: why it is at its stage."""

    contact: Contact | None
    created_at: datetime
    reason: str | None
    last_activity_at: datetime | None


class Activity(Contract):
    """Something that was done; `note` is only its start where `is_note_cut`."""

    id: str
    account_id: AccountId
    about_id: str
    kind: ShownKind
    subject: str
    note: str
    is_note_cut: bool
    done_by: str
    happened_at: datetime


class ActivityPage(Page):
    """Activities, newest first."""

    items: tuple[Activity, ...]


class AccountDeal(Contract):
    """An opportunity beside its account."""

    id: OpportunityId
    ref: str
    name: str
    stage: ShownStage
    amount: Money
    close_on: date


class ActivitySubject(Contract):
    """An activity without its note."""

    id: str
    about_id: str
    kind: ShownKind
    subject: str
    done_by: str
    happened_at: datetime


class Account(Contract):
    """A company we deal with; parts that were not asked for are null."""

    id: AccountId
    ref: str
    version: str
    name: str
    roles: tuple[ShownRole, ...]
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
    opportunities: tuple[AccountDeal, ...] | None
    activities: tuple[ActivitySubject, ...] | None


class StageTotal(Contract):
    """What the opportunities in one currency add up to; more than one Money may hold."""

    currency: str
    amount: Annotated[
        Decimal,
        PlainSerializer(lambda value: format(value, "f"), return_type=str),
        WithJsonSchema({"type": "string"}),
    ]


class StageSummary(Contract):
    """One stage, with the chance of an opportunity that names no other, and what stands at it."""

    stage: ShownStage
    probability_percent: int
    leads_to: tuple[ShownStage, ...]
    opportunity_count: int
    totals: tuple[StageTotal, ...]


class Pipeline(Contract):
    """The stages of a sale, first to last."""

    stages: tuple[StageSummary, ...]
