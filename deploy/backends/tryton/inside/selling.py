"""Who sells to whom, and what may come of it: roles, websites, contacts and opportunities."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from proteus import Model
from trade import CUSTOMERS, VENDORS

COUNTRIES = {
    "DE": "Germany",
    "GB": "United Kingdom",
    "NL": "Netherlands",
    "SE": "Sweden",
    "US": "United States",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A contact of a party: its e-mail address, what it does there, and its telephone."""

    party: str
    name: str
    email: str
    job_title: str
    phone: str


PEOPLE = [
    Person(
        "Brandt Maschinenbau GmbH",
        "Ines Brandt",
        "ines@brandt.example",
        "Head of Purchasing",
        "+49 40 555 0101",
    ),
    Person(
        "Lindqvist Energi AB", "Nils Åberg", "nils@lindqvist.example", "Engineer", "+46 8 555 0102"
    ),
]
OPPORTUNITIES = [
    ("Brandt Maschinenbau GmbH", "Breakers for hall 3", "18500.00", 30, "lead", "0.2"),
    ("Lindqvist Energi AB", "Metering of the Åland line", "64000.00", 75, "opportunity", "0.45"),
]
"""Party, description, amount in EUR, days until it closes, state, probability."""


def open_pipeline(company: Any) -> None:
    """Make it all; the opportunities are those of the user `switchgear`."""
    Model.get("currency.currency")(name="US dollar", code="USD", symbol="$").save()
    country = Model.get("country.country")
    for code, name in COUNTRIES.items():
        country(code=code, name=name).save()
    for role, parties in (("Customer", CUSTOMERS), ("Vendor", VENDORS)):
        category = Model.get("party.category")(name=role)
        category.save()
        for name in parties:
            _complete(name, category)
    for person in PEOPLE:
        party = _party(person.party)
        about = {"name": person.name, "comment": person.job_title}
        party.contact_mechanisms.new(type="email", value=person.email, **about)
        party.contact_mechanisms.new(type="phone", value=person.phone, name=person.name)
        party.save()
    for described in OPPORTUNITIES:
        _opportunity(company, *described)


def _complete(name: str, category: Any) -> None:
    party = _party(name)
    party.categories.append(Model.get("party.category")(category.id))
    [email] = party.contact_mechanisms
    domain = email.value.partition("@")[2]
    party.contact_mechanisms.new(type="website", value=f"https://www.{domain}/")
    party.save()


def _party(name: str) -> Any:
    [party] = Model.get("party.party").find([("name", "=", name)])
    return party


def _opportunity(
    company: Any, name: str, title: str, amount: str, days: int, state: str, probability: str
) -> None:
    (employee,) = Model.get("company.employee").find([("party.name", "=", "Switchgear")])
    made = Model.get("sale.opportunity")(company=company, party=_party(name), description=title)
    made.amount = Decimal(amount)
    made.employee = employee
    made.end_date = datetime.now(UTC).date() + timedelta(days=days)
    made.conversion_probability = float(probability)
    made.save()
    if state == "opportunity":
        made.click("opportunity")
