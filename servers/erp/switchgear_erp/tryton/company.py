"""The company in Tryton that every call is for: what it reckons in."""

from dataclasses import dataclass

from switchgear_shared.storage.tryton.client import TrytonClient


@dataclass(frozen=True, slots=True)
class Company:
    """One company; `people` are the parties that are itself or its employees."""

    id: int
    party: int
    currency_id: int
    currency: str
    people: frozenset[int]


async def company_of(client: TrytonClient) -> Company:
    """Read the client's company."""
    fields = ["party", "currency.code", "employees.party"]
    record = await client.get("company.company", client.company, fields)
    return Company(
        id=record["id"],
        party=record["party"],
        currency_id=record["currency"]["id"],
        currency=record["currency"]["code"],
        people=frozenset(employee["party"] for employee in record["employees"] or []),
    )
