"""The process of a new customer: looked for first, then account, contact, ERP party, welcome."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import Currency
from switchgear_shared.errors import ConflictError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.papers import find_party
from switchgear_workflows.process import Done, End, Failed, Kind, Step, UndoEnd, Undone, Work

NAME = "customer_onboarding"
_STAYS = "the CRM has no tool that removes it"


class Person(Contract):
    """The customer's contact."""

    email: Annotated[str, Field(min_length=3, max_length=254)]
    last_name: Annotated[str, Field(min_length=1, max_length=80)]
    first_name: Annotated[str | None, Field(max_length=80)] = None
    job_title: Annotated[str | None, Field(max_length=80)] = None


class OnboardingInput(Contract):
    """Who becomes a customer."""

    name: Annotated[str, Field(min_length=2, max_length=200, description="Legal name.")]
    domain: Annotated[str, Field(min_length=3, max_length=200, description="Of its e-mail.")]
    currency: Currency
    contact: Person
    tax_id: Annotated[str | None, Field(max_length=40, description="VAT number.")] = None
    industry: Annotated[str | None, Field(max_length=80)] = None
    owner: Annotated[str | None, Field(max_length=254, description="Salesperson's e-mail.")] = None


class Address(Contract):
    """Where the customer is."""

    street: Annotated[str, Field(max_length=120)] = ""
    postal_code: Annotated[str, Field(max_length=16)] = ""
    city: Annotated[str, Field(min_length=1, max_length=60)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$", description="As in DE.")]


class OnboardingWithAddress(OnboardingInput):
    """Who becomes a customer, and where it is; without an address it is in our country."""

    address: Address | None = None


@dataclass(frozen=True, slots=True)
class CustomerOnboarding:
    """The steps; nothing is made until nobody of that name, domain or VAT number is found."""

    tools: ProcessTools

    def kinds(self) -> tuple[Kind, ...]:
        """Return the process in each version; the first makes no party in the ERP."""
        beginning = {
            "duplicates": Step(self.duplicates),
            "account": Step(self.account, stays=_STAYS),
            "contact": Step(self.contact, stays=_STAYS),
        }
        welcome = Step(self.welcome, stays="what the CRM logged stays logged")
        first = Kind(
            name=NAME,
            version=1,
            starts_with=("workflows_start",),
            waits_for=("governance.approval.decided",),
            steps={**beginning, "party": Step(self.known_party), "welcome": welcome},
            record_of=_record,
            input=OnboardingInput,
            subject_of=lambda given: str(given["domain"]).casefold()[:80],
        )
        making = {
            **beginning,
            "known_party": Step(self.known_party),
            "party": Step(self.party, undo=self.put_party_away),
            "welcome": welcome,
        }
        return first, replace(first, version=2, steps=making, input=OnboardingWithAddress)

    async def duplicates(self, work: Work) -> End:
        """Find accounts of the same domain, name or VAT number; with one, nothing is made.

        Taken up again, the account is its own.
        """
        if "account_id" in work.data:
            return Done()
        for query in ("domain", "tax_id", "name"):
            if query not in work.input:
                continue
            found = await self.tools.read(
                work, "crm_search", query=work.input[query], kind="account", limit=5
            )
            same = [] if found["approximate"] else found["items"]
            if same:
                known = ", ".join(f"{one['account_id']} {one['name']}" for one in same)
                return Failed(f"known by its {query}: {known}")
        return Done()

    async def account(self, work: Work) -> End:
        """Make the account."""
        given = {name: value for name, value in work.input.items() if name != "contact"}
        if given.get("address"):
            given["address"] = {"street": "", "postal_code": "", **given["address"]}
        made = await self.tools.write(
            work, "crm_upsert_account", key=work.key("account"), roles=["customer"], **given
        )
        data = {"account_id": made["id"]}
        return Done(detail=data, data=data)

    async def contact(self, work: Work) -> End:
        """Make the contact at the account."""
        made = await self.tools.write(
            work,
            "crm_upsert_contact",
            key=work.key("contact"),
            account_id=work.data["account_id"],
            **work.input["contact"],
        )
        data = {"contact_id": made["id"]}
        return Done(detail=data, data=data)

    async def known_party(self, work: Work) -> End:
        """Find the customer in the ERP, where it may have been entered before."""
        party = await find_party(
            self.tools,
            work,
            "customer",
            vat_id=work.input.get("tax_id"),
            name=work.input["name"],
        )
        fresh = {"made_party": None, "left_to_do": None}  # of an attempt that was undone
        if isinstance(party, str):
            detail = {"party_id": None, "reason": party}
            return Done(detail=detail, data={**fresh, "party_id": None})
        return Done(detail={"party_id": party["id"]}, data={**fresh, "party_id": party["id"]})

    async def party(self, work: Work) -> End:
        """Make the customer in the ERP under the account's id, unless it is there.

        A party that is there and no customer is for people to look at.
        """
        if work.data["party_id"]:
            return Done(detail={"party_id": work.data["party_id"], "made": False})
        address = work.input.get("address") or {}
        try:
            made = await self.tools.write(
                work,
                "erp_create_party",
                key=work.key("party"),
                name=work.input["name"],
                roles=["customer"],
                vat_id=work.input.get("tax_id"),
                address={name: value for name, value in address.items() if value} or None,
                currency=work.input["currency"],
                account_id=work.data["account_id"],
            )
        except ConflictError as refusal:
            left = f"make it a customer in the ERP: {refusal.message}"
            return Done(detail={"party_id": None, "reason": left}, data={"left_to_do": left})
        data = {"party_id": made["id"], "made_party": made["id"]}
        return Done(detail={"party_id": made["id"], "made": True}, data=data)

    async def put_party_away(self, work: Work) -> UndoEnd:
        """Deactivate the party that was made; the ERP refuses once something is of it."""
        if work.data["made_party"] is None:
            return Undone({"changed": False})
        gone = await self.tools.write(
            work,
            "erp_deactivate_party",
            key=work.undo_key("party"),
            party_id=work.data["made_party"],
        )
        return Undone({"changed": gone["changed"]})

    async def welcome(self, work: Work) -> End:
        """Log that the customer was taken on, and what is left for people to do."""
        left = "".join(f" Left to do: {one}." for one in _left(work.data))
        made = await self.tools.write(
            work,
            "crm_log_activity",
            key=work.key("welcome"),
            about_id=work.data["account_id"],
            kind="note",
            subject=f"Welcome {work.input['name']}"[:200],
            note=f"Taken on by process {work.process_id}.{left}",
        )
        return Done(detail={"activity_id": made["id"]})


def _record(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "record_uri": f"crm://accounts/{data['account_id']}",
        "account_id": data["account_id"],
        "contact_id": data["contact_id"],
        "party_id": data["party_id"],
        "left_to_do": _left(data),
    }


def _left(data: Mapping[str, Any]) -> list[str]:
    if data["party_id"]:
        return []
    return [data.get("left_to_do") or "enter the customer in the ERP"]
