"""Who the invented company deals with: itself, its customers and vendors, and their people."""

import unicodedata
from datetime import date, timedelta
from random import Random

from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company.identifiers import bic, iban, tax_id
from switchgear_shared.demo_company.party import Address, Party
from switchgear_shared.demo_company.records import Contact
from switchgear_shared.demo_company.vocabulary import COUNTRY, INDUSTRIES, JOB_TITLES, Country

OUR_DOMAIN = "sonnwerth.example.com"
OWNERS = tuple(f"{name}@{OUR_DOMAIN}" for name in ("mara.lindt", "jonas.reuter", "elif.acar"))

_CUSTOMERS = {
    "DE": 70, "AT": 15, "FR": 17, "NL": 12, "IT": 12, "ES": 8, "GB": 10, "US": 8, "CH": 5, "JP": 3,
}  # fmt: skip
_VENDORS = {
    "DE": 16, "AT": 3, "FR": 4, "NL": 3, "IT": 3, "ES": 1, "GB": 2, "US": 4, "CH": 2, "JP": 2,
}  # fmt: skip


def our_company() -> Party:
    """Return ourselves."""
    return Party(
        id="self",
        ref="SELF",
        name="Sonnwerth Instruments GmbH",
        roles=(),
        tax_id="DE318274567",
        iban="DE80999100101830275519",
        bic=bic("DE"),
        account_number=None,
        address=Address("Am Werkhof 12", "79110", "Freiburg", "DE"),
        email=f"invoices@{OUR_DOMAIN}",
        phone="+49 761 5550100",
        domain=OUR_DOMAIN,
        industry="instruments",
        owner_email=OWNERS[0],
        currency="EUR",
        payment_days=30,
        credit_limit=None,
        since=date(2009, 4, 1),
    )


def accounts(random: Random, today: date) -> tuple[Party, ...]:
    """Return the customers, then the vendors; every third vendor buys from us as well."""
    wanted = [
        (code, role)
        for role, counts in (("customer", _CUSTOMERS), ("vendor", _VENDORS))
        for code, count in counts.items()
        for _ in range(count)
    ]
    taken: set[str] = set()
    return tuple(
        _account(random, COUNTRY[code], role, number, taken=taken, today=today)
        for number, (code, role) in enumerate(wanted, start=1)
    )


def contacts(random: Random, parties: tuple[Party, ...]) -> tuple[Contact, ...]:
    """Return one to three people at each account."""
    people: list[Contact] = []
    for party in parties:
        country = COUNTRY[party.address.country]
        used: set[str] = set()
        for _ in range(random.randint(1, 3)):
            first, last = random.choice(country.first_names), random.choice(country.last_names)
            email = f"{slug(first)}.{slug(last)}@{party.domain}"
            if email in used:
                continue
            used.add(email)
            people.append(
                Contact(
                    id=f"con_{len(people) + 1:04d}",
                    account_id=party.id,
                    first_name=first,
                    last_name=last,
                    email=email,
                    phone=_phone(random, country),
                    job_title=random.choice(JOB_TITLES),
                )
            )
    return tuple(people)


def slug(text: str) -> str:
    """Return `text` as it may stand in an e-mail address."""
    german = text.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}))
    plain = unicodedata.normalize("NFKD", german).encode("ascii", "ignore").decode()
    return "".join(char for char in plain if char.isalnum())


def _account(
    random: Random, country: Country, role: str, number: int, *, taken: set[str], today: date
) -> Party:
    name, domain = _name(random, country, taken)
    account_iban = iban(country.code, random)
    is_vendor = role == "vendor"
    limit_euros = random.choice((20_000, 50_000, 100_000, 250_000, 500_000))
    return Party(
        id=f"acc_{number:04d}",
        ref=f"{'V' if is_vendor else 'C'}-{number:04d}",
        name=name,
        roles=(("vendor", "customer") if number % 3 == 0 else ("vendor",))
        if is_vendor
        else ("customer",),
        tax_id=tax_id(country.code, random),
        iban=account_iban,
        bic=bic(country.code),
        account_number=None if account_iban else str(random.randint(10**9, 10**10 - 1)),
        address=_address(random, country),
        email=f"{'billing' if is_vendor else 'info'}@{domain}",
        phone=_phone(random, country),
        domain=domain,
        industry=random.choice(INDUSTRIES),
        owner_email=random.choice(OWNERS),
        currency=country.currency,
        payment_days=random.choice((14, 30, 30, 45)),
        credit_limit=Money.from_minor(limit_euros * 100, country.currency)
        if not is_vendor or number % 3 == 0
        else None,
        since=today - timedelta(days=random.randint(800, 4000)),
    )


def _name(random: Random, country: Country, taken: set[str]) -> tuple[str, str]:
    while True:
        stem, field = random.choice(country.stems), random.choice(country.fields)
        domain = f"{slug(stem)}-{slug(field)}.example.{'org' if country.code == 'JP' else 'com'}"
        if domain not in taken:
            taken.add(domain)
            return f"{stem} {field} {random.choice(country.forms)}", domain


def _address(random: Random, country: Country) -> Address:
    code, city = random.choice(country.cities)
    street, house = random.choice(country.streets), random.randint(1, 140)
    line = f"{house} {street}" if country.number_first else f"{street} {house}"
    return Address(line, code, city, country.code)


def _phone(random: Random, country: Country) -> str:
    return f"{country.dial} {random.randint(20, 89)} 555{random.randint(1000, 9999)}"
