"""Parties: what of Tryton's fields is which of ours, and finding them."""

from collections.abc import Iterable, Sequence

from switchgear_erp.models import Party, PartyPage, Role
from switchgear_erp.search import ranked
from switchgear_erp.tryton import bank_accounts
from switchgear_erp.tryton.amounts import money
from switchgear_erp.tryton.candidates import candidates
from switchgear_erp.tryton.company import Company, company_of
from switchgear_erp.tryton.ids import number_in, party_id
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import is_mark

_MODEL = "party.party"
_CODES = ("code", "name", "identifiers.code", "contact_mechanisms.value")
_SIDES: dict[Role, tuple[str, ...]] = {
    "customer": ("customer_payment_term", "customer_currency", "credit_limit_amount"),
    "vendor": ("supplier_payment_term", "supplier_currency"),
}
_FIELDS = (
    "code",
    "name",
    "identifiers.type",
    "identifiers.code",
    "contact_mechanisms.type",
    "contact_mechanisms.value",
    "addresses.city",
    "addresses.country.code",
    "customer_currency.code",
    "supplier_currency.code",
    "credit_limit_amount",
    "credit_amount",
    *(
        f"{side}_payment_term.lines.relativedeltas.{span}"
        for side in ("customer", "supplier")
        for span in ("days", "weeks", "months")
    ),
)
_DAYS = {"days": 1, "weeks": 7, "months": 30}


async def find_parties(
    client: TrytonClient, *, query: str, role: Role | None, limit: int
) -> PartyPage:
    """See ErpBackend."""
    company = await company_of(client)
    has_accounts = await bank_accounts.keeps_bank_accounts(client)
    more = bank_accounts.FIELDS if has_accounts else ()
    codes = (*_CODES, bank_accounts.CODE) if has_accounts else _CODES
    fields = (*_CODES, *more, *(field for side in _SIDES.values() for field in side))
    found = await candidates(client, _MODEL, [["id", "!=", company.party]], query, codes, fields)
    matches = ranked(
        query,
        (
            (one["id"], one["name"], (party_id(one["id"]), *_codes(one)))
            for one in found
            if role is None or role in roles_of(one, company)
        ),
    )
    best = [number for number, _ in matches[:limit]]
    records = await _records(client, best, more)
    return PartyPage(
        items=tuple(_party(records[number], company) for number in best if number in records),
        total=len(matches),
        truncated=len(matches) > limit,
    )


async def party_named(client: TrytonClient, text: str, field: str = "party_id") -> Record:
    """Return the record of one party; raises NotFoundError.

    It has `code`, `name`, `credit_limit_amount` and `credit_amount`, and what `roles_of` reads.
    """
    number = number_in("party", text)
    records = await _records(client, [number] if number is not None else [])
    if number not in records:
        raise NotFoundError(f"there is no party {text}", field=field)
    return records[number]


async def parties_in(client: TrytonClient, numbers: Iterable[int]) -> dict[int, str]:
    """Return the names of parties by Tryton's number."""
    wanted = sorted({*numbers})
    if not wanted:
        return {}
    page = await client.search(_MODEL, [["id", "in", wanted]], ["name"], limit=MOST_RECORDS)
    return {record["id"]: record["name"] for record in page.records}


def roles_of(record: Record, company: Company) -> tuple[Role, ...]:
    """Return the roles of a party: those that its terms speak of, else both."""
    if record["id"] in company.people or record["id"] == company.party:
        return ()
    spoken: tuple[Role, ...] = tuple(
        role
        for role, fields in _SIDES.items()
        if any(record[field] is not None for field in fields)
    )
    return spoken or ("customer", "vendor")


def check_role(record: Record, company: Company, role: Role) -> None:
    """Raise InvalidRequestError for a party without that role."""
    if role not in roles_of(record, company):
        raise InvalidRequestError(
            f"party {party_id(record['id'])} is not a {role}", field="party_id"
        )


async def _records(
    client: TrytonClient, numbers: list[int], more: Sequence[str] = ()
) -> dict[int, Record]:
    if not numbers:
        return {}
    fields = (*_FIELDS, *more)
    page = await client.search(_MODEL, [["id", "in", numbers]], fields, limit=len(numbers))
    return {record["id"]: record for record in page.records}


def _codes(record: Record) -> list[str | None]:
    identifiers = record["identifiers"] or []
    contacts = record["contact_mechanisms"] or []
    return [
        record["code"],
        *(one["code"] for one in identifiers),
        *(one["value"] for one in contacts),
        *bank_accounts.ibans_of(record),
    ]


def _party(record: Record, company: Company) -> Party:
    contacts = record["contact_mechanisms"] or []
    identifiers = record["identifiers"] or []
    addresses = record["addresses"] or [{}]
    sides = ("customer", "supplier")
    own = next((record[f"{side}_currency"] for side in sides if record[f"{side}_currency"]), None)
    term = next(
        (record[f"{side}_payment_term"] for side in sides if record[f"{side}_payment_term"]), None
    )
    limit = record["credit_limit_amount"]
    country = addresses[0].get("country") or {}
    return Party(
        id=party_id(record["id"]),
        ref=record["code"] or "",
        name=record["name"] or "",
        roles=roles_of(record, company),
        vat_id=_vat_id(identifiers),
        iban=next(iter(bank_accounts.ibans_of(record)), None),
        email=next((one["value"] for one in contacts if one["type"] == "email"), None),
        city=addresses[0].get("city"),
        country=country.get("code") or "",
        currency=own["code"] if own else company.currency,
        credit_limit=None if limit is None else money(limit, company.currency),
        payment_days=_days(term),
    )


def _vat_id(identifiers: list[Record]) -> str | None:
    """Return the VAT number, else the first number of no type that is none of our marks."""
    of_no_type = [one for one in identifiers if not one["type"] and not is_mark(one["code"])]
    of_vat = [one for one in identifiers if (one["type"] or "").endswith("_vat")]
    return next((one["code"] for one in (*of_vat, *of_no_type)), None)


def _days(term: Record | None) -> int:
    lines = (term or {}).get("lines") or []
    if not lines:
        return 0
    return sum(
        (delta[span] or 0) * days
        for delta in lines[-1]["relativedeltas"] or []
        for span, days in _DAYS.items()
    )
