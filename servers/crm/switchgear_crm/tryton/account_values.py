"""What a caller wants of an account, as values of Tryton's party."""

from collections.abc import Sequence
from typing import Any

from switchgear_crm.changes import AccountChanges
from switchgear_crm.models import Address, Role
from switchgear_crm.tryton.acting import Act
from switchgear_crm.tryton.house import House
from switchgear_crm.tryton.names import compact
from switchgear_crm.tryton.parties import INDUSTRY, ROLES, Party
from switchgear_shared.errors import BackendRejectedError, InvalidRequestError
from switchgear_shared.spelling import fold
from switchgear_shared.storage.tryton.client import Record
from switchgear_shared.storage.tryton.texts import literal, vat_type

_CATEGORY = "party.category"


def differing(party: Party | None, changes: AccountChanges, house: House) -> dict[str, Any]:
    """Return the fields given that are not so already.

    Raises BackendRejectedError for what Tryton has no place for.
    """
    if changes.owner_email is not None:
        raise BackendRejectedError(
            "Tryton keeps no owner of an account, only of an opportunity", field="owner"
        )
    given = changes.given()
    if party is None:
        return {name: value for name, value in given.items() if value not in ("", ())}
    now = party.fields(house) | {"domain": party.domains}
    return {name: value for name, value in given.items() if not _same(name, now[name], value)}


async def values_of(act: Act, party: Party | None, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the values that bring the fields about, in one write; what they link to is found.

    Raises InvalidRequestError for a currency or country that Tryton does not know.
    """
    values: dict[str, Any] = {}
    if "name" in fields:
        values["name"] = fields["name"]
    if "currency" in fields:
        currency = await _code(act, "currency.currency", fields["currency"], "currency")
        values |= {"customer_currency": currency, "supplier_currency": currency}
    mechanisms = [
        change
        for kind, name in (("website", "domain"), ("email", "email"), ("phone", "phone"))
        if name in fields
        for change in _mechanism(party, kind, fields[name])
    ]
    if mechanisms:
        values["contact_mechanisms"] = mechanisms
    if "tax_id" in fields:
        values["identifiers"] = _tax_number(party, fields["tax_id"])
    if "address" in fields:
        values["addresses"] = [await _address(act, party, fields["address"])]
    return values


async def categories_of(act: Act, party: Party | None, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the value that brings roles and industry about; a category not there is made."""
    changes: list[Any] = []
    if "roles" in fields:
        wanted: Sequence[Role] = fields["roles"]
        known: Sequence[Record] = party.categories if party else ()
        for role, name in ROLES.items():
            if role in wanted and (party is None or role not in party.roles):
                changes.append(["add", [await _category(act, name, None)]])
            if role not in wanted:
                gone = [
                    one["id"]
                    for one in known
                    if one["parent"] is None and fold(one["name"]) == fold(name)
                ]
                changes += [["remove", gone]] if gone else []
    if "industry" in fields:
        if party and party.industries:
            changes.append(["remove", [one["id"] for one in party.industries]])
        if fields["industry"]:
            root = await _category(act, INDUSTRY, None)
            changes.append(["add", [await _category(act, fields["industry"], root)]])
    return {"categories": changes} if changes else {}


def _same(name: str, now: Any, value: Any) -> bool:
    match name:
        case "domain":
            return value in now
        case "phone" | "tax_id":  # Tryton may write them with other blanks and signs
            return compact(now) == compact(value)
        case "email":
            return now.lower() == value
        case "industry":
            return fold(now) == fold(value)
        case "roles":
            return set(now) == set(value)
        case _:
            return now == value


def _mechanism(party: Party | None, kind: str, value: str) -> list[Any]:
    types = ("phone", "mobile") if kind == "phone" else (kind,)
    known = party.mechanism(*types) if party else None
    written = f"https://{value}" if kind == "website" else value
    if known is None:
        return [["create", [{"type": kind, "value": written}]]] if value else []
    return [["write", [known["id"]], {"value": written} if value else {"active": False}]]


def _tax_number(party: Party | None, code: str) -> list[Any]:
    known = party.tax_identifier if party else None
    values = {"type": vat_type(code), "code": code}
    if known is None:
        return [["create", [values]]] if code else []
    return [["write", [known["id"]], values if code else {"active": False}]]


async def _address(act: Act, party: Party | None, address: Address) -> list[Any]:
    values: dict[str, Any] = {
        "street": address.street,
        "postal_code": address.postal_code,
        "city": address.city,
        "country": None,
    }
    if address.country:
        values["country"] = await _code(act, "country.country", address.country, "address.country")
    known = party.address["id"] if party else None
    return ["create", [values]] if known is None else ["write", [known], values]


async def _code(act: Act, model: str, code: str, field: str) -> int:
    page = await act.client.search(model, [["code", "=", code]], ["id"], limit=1)
    if not page.records:
        raise InvalidRequestError(f"Tryton knows no {model.partition('.')[0]} {code}", field=field)
    return page.records[0]["id"]


async def _category(act: Act, name: str, parent: int | None) -> int:
    domain = [["name", "ilike", literal(name)], ["parent", "=", parent]]
    for _ in range(2):
        page = await act.client.search(_CATEGORY, domain, ["name"], limit=1)
        if page.records:
            return page.records[0]["id"]
        try:
            [made] = await act.send(_CATEGORY, "create", [{"name": name, "parent": parent}])
        except InvalidRequestError:  # its name is unique, and somebody else was first
            continue
        act.has_begun = False  # a category alone is no part of what was asked for
        return made
    raise InvalidRequestError(f"Tryton lets no category {name} be made", field="industry")
