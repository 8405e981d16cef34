"""The process of a new customer: looked for first, then account, contact, ERP party, welcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import Currency
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.papers import find_party
from switchgear_workflows.process import Done, End, Failed, Kind, Step, Work

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


@dataclass(frozen=True, slots=True)
class CustomerOnboarding:
    """The steps; nothing is made until nobody of that name, domain or VAT number is found."""

    tools: ProcessTools

    def kind(self) -> Kind:
        """Return the process as the manager runs it."""
        return Kind(
            name=NAME,
            version=1,
            starts_with=("workflows_start",),
            waits_for=("governance.approval.decided",),
            steps={
                "duplicates": Step(self.duplicates),
                "account": Step(self.account, stays=_STAYS),
                "contact": Step(self.contact, stays=_STAYS),
                "party": Step(self.party),
                "welcome": Step(self.welcome, stays="what the CRM logged stays logged"),
            },
            record_of=_record,
            input=OnboardingInput,
            subject_of=lambda given: str(given["domain"]).casefold()[:80],
        )

    async def duplicates(self, work: Work) -> End:
        """Find accounts of the same domain, name or VAT number; with one, nothing is made."""
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

    async def party(self, work: Work) -> End:
        """Find the customer in the ERP; no tool makes one there, and the result says so."""
        party = await find_party(
            self.tools,
            work,
            "customer",
            vat_id=work.input.get("tax_id"),
            name=work.input["name"],
        )
        if isinstance(party, str):
            return Done(detail={"party_id": None, "reason": party}, data={"party_id": None})
        return Done(detail={"party_id": party["id"]}, data={"party_id": party["id"]})

    async def welcome(self, work: Work) -> End:
        """Log that the customer was taken on, and what is left for people to do."""
        left = "" if work.data["party_id"] else " It is not in the ERP yet: have it entered there."
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
    party_id = data["party_id"]
    return {
        "record_uri": f"crm://accounts/{data['account_id']}",
        "account_id": data["account_id"],
        "contact_id": data["contact_id"],
        "party_id": party_id,
        "left_to_do": [] if party_id else ["enter the customer in the ERP"],
    }
