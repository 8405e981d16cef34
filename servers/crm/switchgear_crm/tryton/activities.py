"""Notes in Tryton as activities: their first line says what it was, their last one who did it."""

import asyncio
import re
from datetime import datetime
from typing import Any

from switchgear_crm.models import (
    NOTE_START,
    AccountId,
    Activity,
    ActivityKind,
    ActivityPage,
    ActivitySubject,
)
from switchgear_crm.tryton import deals, people
from switchgear_crm.tryton.house import House, house_of
from switchgear_crm.tryton.names import Kind, id_of, number_of
from switchgear_crm.tryton.parties import party_of
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.contracts.texts import one_line
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of

NOTE = "ir.note"

_ACTIVITIES = "crm.tryton.activities"
_FIELDS = ("message", "resource", "create_date", "create_uid.rec_name")
_LONGEST_SUBJECT = 200
_WORDS: dict[ActivityKind, str] = {
    "call": "Call",
    "email": "E-mail",
    "meeting": "Meeting",
    "note": "Note",
}
_OURS = re.compile(
    r"(?P<kind>Call|E-mail|Meeting|Note): (?P<subject>[^\n]*)\n\n(?:(?P<note>.*)\n\n)?"
    r"by (?P<by>[^\n]*) \[(?:sg-|write_)[0-9a-f]+\]",
    re.DOTALL,
)
_KINDS: dict[str, ActivityKind] = {word: kind for kind, word in _WORDS.items()}
_MODELS: dict[str, Kind] = {
    "party.party": "party",
    people.MECHANISM: "contact",
    deals.OPPORTUNITY: "opportunity",
}


def message_of(kind: ActivityKind, subject: str, note: str, by: str, reference: str) -> str:
    """Return the text of a note that people can read and we can read back."""
    parts = [f"{_WORDS[kind]}: {one_line(subject)}", *([note] if note else [])]
    return "\n\n".join([*parts, f"by {by} [{reference}]"])


async def about(
    client: TrytonClient, house: House, about_id: str, field: str = "about_id"
) -> tuple[str, int]:
    """Return the resource and the party of any record's id; raises NotFoundError."""
    try:
        if number_of("contact", about_id) is not None:
            person = await people.person_of(client, house, about_id)
            return f"{people.MECHANISM},{person.id}", person.party_id
        if number_of("opportunity", about_id) is not None:
            deal = await deals.deal_of(client, house, about_id)
            return f"{deals.OPPORTUNITY},{deal.id}", deal.party_id
        party = await party_of(client, house, about_id)
    except NotFoundError as error:
        message = f"there is no account, contact or opportunity {about_id}"
        raise NotFoundError(message, field=field) from error
    return f"party.party,{party.id}", party.id


async def resources_of(client: TrytonClient, party_id: int) -> dict[str, int]:
    """Return whose notes are an account's: its own, its contacts' and its opportunities'."""
    contacts, opportunities = await asyncio.gather(
        client.call(people.MECHANISM, "search", people.at([party_id]), 0, None, None),
        client.call(deals.OPPORTUNITY, "search", deals.of_party(party_id), 0, None, None),
    )
    own = {f"party.party,{party_id}": party_id}
    own |= {f"{people.MECHANISM},{number}": party_id for number in contacts}
    return own | {f"{deals.OPPORTUNITY},{number}": party_id for number in opportunities}


async def newest(
    client: TrytonClient, resources: dict[str, int], *, limit: int
) -> tuple[ActivitySubject, ...]:
    """Return the newest activities, without their notes."""
    records = await _notes(client, _on(resources), limit)
    return tuple(ActivitySubject(**_subject(record)[0]) for record in records)


async def count(client: TrytonClient, resources: dict[str, int]) -> int:
    """Return how many activities there are."""
    return await client.call(NOTE, "search_count", _on(resources))


async def last_at(client: TrytonClient, resource: str) -> datetime | None:
    """Return when something was last done about a record."""
    records = await _notes(client, [["resource", "=", resource]], 1)
    return records[0]["create_date"] if records else None


async def list_activities(
    client: TrytonClient,
    about_id: str,
    kind: ActivityKind | None,
    since: datetime | None,
    *,
    full_notes: bool,
    limit: int,
    cursor: str | None,
) -> ActivityPage:
    """See CrmBackend."""
    house = await house_of(client)
    resource, party_id = await about(client, house, about_id)
    is_account = resource == f"party.party,{party_id}"
    resources = await resources_of(client, party_id) if is_account else {resource: party_id}
    domain = [*_on(resources), *_of_kind(kind)]
    if since is not None:
        domain.append(["create_date", ">=", since])
    beyond: list[Any] = []
    if cursor is not None:
        [last_id] = keys_of(_ACTIVITIES, cursor, int)
        beyond = [["id", "<", last_id]]
    found = await _notes(client, [*domain, *beyond], limit + 1)
    shown, has_more = found[:limit], len(found) > limit
    return ActivityPage(
        items=tuple(_activity(record, party_id, full_note=full_notes) for record in shown),
        total=await client.call(NOTE, "search_count", domain),
        next_cursor=encode_cursor(_ACTIVITIES, [shown[-1]["id"]]) if has_more else None,
        truncated=has_more,
    )


def _on(resources: dict[str, int]) -> list[Any]:
    return [["resource", "in", [*resources]]]


def _of_kind(kind: ActivityKind | None) -> list[Any]:
    if kind is None:
        return []
    if kind == "note":  # what says nothing else, such as notes of Tryton's own users
        others = [word for other, word in _WORDS.items() if other != "note"]
        return [["message", "not like", f"{word}: %"] for word in others]
    return [["message", "like", f"{_WORDS[kind]}: %"]]


async def _notes(client: TrytonClient, domain: list[Any], limit: int) -> list[Record]:
    """Return notes, the newest first; by RPC, for the records asked for may be very many."""
    most = min(limit, MOST_RECORDS)
    return await client.call(NOTE, "search_read", domain, 0, most, [["id", "DESC"]], [*_FIELDS])


def _activity(record: Record, party_id: int, *, full_note: bool) -> Activity:
    fields, note = _subject(record)
    is_cut = not full_note and len(note) > NOTE_START
    return Activity(
        **fields,
        account_id=AccountId(id_of("party", party_id)),
        note=note[:NOTE_START] if is_cut else note,
        is_note_cut=is_cut,
    )


def _subject(record: Record) -> tuple[dict[str, Any], str]:
    """Return an activity's fields and its note."""
    message: str = record["message"] or ""
    model, _, number = record["resource"].partition(",")
    fields = {
        "id": id_of("note", record["id"]),
        "about_id": id_of(_MODELS[model], int(number)),
        "happened_at": record["create_date"],
    }
    ours = _OURS.fullmatch(message)
    if ours is not None:
        said = {"kind": _KINDS[ours["kind"]], "subject": ours["subject"], "done_by": ours["by"]}
        return {**fields, **said}, ours["note"] or ""
    word = message.partition(": ")[0]
    text = message.removeprefix(f"{word}: ") if word in _KINDS else message
    subject = text.partition("\n")[0][:_LONGEST_SUBJECT]
    author = record["create_uid."]["rec_name"] if record.get("create_uid.") else ""
    said = {"kind": _KINDS.get(word, "note"), "subject": subject, "done_by": author}
    return {**fields, **said}, text.removeprefix(subject).strip("\n")
