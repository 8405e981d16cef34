"""What is known of a party to be, as values of Tryton's; what they link to is found."""

from datetime import date, timedelta
from typing import Any

from switchgear_erp.parties import PartyDraft
from switchgear_erp.tryton.bank_accounts import account_values
from switchgear_erp.tryton.company import Company
from switchgear_erp.tryton.due_days import TERM_FIELDS, due_day
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import vat_type

_TERM = "account.invoice.payment_term"
_SIDES = {"customer": "customer", "vendor": "supplier"}
_STARTS = (date(2026, 1, 31), date(2026, 2, 10), date(2027, 11, 15))
"""Days from which a term of so many days leads to different days of week, month and year."""


async def values_of(client: TrytonClient, company: Company, draft: PartyDraft) -> dict[str, Any]:
    """Return the values that make the party, in one write.

    Raises:
        BackendRejectedError: there is an IBAN, for which Tryton has no place.
        InvalidRequestError: Tryton does not know the currency, the country or such a term.
    """
    accounts = await account_values(client, draft.iban)
    currency = company.currency_id
    if draft.currency is not None:
        currency = await _code(client, "currency.currency", draft.currency, "currency")
    term = None if draft.payment_days is None else await _term(client, draft.payment_days)
    values: dict[str, Any] = {
        "name": draft.name,
        "addresses": [["create", [await _address(client, company, draft)]]],
        "contact_mechanisms": [["create", _mechanisms(draft)]],
        "identifiers": [["create", _identifiers(draft)]],
        **accounts,
    }
    for role in draft.roles:
        values[f"{_SIDES[role]}_currency"] = currency
        if term is not None:
            values[f"{_SIDES[role]}_payment_term"] = term
    return values


def _identifiers(draft: PartyDraft) -> list[dict[str, Any]]:
    if draft.vat_id is None:
        return []
    return [{"type": vat_type(draft.vat_id), "code": draft.vat_id}]


def _mechanisms(draft: PartyDraft) -> list[dict[str, Any]]:
    wanted = (("email", draft.email), ("other", draft.account_id))
    return [{"type": kind, "value": value} for kind, value in wanted if value is not None]


async def _address(client: TrytonClient, company: Company, draft: PartyDraft) -> dict[str, Any]:
    given = draft.address
    country = await _own_country(client, company)
    if given.country is not None:
        country = await _code(client, "country.country", given.country, "address.country")
    return {
        "street": given.street,
        "postal_code": given.postal_code,
        "city": given.city,
        "country": country,
    }


async def _own_country(client: TrytonClient, company: Company) -> int | None:
    domain = [["party", "=", company.party], ["country", "!=", None]]
    page = await client.search("party.address", domain, ["country"], limit=1)
    return page.records[0]["country"] if page.records else None


async def _code(client: TrytonClient, model: str, code: str, field: str) -> int:
    page = await client.search(model, [["code", "=", code]], ["id"], limit=1)
    if not page.records:
        raise InvalidRequestError(f"Tryton knows no {model.partition('.')[0]} {code}", field=field)
    return page.records[0]["id"]


async def _term(client: TrytonClient, days: int) -> int:
    """Return the term by which all is due after so many days."""
    fields = ["name", *(name.removeprefix("payment_term.") for name in TERM_FIELDS)]
    page = await client.search(_TERM, [], fields, limit=MOST_RECORDS)
    for term in page.records:
        if _is_of_days(term, days):
            return term["id"]
    raise InvalidRequestError(
        f"Tryton has no payment term of {days} days",
        field="payment_days",
        details={"terms": [term["name"] for term in page.records[:20]]},
    )


def _is_of_days(term: Record, days: int) -> bool:
    if len(term["lines"] or []) != 1:
        return False
    return all(due_day(term, start) == start + timedelta(days=days) for start in _STARTS)
