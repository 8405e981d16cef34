"""The company in Tryton that every call is for: what it reckons in."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from switchgear_shared.errors import InvalidRequestError
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


async def currency_code(client: TrytonClient, company: Company, currency_id: int) -> str:
    """Return the code of a currency."""
    if currency_id == company.currency_id:
        return company.currency
    code: str = (await client.get("currency.currency", currency_id, ["code"]))["code"]
    return code


async def in_company_currency(
    client: TrytonClient, company: Company, amount: Decimal, currency_id: int, on: date
) -> Decimal:
    """Return an amount at the rate of a day.

    Raises:
        InvalidRequestError: there is no rate.
    """
    if currency_id == company.currency_id:
        return amount
    domain = [["id", "in", [currency_id, company.currency_id]]]
    page = await client.search(
        "currency.currency", domain, ["code", "rate"], limit=2, context={"date": on}
    )
    rates = {record["id"]: record for record in page.records}
    theirs, ours = rates[currency_id]["rate"], rates[company.currency_id]["rate"]
    if not theirs or not ours:
        code = rates[currency_id]["code"]
        raise InvalidRequestError(f"Tryton has no exchange rate for {code} on {on}")
    return amount * ours / theirs
