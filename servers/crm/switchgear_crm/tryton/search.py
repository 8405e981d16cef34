"""Finding accounts, contacts and opportunities by what people write, in one keyset listing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from switchgear_crm.models import AccountId, Match, MatchPage, RecordKind
from switchgear_crm.tryton import deals, people
from switchgear_crm.tryton.finding import Places
from switchgear_crm.tryton.house import House, house_of
from switchgear_crm.tryton.names import Kind, id_of, unmarked
from switchgear_crm.tryton.parties import FIELDS as PARTY_FIELDS
from switchgear_crm.tryton.parties import Party
from switchgear_crm.tryton.reading import records_in
from switchgear_shared.contracts.pages import encode_cursor
from switchgear_shared.contracts.texts import one_line
from switchgear_shared.spelling import CLOSE_ENOUGH, closeness, fold
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.cursors import keys_of, not_ours

_LISTING = "crm.tryton.search"
_RANKS, _KINDS = 4, 3
_MOST_GUESSED = 5 * MOST_RECORDS
"""Records of a kind whose spelling is compared where nothing matches as written."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One kind of record: where it is, what must hold of it, and how it is shown."""

    kind: Kind
    model: str
    fields: Sequence[str]
    kept: list[Any]
    match: Callable[[Record], Match]
    own_text: Callable[[Match, Record], str]


def _sources(house: House, kind: RecordKind | None) -> list[_Source]:
    def account(record: Record) -> Match:
        shown = Party(record).fields(house)
        return Match(
            kind="account",
            id=shown["id"],
            ref=shown["ref"],
            name=shown["name"],
            detail=shown["address"].city,
            email=shown["email"] or None,
            account_id=shown["id"],
            account_name=shown["name"],
        )

    def account_text(match: Match, record: Record) -> str:
        shown = Party(record).fields(house)
        return " ".join(
            (
                match.name,
                shown["ref"],
                shown["email"],
                shown["domain"],
                shown["tax_id"],
                match.detail,
            )
        )

    sources: dict[RecordKind, _Source] = {
        "account": _Source("party", "party.party", PARTY_FIELDS, house.kept, account, account_text),
        "contact": _Source(
            "contact",
            people.MECHANISM,
            people.FIELDS,
            people.kept(house),
            _contact,
            lambda match, _: f"{match.name} {match.email}",
        ),
        "opportunity": _Source(
            "opportunity",
            deals.OPPORTUNITY,
            deals.FIELDS,
            deals.kept(house),
            _opportunity,
            lambda match, _: f"{match.name} {match.ref}",
        ),
    }
    return [*sources.values()] if kind is None else [sources[kind]]


async def find(
    client: TrytonClient, query: str, kind: RecordKind | None, *, limit: int, cursor: str | None
) -> MatchPage:
    """See CrmBackend."""
    rank, place, last_id = _keys(cursor)
    if not fold(query):
        return MatchPage(items=(), total=0, approximate=False)
    house = await house_of(client)
    sources = _sources(house, kind)
    words = dict.fromkeys(query.lower().split())
    numbers = [word for word in words if any(char.isdigit() for char in word)]
    found = await asyncio.gather(*(people.with_number(client, house, word) for word in numbers))
    places = Places(query, words, dict(zip(numbers, found, strict=True)))
    counts = await asyncio.gather(
        *(
            client.call(one.model, "search_count", [*one.kept, places.matching(one.kind)])
            for one in sources
        )
    )
    if sum(counts) == 0:
        return await _guess(client, sources, query, limit)
    shown: list[tuple[int, int, int, Match]] = []
    for at in range(_RANKS):
        for index, source in enumerate(sources):
            ranks = places.ranks(source.kind)
            wanted = limit + 1 - len(shown)
            if (at, index) < (rank, place) or wanted <= 0 or at >= len(ranks) or not counts[index]:
                continue
            beyond = [["id", ">", last_id]] if (at, index) == (rank, place) else []
            domain = [*source.kept, *ranks[at], *beyond]
            records = await records_in(client, source.model, domain, source.fields, limit=wanted)
            shown += [(at, index, one["id"], source.match(one)) for one in records]
    last = shown[limit - 1] if len(shown) > limit else None
    return MatchPage(
        items=tuple(match for *_, match in shown[:limit]),
        total=sum(counts),
        next_cursor=encode_cursor(_LISTING, [*last[:3]]) if last else None,
        truncated=last is not None,
        approximate=False,
    )


async def _guess(
    client: TrytonClient, sources: Sequence[_Source], query: str, limit: int
) -> MatchPage:
    words = fold(query).split()
    scored: list[tuple[float, int, str, Match]] = []
    for index, source in enumerate(sources):
        for start in range(0, _MOST_GUESSED, MOST_RECORDS):
            page = await client.search(
                source.model, source.kept, source.fields, limit=MOST_RECORDS, offset=start
            )
            for record in page.records:
                match = source.match(record)
                score = closeness(words, fold(source.own_text(match, record)))
                if score >= CLOSE_ENOUGH:
                    scored.append((-score, index, fold(match.name), match))
            if len(page.records) < MOST_RECORDS:
                break
    best = sorted(scored, key=lambda one: (*one[:3], one[3].id))[:limit]
    items = tuple(match for *_, match in best)
    return MatchPage(items=items, total=len(items), approximate=bool(items))


def _contact(record: Record) -> Match:
    return Match(
        kind="contact",
        id=id_of("contact", record["id"]),
        ref=None,
        name=record["name"],
        detail=unmarked(record["comment"] or ""),
        email=record["value"],
        account_id=AccountId(id_of("party", record["party"]["id"])),
        account_name=one_line(record["party"]["name"]),
    )


def _opportunity(record: Record) -> Match:
    deal = deals.Deal(record)
    return Match(
        kind="opportunity",
        id=deal.opportunity_id,
        ref=record["number"],
        name=deal.name,
        detail=deal.stage,
        email=None,
        account_id=deal.account_id,
        account_name=one_line(record["party"]["name"]),
    )


def _keys(cursor: str | None) -> tuple[int, int, int]:
    if cursor is None:
        return 0, 0, 0
    rank, place, last_id = keys_of(_LISTING, cursor, int, int, int)
    if rank >= _RANKS or place >= _KINDS:
        raise not_ours()
    return rank, place, last_id
