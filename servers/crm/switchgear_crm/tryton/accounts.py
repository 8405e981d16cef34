"""Reading an account with its parts, and completing its id."""

import asyncio
from collections.abc import Sequence

from switchgear_crm.models import MOST_INCLUDED, Account, AccountId, AccountPart
from switchgear_crm.tryton import activities, deals, people
from switchgear_crm.tryton.house import house_of
from switchgear_crm.tryton.names import beginning, id_of
from switchgear_crm.tryton.parties import party_of
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.storage.tryton.texts import literal


async def get_account(
    client: TrytonClient, account_id: AccountId, include: Sequence[AccountPart]
) -> Account:
    """See CrmBackend."""
    house = await house_of(client)
    party = await party_of(client, house, account_id)
    resources = await activities.resources_of(client, party.id)
    contacts, opportunities, notes = await asyncio.gather(
        people.people_at(client, [party.id], limit=MOST_INCLUDED),
        deals.newest(client, house, party.id, limit=MOST_INCLUDED),
        activities.newest(client, resources, limit=MOST_INCLUDED),
    )
    return Account(
        **party.fields(house),
        contact_count=await client.call(
            "party.contact_mechanism", "search_count", people.at([party.id])
        ),
        opportunity_count=await client.call(
            "sale.opportunity", "search_count", deals.of_party(party.id)
        ),
        activity_count=await activities.count(client, resources),
        contacts=tuple(one.contact for one in contacts) if "contacts" in include else None,
        opportunities=opportunities if "opportunities" in include else None,
        activities=notes if "activities" in include else None,
    )


async def account_ids(client: TrytonClient, prefix: str, limit: int) -> list[AccountId]:
    """See CrmBackend."""
    house = await house_of(client)
    begin = ["OR", ["name", "ilike", f"{literal(prefix)}%"]]
    begin += [part for part in [beginning("party", prefix.lower())] if part]
    page = await client.search(
        "party.party",
        [*house.kept, begin],
        ["name"],
        limit=limit,
        order=[("name", "ASC"), ("id", "ASC")],
    )
    return [AccountId(id_of("party", record["id"])) for record in page.records]
