"""Opportunities in Tryton: which of its states is which stage, and reading them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from switchgear_crm.models import (
    OPEN_STAGES,
    AccountDeal,
    AccountId,
    OpportunityEntry,
    OpportunityId,
    Stage,
    StageFilter,
)
from switchgear_crm.tryton.house import House
from switchgear_crm.tryton.names import id_of, number_of, unmarked
from switchgear_shared.contracts.texts import one_line
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.storage.tryton.client import Record, TrytonClient

OPPORTUNITY = "sale.opportunity"
FIELDS = (
    *("number", "reference", "description", "state", "amount", "currency.code", "party.name"),
    *("conversion_probability", "employee", "end_date", "lost_reason", "contact", "sales"),
    *("create_date", "_timestamp"),
)
STAGES: dict[str, Stage] = {
    "lead": "qualified",
    "opportunity": "proposal",
    "converted": "negotiation",
    "won": "won",
    "lost": "lost",
    "cancelled": "lost",
}
"""Our stage by Tryton's state; a converted one has a sale, which wins or loses it."""

NO_DATE = date.max
"""The close date shown of one that has none in Tryton."""


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity read with FIELDS."""

    record: Record

    @property
    def id(self) -> int:
        """Tryton's id of it."""
        return self.record["id"]

    @property
    def opportunity_id(self) -> OpportunityId:
        """Its id as our callers see it."""
        return OpportunityId(id_of("opportunity", self.id))

    @property
    def party_id(self) -> int:
        """The party it is with."""
        return self.record["party"]["id"]

    @property
    def account_id(self) -> AccountId:
        """The account it is with."""
        return AccountId(id_of("party", self.party_id))

    @property
    def state(self) -> str:
        """Tryton's word for where it stands."""
        return self.record["state"]

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return STAGES[self.state]

    @property
    def is_open(self) -> bool:
        """Whether it is neither won nor lost."""
        return self.stage in OPEN_STAGES

    @property
    def name(self) -> str:
        """What is to be sold, or its number where nobody wrote that."""
        return one_line(self.record["description"] or "") or self.record["number"]

    @property
    def amount(self) -> Money:
        """What it may bring."""
        code: str = self.record["currency"]["code"]
        return Money(amount=self.record["amount"] or Decimal(0), currency=code)

    @property
    def percent(self) -> int:
        """Its chance."""
        return round((self.record["conversion_probability"] or 0) * 100)

    @property
    def close_on(self) -> date:
        """When it may close."""
        return self.record["end_date"] or NO_DATE

    @property
    def reason(self) -> str | None:
        """Why it is where it is."""
        return unmarked(self.record["lost_reason"] or "") or None

    def fields(self, house: House) -> dict[str, Any]:
        """Return the fields that lists show."""
        return {
            "id": self.opportunity_id,
            "ref": self.record["number"],
            "version": self.record["_timestamp"],
            "name": self.name,
            "account_id": self.account_id,
            "account_name": one_line(self.record["party"]["name"]),
            "stage": self.stage,
            "amount": self.amount,
            "probability_percent": self.percent,
            "owner_email": house.email_of(self.record["employee"]),
            "close_on": self.close_on,
        }

    def entry(self, house: House) -> OpportunityEntry:
        """Return it as lists show it."""
        return OpportunityEntry(**self.fields(house))


def kept(house: House) -> list[Any]:
    """Return what an opportunity must fulfil to be shown: it is with an account."""
    return [["party", "where", house.kept]]


def of_party(party_id: int) -> list[Any]:
    """Return the domain of the opportunities with a party."""
    return [["party", "=", party_id]]


def at_stage(stage: StageFilter) -> list[Any]:
    """Return what one at a stage fulfils."""
    wanted: Sequence[str] = OPEN_STAGES if stage == "open" else (stage,)
    return ["state", "in", [state for state, at in STAGES.items() if at in wanted]]


async def newest(
    client: TrytonClient, house: House, party_id: int, *, limit: int
) -> tuple[AccountDeal, ...]:
    """Return a party's opportunities, those that close last first."""
    page = await client.search(
        OPPORTUNITY,
        of_party(party_id),
        FIELDS,
        limit=limit,
        order=[("end_date", "DESC NULLS FIRST"), ("id", "DESC")],
    )
    found = [Deal(record).fields(house) for record in page.records]
    return tuple(
        AccountDeal(**{name: fields[name] for name in AccountDeal.model_fields}) for fields in found
    )


async def deal_of(client: TrytonClient, house: House, opportunity_id: str) -> Deal:
    """Return one opportunity; raises NotFoundError."""
    number = number_of("opportunity", opportunity_id)
    if number is not None:
        domain = [*kept(house), ["id", "=", number]]
        page = await client.search(OPPORTUNITY, domain, FIELDS, limit=1)
        if page.records:
            return Deal(page.records[0])
    raise NotFoundError(f"there is no opportunity {opportunity_id}", field="opportunity_id")


async def read_again(client: TrytonClient, number: int) -> Deal:
    """Return an opportunity as it is now; raises ConflictError where it was taken away."""
    page = await client.search(OPPORTUNITY, [["id", "=", number]], FIELDS, limit=1)
    if not page.records:
        raise ConflictError(f"opportunity {id_of('opportunity', number)} was taken away meanwhile")
    return Deal(page.records[0])
