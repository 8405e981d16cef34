"""What a caller wants of a record: the fields given, and only those; the rest stays as it is."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from switchgear_crm.models import AccountId, Address, ContactId, OpenStage, Role
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.texts import domain_key, email_key, one_line, said, within
from switchgear_shared.contracts.values import Currency, Money


def _postal(address: Address) -> Address:
    limits = {"street": 120, "postal_code": 16, "city": 60}
    tidy = {name: one_line(text) for name, text in dict(address).items()}
    for name, most in limits.items():
        if len(tidy[name]) > most:
            raise ValueError(f"{name} is longer than {most}")
    if tidy["country"] and re.fullmatch("[A-Z]{2}", tidy["country"]) is None:
        raise ValueError("country is no ISO 3166 code such as DE")
    return Address(**tidy)


Email = Annotated[str, within(254, email_key)]
EmailOrNone = Annotated[str, within(254, lambda text: email_key(text) if text else "")]
Domain = Annotated[str, within(120, domain_key)]
Name = Annotated[str, within(120, said)]
ShortName = Annotated[str, within(60, said)]
Line = Annotated[str, within(60, one_line)]
Phone = Annotated[str, within(40, one_line)]
TaxId = Annotated[str, within(32, one_line)]
Reason = Annotated[str, within(500, said)]
PostalAddress = Annotated[Address, AfterValidator(_postal)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Changes(Contract):
    """A partial record; null means not given, an empty text clears."""

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, by name."""
        return {
            name: getattr(self, name)
            for name in type(self).model_fields
            if getattr(self, name) is not None
        }


class AccountChanges(Changes):
    """What to write of an account."""

    name: Name | None = None
    domain: Domain | None = None
    roles: tuple[Role, ...] | None = None
    industry: Line | None = None
    email: EmailOrNone | None = None
    phone: Phone | None = None
    tax_id: TaxId | None = None
    address: PostalAddress | None = None
    owner_email: Email | None = None
    currency: Currency | None = None


class ContactChanges(Changes):
    """What to write of a contact."""

    account_id: AccountId | None = None
    first_name: ShortName | None = None
    last_name: ShortName | None = None
    phone: Phone | None = None
    job_title: Line | None = None


class OpportunityDraft(Contract):
    """A new opportunity; without an owner it is the account's, without a chance the stage's."""

    account_id: AccountId
    name: Name
    amount: Money
    close_on: date
    stage: OpenStage = "qualified"
    probability_percent: Percent | None = None
    owner_email: Email | None = None
    contact_id: ContactId | None = None


class OpportunityChanges(Changes):
    """What to write of an opportunity; its stage moves by a move only."""

    name: Name | None = None
    amount: Money | None = None
    close_on: date | None = None
    probability_percent: Percent | None = None
    owner_email: Email | None = None
    contact_id: ContactId | None = None
