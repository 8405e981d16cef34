"""Our own house in Tryton: companies and employees, whose parties are no accounts of ours."""

import asyncio
from dataclasses import dataclass
from typing import Any

from switchgear_shared.errors import BackendRejectedError, InvalidRequestError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, TrytonClient

_ALL = {"active_test": False}


@dataclass(frozen=True, slots=True)
class House:
    """Employees' e-mail addresses by employee, the house's own parties, and its currency."""

    emails: dict[int, str]
    parties: tuple[int, ...]
    currency: str

    @property
    def kept(self) -> list[Any]:
        """What a party must fulfil to be an account."""
        return [
            ["id", "not in", [*self.parties]],
            ["active", "=", True],
            ["name", "!=", None],
            ["name", "!=", ""],
        ]

    def email_of(self, employee_id: int | None) -> str:
        """Return the address of an employee, "" where Tryton has none."""
        return self.emails.get(employee_id or 0, "")

    def employees(self, email: str) -> list[int]:
        """Return who has that address."""
        wanted = email.lower()
        return [employee for employee, address in self.emails.items() if address == wanted]

    def employee(self, email: str) -> int:
        """Return the first who has that address; raises InvalidRequestError for a stranger's."""
        known = self.employees(email)
        if not known:
            raise InvalidRequestError(f"Tryton has no employee {email}", field="owner")
        return known[0]


async def house_of(client: TrytonClient) -> House:
    """Return the house as it is now."""
    employees, companies = await asyncio.gather(
        client.call(
            "company.employee",
            "search_read",
            [],
            0,
            None,
            [["id", "ASC"]],
            ["party", "party.email"],
            context=_ALL,
        ),
        client.search("company.company", [], ["party", "currency.code"], limit=MOST_RECORDS),
    )
    own = {employee["party"] for employee in employees}
    own |= {company["party"] for company in companies.records}
    currencies = {company["id"]: company["currency"] for company in companies.records}
    if client.company not in currencies:
        raise BackendRejectedError(f"Tryton's user may not read company {client.company}")
    return House(
        {one["id"]: (one["party."]["email"] or "").lower() for one in employees},
        tuple(sorted(own)),
        currencies[client.company]["code"],
    )
