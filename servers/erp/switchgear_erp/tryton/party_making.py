"""Making a party in Tryton, which keeps two of one name apart no more than two of one number."""

import asyncio
import re
from functools import partial
from typing import Any

from switchgear_erp.parties import (
    Known,
    PartyDraft,
    check_unknown,
    is_same_name,
    spelling_of,
    without_umlauts,
)
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.bank_accounts import forget_accounts
from switchgear_erp.tryton.company import Company, company_of
from switchgear_erp.tryton.ids import party_id
from switchgear_erp.tryton.party_values import values_of
from switchgear_shared.contracts.business_event_data import PartyChanged
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError
from switchgear_shared.spelling import fold
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record
from switchgear_shared.storage.tryton.texts import literal

PARTY = "party.party"
_MARK = "party.identifier"
_FIELDS = (
    "code",
    "name",
    "addresses.city",
    "identifiers.code",
    "contact_mechanisms.type",
    "contact_mechanisms.value",
)
_SURE = re.compile(r"[bhjkmpqvwx]")
"""What is hardly ever written with an accent, as part of another sign, or in superscript."""

_UNSURE = re.compile(r"ss|st|ff?[il]|ff|[aou]e|[^bdfghjklmpqrtvwx]", re.ASCII)
"""What in usual spellings is another sign, and what is one that may be several."""

_MOST_PAGES = 10
_LOOKS = 8
_WAIT_S = 0.1


async def create(act: Act, draft: PartyDraft) -> WriteResult:
    """See ErpBackend.create_party."""
    company = await company_of(act.client)
    number = await _made(act, draft)
    is_fresh = number is None
    if number is None:
        check_unknown(draft, map(_known, await _alike(act, company, draft)))
        values = await values_of(act.client, company, draft)
        if act.write.is_rehearsal:
            act.write.note("party", draft.name, None, draft.model_dump(mode="json"))
            return WriteResult(id="", state="active", version="")
        act.write.check_may_send()
        values["identifiers"][0][1].append({"code": act.write.reference})
        [number] = await act.client.call(PARTY, "create", [values])
    if not act.write.is_look:
        take_back = partial(_take_back, act, draft, number)
        async with act.write.undone_by(take_back):
            await _check_alone(act, company, draft, number, is_fresh=is_fresh)
    with act.write.reading_back():
        return await _done(act, number)


async def _take_back(act: Act, draft: PartyDraft, number: int) -> None:
    accounts: list[int] = []
    if draft.iban is not None:
        accounts = (await act.read(PARTY, number, "bank_accounts"))["bank_accounts"]
    await act.client.call(PARTY, "delete", [number])
    if accounts:
        await forget_accounts(act.client, accounts)


async def _made(act: Act, draft: PartyDraft) -> int | None:
    """Return the party that an earlier attempt made, if it did."""
    if (told := act.write.told_number("party")) is not None:
        domain = [["id", "=", told]]
        page = await act.client.search(PARTY, domain, ["name", "identifiers.code"], limit=1)
        for party in page.records:
            act.write.check_is_free(*(one["code"] for one in party["identifiers"]))
            if not is_same_name(draft.name, party["name"]):
                raise ConflictError(f"{act.write.told} is {party['name']}, not {draft.name}")
        return page.records[0]["id"] if page.records else None
    mark = await act.made("", _MARK, "code")
    if mark is None:
        return None
    return (await act.client.get(_MARK, mark, ["party"]))["party"]


async def _check_alone(
    act: Act, company: Company, draft: PartyDraft, number: int, *, is_fresh: bool
) -> None:
    """Raise ConflictError for a new party that must go: there is another one of the same.

    Each looks only once its own can be seen. The older of two stays once the younger is gone;
    it goes itself where the younger stays, which did not see it, unless an earlier attempt made
    it: by then it may be in use.
    """
    for look in range(1, _LOOKS + 1):
        others = [one for one in await _alike(act, company, draft) if one["id"] != number]
        try:
            check_unknown(draft, map(_known, others))
        except ConflictError as conflict:
            if _is_older(conflict, number) or (is_fresh and look == _LOOKS):
                raise
            if not is_fresh:
                return
            await asyncio.sleep(_WAIT_S * look)
        else:
            return


def _is_older(conflict: ConflictError, number: int) -> bool:
    return int(conflict.details["party_id"].rpartition("-")[2]) < number


async def _alike(act: Act, company: Company, draft: PartyDraft) -> list[Record]:
    """Return whoever may be the party, by number, account, or name as people may write it.

    Where very many are, those whose words are spelled as closely come beside the oldest.
    """
    found: list[Record] = []
    for one in _keys(draft):
        found += (await _all(act, company, one))[0]
    for pattern in (loose_pattern(draft.name), close_pattern(draft.name)):
        records, is_all = await _all(act, company, ["name", "ilike", pattern])
        found += records
        if is_all:
            break
    return found


def _keys(draft: PartyDraft) -> list[list[Any]]:
    keys: list[list[Any]] = []
    if code := spelling_of(draft.vat_id):
        keys.append(["identifiers.code", "ilike", _pattern_of_code(code)])
    if draft.account_id is not None:
        keys.append(["contact_mechanisms.value", "=", draft.account_id])
    return keys


async def _all(act: Act, company: Company, condition: list[Any]) -> tuple[list[Record], bool]:
    """Return the parties for which it holds, oldest first, and whether these are all."""
    found: list[Record] = []
    for _ in range(_MOST_PAGES):
        last = found[-1]["id"] if found else 0
        domain = [["id", "!=", company.party], ["id", ">", last], condition]
        page = await act.client.search(PARTY, domain, _FIELDS, limit=MOST_RECORDS)
        found += page.records
        if len(page.records) < MOST_RECORDS:
            return found, True
    return found, False


def loose_pattern(name: str) -> str:
    """Return a pattern for all spellings; what only looks alike is left out by `check_unknown`."""
    letters = _SURE.findall(fold(without_umlauts(name)))
    return f"%{''.join(f'{letter}%' for letter in letters)}"


def close_pattern(name: str) -> str:
    """Return a pattern for the usual spellings with these words, which few other names fit."""
    return f"%{_UNSURE.sub(_unsure, fold(without_umlauts(name)))}%"


def _unsure(found: re.Match[str]) -> str:
    return "_" if len(found[0]) == 1 and found[0].isalnum() else "%"


def _pattern_of_code(code: str) -> str:
    return f"%{'%'.join(map(literal, code))}%"


def _known(record: Record) -> Known:
    addresses, identifiers = record["addresses"] or [{}], record["identifiers"] or []
    mechanisms = record["contact_mechanisms"] or []
    return Known(
        id=party_id(record["id"]),
        ref=record["code"] or "",
        name=record["name"] or "",
        city=addresses[0].get("city"),
        vat_ids=tuple(one["code"] for one in identifiers if one["code"]),
        account_ids=tuple(one["value"] for one in mechanisms if one["type"] == "other"),
    )


async def _done(act: Act, number: int) -> WriteResult:
    record = await act.read(PARTY, number, "code")
    data = PartyChanged(party_id=party_id(number), ref=record["code"] or "")
    act.announce("erp.party.created", data.party_id, data)
    return WriteResult(id=data.party_id, ref=data.ref, state="active", version=record["_timestamp"])
