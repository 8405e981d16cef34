"""Reading opportunities: one, a page of them, and what stands at each stage."""

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from switchgear_crm.models import (
    STAGES,
    AccountId,
    Opportunity,
    OpportunityId,
    OpportunityPage,
    Pipeline,
    StageFilter,
    StageSummary,
    StageTotal,
)
from switchgear_crm.pipeline import PROBABILITY_PERCENT
from switchgear_crm.tryton import activities, deals, people
from switchgear_crm.tryton.deals import FIELDS, OPPORTUNITY, Deal
from switchgear_crm.tryton.house import House, house_of
from switchgear_crm.tryton.moving import LEADS_TO
from switchgear_crm.tryton.names import beginning, id_of, number_of
from switchgear_crm.tryton.reading import records_in
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.contracts.values import Money
from switchgear_shared.storage.tryton.client import MOST_RECORDS, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of
from switchgear_shared.storage.tryton.texts import literal

_OPPORTUNITIES = "crm.tryton.opportunities"


@dataclass(frozen=True, slots=True)
class DealSearch:
    """What opportunities are looked for; criteria that are None do not count."""

    query: str | None
    stage: StageFilter | None
    owner_email: str | None
    account_id: AccountId | None
    closing_before: date | None
    at_least: Money | None

    def domain(self, house: House) -> list[Any]:
        """Return what an opportunity must fulfil."""
        domain = deals.kept(house)
        domain += [_holds(word) for word in (self.query or "").split()]
        if self.stage is not None:
            domain.append(deals.at_stage(self.stage))
        if self.owner_email is not None:
            domain.append(["employee", "in", house.employees(self.owner_email)])
        if self.account_id is not None:
            domain.append(["party", "=", number_of("party", self.account_id) or 0])
        if self.closing_before is not None:
            domain.append(["end_date", "<", self.closing_before])
        if self.at_least is not None:
            domain += [
                ["currency.code", "=", self.at_least.currency],
                ["amount", ">=", self.at_least.amount],
            ]
        return domain


async def get_opportunity(client: TrytonClient, opportunity_id: OpportunityId) -> Opportunity:
    """See CrmBackend."""
    house = await house_of(client)
    deal = await deals.deal_of(client, house, opportunity_id)
    person = None
    if (contact_id := deal.record["contact"]) is not None:
        domain = [*people.at([deal.party_id]), ["id", "=", contact_id]]
        page = await client.search(people.MECHANISM, domain, people.FIELDS, limit=1)
        person = next(iter(await people.with_phones(client, page.records)), None)
    return Opportunity(
        **deal.fields(house),
        contact=person.contact if person else None,
        created_at=deal.record["create_date"],
        reason=deal.reason,
        last_activity_at=await activities.last_at(client, f"{OPPORTUNITY},{deal.id}"),
    )


async def list_opportunities(
    client: TrytonClient, search: DealSearch, *, limit: int, cursor: str | None
) -> OpportunityPage:
    """See CrmBackend."""
    house = await house_of(client)
    domain = search.domain(house)
    records, total = await asyncio.gather(
        records_in(
            client,
            OPPORTUNITY,
            [*domain, *_beyond(cursor)],
            FIELDS,
            limit=limit + 1,
            order=[("end_date", "ASC NULLS LAST"), ("id", "ASC")],
        ),
        client.call(OPPORTUNITY, "search_count", domain),
    )
    found = [Deal(record) for record in records]
    last = found[limit - 1] if len(found) > limit else None
    return OpportunityPage(
        items=tuple(deal.entry(house) for deal in found[:limit]),
        total=total,
        next_cursor=encode_cursor(_OPPORTUNITIES, [last.close_on.isoformat(), last.id])
        if last
        else None,
        truncated=last is not None,
    )


async def describe_pipeline(client: TrytonClient, owner_email: str | None) -> Pipeline:
    """See CrmBackend; Tryton adds nothing up, so every opportunity is read."""
    house = await house_of(client)
    domain = DealSearch(None, None, owner_email, None, None, None).domain(house)
    counts = dict.fromkeys(STAGES, 0)
    totals: dict[str, dict[str, Decimal]] = {stage: {} for stage in STAGES}
    last_id, fields = 0, ["state", "amount", "currency.code"]
    while True:
        more = [*domain, ["id", ">", last_id]]
        page = await client.search(OPPORTUNITY, more, fields, limit=MOST_RECORDS)
        for record in page.records:
            stage, code = deals.STAGES[record["state"]], record["currency"]["code"]
            counts[stage] += 1
            amount = record["amount"] or Decimal(0)
            totals[stage][code] = totals[stage].get(code, Decimal(0)) + amount
        if len(page.records) < MOST_RECORDS:
            break
        last_id = page.records[-1]["id"]
    return Pipeline(
        stages=tuple(
            StageSummary(
                stage=stage,
                probability_percent=PROBABILITY_PERCENT[stage],
                leads_to=LEADS_TO[stage],
                opportunity_count=counts[stage],
                totals=tuple(
                    StageTotal(currency=code, amount=amount)
                    for code, amount in sorted(totals[stage].items())
                ),
            )
            for stage in STAGES
        )
    )


async def opportunity_ids(client: TrytonClient, prefix: str, limit: int) -> list[OpportunityId]:
    """See CrmBackend."""
    house = await house_of(client)
    pattern = f"{literal(prefix)}%"
    begin = ["OR", ["number", "ilike", pattern], ["description", "ilike", pattern]]
    begin += [part for part in [beginning("opportunity", prefix.lower())] if part]
    page = await client.search(
        OPPORTUNITY,
        [*deals.kept(house), begin],
        ["number"],
        limit=limit,
        order=[("description", "ASC"), ("id", "ASC")],
    )
    return [OpportunityId(id_of("opportunity", record["id"])) for record in page.records]


async def owner_emails(client: TrytonClient, prefix: str, limit: int) -> list[str]:
    """See CrmBackend; owners are known by the newest opportunities."""
    house = await house_of(client)
    page = await client.search(
        OPPORTUNITY,
        [*deals.kept(house), ["employee", "!=", None]],
        ["employee"],
        limit=MOST_RECORDS,
        order=[("id", "DESC")],
    )
    emails = {house.email_of(record["employee"]) for record in page.records} - {""}
    return sorted(email for email in emails if email.startswith(prefix.lower()))[:limit]


def _holds(word: str) -> list[Any]:
    pattern = f"%{literal(word)}%"
    names = ("description", "number", "party.name")
    return ["OR", *[[name, "ilike", pattern] for name in names]]


def _beyond(cursor: str | None) -> list[Any]:
    if cursor is None:
        return []
    day, last_id = keys_of(_OPPORTUNITIES, cursor, date, int)
    same_day = ["end_date", "=", None if day == deals.NO_DATE else day]
    later = [["end_date", ">", day], ["end_date", "=", None]]
    return [["OR", [same_day, ["id", ">", last_id]], *(later if same_day[2] else [])]]
