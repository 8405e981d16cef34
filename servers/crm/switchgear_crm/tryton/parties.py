"""Parties as accounts: what of Tryton's fields is which of ours, and finding one by its keys."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from switchgear_crm.models import AccountId, Address, Role
from switchgear_crm.tryton.house import House
from switchgear_crm.tryton.names import id_of, number_of
from switchgear_shared.contracts.texts import domain_key, one_line
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import NotFoundError
from switchgear_shared.spelling import fold
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal

FIELDS = (
    *("name", "code", "create_date", "_timestamp", "customer_currency.code"),
    *("categories.name", "categories.parent.name"),
    *("tax_identifier.code", "identifiers.type", "identifiers.code"),
    *("addresses.street", "addresses.postal_code", "addresses.city", "addresses.country.code"),
    *("contact_mechanisms.type", "contact_mechanisms.value", "contact_mechanisms.name"),
)
ROLES: dict[Role, str] = {"customer": "Customer", "vendor": "Vendor"}
"""The category that says a role."""

INDUSTRY = "Industry"
"""The category whose children are industries."""

ABANDONED = timedelta(minutes=10)
"""Age, the most a call may take, from which one that was being made is left as it is."""

_MARK = re.compile(r"(?:sg-|write_)[0-9a-f]+(?P<open>\?)?")
_SCHEME = re.compile(r"^[a-z]+://(www\.)?|^www\.")
_ACCENTED = re.compile(r"[a-eg-lnorstuwyz]|[^\x00-\x7f]")
_NO_ADDRESS: Record = {"id": None, "street": "", "postal_code": "", "city": "", "country": None}


@dataclass(frozen=True, slots=True)
class Party:
    """A party read with FIELDS."""

    record: Record

    @property
    def id(self) -> int:
        """Tryton's id of it."""
        return self.record["id"]

    @property
    def account_id(self) -> AccountId:
        """Its id as our callers see it."""
        return AccountId(id_of("party", self.id))

    @property
    def name(self) -> str:
        """Its name, in one line."""
        return one_line(self.record["name"])

    @property
    def domains(self) -> set[str]:
        """The domains of all its websites."""
        return {host_of(one["value"]) for one in self._own("website")} - {""}

    @property
    def roles(self) -> tuple[Role, ...]:
        """What it is to us, by its categories."""
        names = {one["name"].casefold() for one in self.categories if one["parent"] is None}
        return tuple(role for role, name in ROLES.items() if name.casefold() in names)

    @property
    def industries(self) -> list[Record]:
        """Its categories below the one of industries."""
        return [one for one in self.categories if (one["parent"] or {}).get("name") == INDUSTRY]

    @property
    def categories(self) -> list[Record]:
        """All its categories."""
        return self.record["categories"] or []

    @property
    def tax_identifier(self) -> Record | None:
        """Its tax number, or else its first number of no type that is none of our marks."""
        numbers = self.record["identifiers"] or []
        of_no_type = [
            one for one in numbers if not one["type"] and not _MARK.fullmatch(one["code"])
        ]
        return self.record["tax_identifier"] or next(iter(of_no_type), None)

    @property
    def address(self) -> Record:
        """Its first address."""
        return next(iter(self.record["addresses"] or []), _NO_ADDRESS)

    @property
    def is_being_made(self) -> bool:
        """Whether a write has made it and not yet looked whether another one did too."""
        marks = [_MARK.fullmatch(one["code"]) for one in self.record["identifiers"] or []]
        is_open = any(mark["open"] for mark in marks if mark)
        made_at: datetime = self.record["create_date"]
        return is_open and utc_now() - made_at < ABANDONED

    def mechanism(self, *types: str) -> Record | None:
        """Return its first contact mechanism of these types that is no person's."""
        return next(iter(self._own(*types)), None)

    def fields(self, house: House) -> dict[str, Any]:
        """Return an account's own fields."""
        industry = next(iter(self.industries), None)
        website = self.mechanism("website")
        return {
            "id": self.account_id,
            "ref": self.record["code"],
            "version": self.record["_timestamp"],
            "name": self.name,
            "roles": self.roles,
            "industry": industry["name"] if industry else "",
            "domain": host_of(website["value"]) if website else "",
            "email": _value(self.mechanism("email")),
            "phone": _value(self.mechanism("phone", "mobile")),
            "tax_id": self.tax_identifier["code"] if self.tax_identifier else "",
            "address": Address(
                street=one_line(self.address["street"] or ""),
                postal_code=self.address["postal_code"] or "",
                city=self.address["city"] or "",
                country=(self.address["country"] or {}).get("code") or "",
            ),
            "owner_email": "",
            "currency": (self.record["customer_currency"] or {}).get("code") or house.currency,
            "since": self.record["create_date"].date(),
        }

    def _own(self, *types: str) -> list[Record]:
        mechanisms = self.record["contact_mechanisms"] or []
        return [one for one in mechanisms if one["type"] in types and not one["name"]]


async def party_of(
    client: TrytonClient, house: House, account_id: str, *, field: str = "account_id"
) -> Party:
    """Return the party of an account; raises NotFoundError about the field."""
    number = number_of("party", account_id)
    if number is not None:
        domain = [*house.kept, ["id", "=", number]]
        page = await client.search("party.party", domain, FIELDS, limit=1)
        if page.records:
            return Party(page.records[0])
    raise NotFoundError(f"there is no account {account_id}", field=field)


async def parties_named(
    client: TrytonClient, house: House, name: str | None, domain: str | None
) -> list[Party]:
    """Return the accounts of exactly that name, case and accents aside, or of that domain."""
    keys: list[Any] = []
    if name is not None:
        spelled = _ACCENTED.sub("_", literal(name.casefold()))
        keys += [["name", "ilike", literal(name)], ["name", "ilike", spelled]]
    if domain is not None:
        keys.append(
            [
                "contact_mechanisms",
                "where",
                [["type", "=", "website"], ["value", "ilike", f"%{literal(domain)}%"]],
            ]
        )
    found: list[Party] = []
    last_id = 0
    while True:  # a short name is spelled like very many others
        beyond = [*house.kept, ["OR", *keys], ["id", ">", last_id]]
        page = await client.search("party.party", beyond, FIELDS, limit=MOST_RECORDS)
        spelled_so = [Party(record) for record in page.records]
        found += [one for one in spelled_so if is_named(one, name) or domain in one.domains]
        if len(spelled_so) < MOST_RECORDS:
            return found
        last_id = spelled_so[-1].id


def is_named(party: Party, name: str | None) -> bool:
    """Say whether that is the party's name, case and accents aside."""
    return name is not None and fold(party.name) == fold(name)


def host_of(website: str) -> str:
    """Return the domain of a website's address, "" where it has none."""
    host = re.split(r"[/?#:]", _SCHEME.sub("", website.strip().lower()), maxsplit=1)[0]
    try:
        return domain_key(host)
    except ValueError:
        return ""


def _value(mechanism: Record | None) -> str:
    return mechanism["value"] if mechanism else ""
