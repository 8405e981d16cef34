"""Records that a search by words ranks: all where they are few, else those that look alike."""

from collections.abc import Sequence
from typing import Any

from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal

_MOST_GUESSED = 5 * MOST_RECORDS
"""Records whose spelling is compared where nothing has the words as written."""


async def candidates(
    client: TrytonClient,
    model: str,
    kept: Sequence[Any],
    query: str,
    named_by: Sequence[str],
    fields: Sequence[str],
) -> list[Record]:
    """Return the records to rank for a query, of those in the domain `kept`."""
    first = await client.search(model, kept, fields, limit=MOST_RECORDS)
    if len(first.records) < MOST_RECORDS:
        return [*first.records]
    compact = "".join(c for c in query if c.isalnum())
    alike = [["OR", *_holding(named_by, word)] for word in query.split()]
    whole = ["OR", alike, ["OR", *_holding(named_by, compact)]]
    found = await client.search(model, [*kept, whole], fields, limit=MOST_RECORDS)
    if found.records:
        return [*found.records]
    guessed = [*first.records]
    while len(guessed) % MOST_RECORDS == 0 and len(guessed) < _MOST_GUESSED:
        page = await client.search(model, kept, fields, limit=MOST_RECORDS, offset=len(guessed))
        if not page.records:
            break
        guessed += page.records
    return guessed


def _holding(fields: Sequence[str], text: str) -> list[list[str]]:
    return [[field, "ilike", f"%{literal(text)}%"] for field in fields]
