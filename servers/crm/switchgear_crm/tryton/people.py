"""Persons at an account: its party's e-mail addresses that have a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from switchgear_crm.models import Contact
from switchgear_crm.tryton.house import House
from switchgear_crm.tryton.names import id_of, number_of, unmarked
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal

MECHANISM = "party.contact_mechanism"
FIELDS = ("value", "name", "comment", "party.name", "create_date", "_timestamp")

_NAMED = [["active", "=", True], ["name", "!=", None], ["name", "!=", ""]]
_PHONES = ["type", "in", ["phone", "mobile"]]


@dataclass(frozen=True, slots=True)
class Person:
    """A named e-mail address of a party, and the telephone number of the same name there."""

    record: Record
    phone: Record | None

    @property
    def id(self) -> int:
        """Tryton's id of the address."""
        return self.record["id"]

    @property
    def party_id(self) -> int:
        """The party whose address it is."""
        return self.record["party"]["id"]

    @property
    def account_id(self) -> str:
        """The account it belongs to."""
        return id_of("party", self.party_id)

    @property
    def contact(self) -> Contact:
        """The person as our callers see it."""
        return Contact(
            id=id_of("contact", self.id),
            version=self.record["_timestamp"],
            name=self.record["name"],
            job_title=unmarked(self.record["comment"] or ""),
            email=self.record["value"],
            phone=self.phone["value"] if self.phone else "",
        )


def kept(house: House) -> list[Any]:
    """Return what a contact mechanism must fulfil to be a contact of an account."""
    return [["type", "=", "email"], *_NAMED, ["party", "where", house.kept]]


def at(parties: Sequence[int]) -> list[Any]:
    """Return the domain of the contacts of parties."""
    return [["party", "in", [*parties]], ["type", "=", "email"], *_NAMED]


async def people_at(client: TrytonClient, parties: Sequence[int], *, limit: int) -> list[Person]:
    """Return who is at these parties, by name."""
    order = [("name", "ASC"), ("id", "ASC")]
    page = await client.search(MECHANISM, at(parties), FIELDS, limit=limit, order=order)
    return await with_phones(client, page.records)


async def with_phones(client: TrytonClient, records: Sequence[Record]) -> list[Person]:
    """Return the persons of e-mail addresses read with FIELDS."""
    if not records:
        return []
    parties = sorted({record["party"]["id"] for record in records})
    names = sorted({record["name"] for record in records})
    domain = [["party", "in", parties], _PHONES, ["name", "in", names]]
    fields = ["party", "name", "value", "create_date"]
    page = await client.search(MECHANISM, domain, fields, limit=MOST_RECORDS)
    phones: dict[tuple[int, str], Record] = {}
    for record in page.records:
        phones.setdefault((record["party"], record["name"]), record)
    return [
        Person(record, phones.get((record["party"]["id"], record["name"]))) for record in records
    ]


async def person_of(client: TrytonClient, house: House, contact_id: str) -> Person:
    """Return one contact; raises NotFoundError."""
    number = number_of("contact", contact_id)
    if number is not None:
        domain = [*kept(house), ["id", "=", number]]
        page = await client.search(MECHANISM, domain, FIELDS, limit=1)
        if page.records:
            return (await with_phones(client, page.records))[0]
    raise NotFoundError(f"there is no contact {contact_id}", field="contact_id")


async def people_written(client: TrytonClient, house: House, email: str) -> list[Person]:
    """Return the contacts of an e-mail address, the oldest first."""
    domain = [*kept(house), ["value", "ilike", literal(email)]]
    page = await client.search(MECHANISM, domain, FIELDS, limit=MOST_RECORDS)
    return await with_phones(client, page.records)


async def with_number(client: TrytonClient, house: House, word: str) -> list[int]:
    """Return the ids of the contacts in whose telephone number a word stands."""
    party = ["party", "where", house.kept]
    domain = [*_NAMED, _PHONES, ["value", "ilike", f"%{literal(word)}%"], party]
    page = await client.search(MECHANISM, domain, ["party", "name"], limit=MOST_RECORDS)
    if not page.records:
        return []
    alike = [["party", "in", sorted({one["party"] for one in page.records})]]
    alike.append(["name", "in", sorted({one["name"] for one in page.records})])
    domain = [*_NAMED, ["type", "=", "email"], *alike]
    found: list[Record] = await client.call(  # so many names are too long for an address
        MECHANISM, "search_read", domain, 0, None, [["id", "ASC"]], ["party", "name"]
    )
    wanted = {(one["party"], one["name"]) for one in page.records}
    return [one["id"] for one in found if (one["party"], one["name"]) in wanted]
