"""Documents that may be one and the same paper: by supplier and number, by amounts, by text."""

import re
import unicodedata
from hashlib import blake2b, sha256

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.models import DuplicateCandidate
from switchgear_documents.rows import fields_of
from switchgear_documents.tables import DocumentRecord

SURE = 0.9
"""From here on a person is asked before the later one goes on."""

_BITS = 64
_BANDS = 4
_NEAR = 3
"""Fingerprints that differ in three bits of 64 share one of four bands whole."""
_RUN = 3
_LEAST_WORDS = 20
_MOST = 50
_ROUTED = ("in_review", "routed", "filed")
_WORD = re.compile(r"\w+")
_SAME_PARTY_AND_NUMBER, _SAME_TEXT, _SAME_NUMBERS, _NEAR_TEXT = 0.97, 0.95, 0.92, 0.7


def key_of(value: str | None) -> str | None:
    """Return a number or name as it is compared: letters and digits, without case and accents."""
    folded = unicodedata.normalize("NFKD", value or "").casefold()
    return "".join(c for c in folded if c.isalnum())[:128] or None


def fingerprint(text: str) -> str | None:
    """Return the 64-bit simhash over runs of three words, as hex; None for too short a text."""
    words = _WORD.findall(text.casefold())
    if len(words) < _LEAST_WORDS:
        return None
    runs = {" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}
    votes = [0] * _BITS
    for run in runs:
        hashed = int.from_bytes(blake2b(run.encode(), digest_size=8).digest(), "big")
        for bit in range(_BITS):
            votes[bit] += 1 if hashed >> bit & 1 else -1
    return f"{sum(1 << bit for bit, vote in enumerate(votes) if vote > 0):016x}"


def mark(record: DocumentRecord) -> None:
    """Set what duplicates of the document are found by, from its fields and text."""
    record.number_key = key_of(record.number)
    found = fingerprint(record.text or "")
    width = _BITS // 4 // _BANDS
    bands = [found[at * width : (at + 1) * width] if found else None for at in range(_BANDS)]
    record.band_0, record.band_1, record.band_2, record.band_3 = bands


async def find(session: AsyncSession, record: DocumentRecord) -> tuple[DuplicateCandidate, ...]:
    """Return what may be the same paper as `record`, the surest first; rejected ones are none."""
    other = DocumentRecord
    alike = [
        column == value
        for column, value in (
            (other.number_key, record.number_key),
            (other.band_0, record.band_0),
            (other.band_1, record.band_1),
            (other.band_2, record.band_2),
            (other.band_3, record.band_3),
        )
        if value is not None
    ]
    if not alike:
        return ()
    rows = await session.scalars(
        select(other)
        .where(
            other.tenant == record.tenant,
            other.id != record.id,
            other.document_type == record.document_type,
            other.state != "rejected",
            or_(*alike),
        )
        .order_by(other.received_at.desc(), other.id)
        .limit(_MOST)
    )
    found = [candidate for row in rows if (candidate := _compared(record, row)) is not None]
    return tuple(sorted(found, key=lambda candidate: -candidate.confidence))


async def doubts_of_another(session: AsyncSession, record: DocumentRecord) -> tuple[str, ...]:
    """Return why a person should look before this one goes on: an earlier one is surely the same.

    Earlier is what came first or went on already, so of two at once one is asked about.
    """
    reasons: list[str] = []
    for candidate in await find(session, record):
        other = await session.get(DocumentRecord, (record.tenant, candidate.id))
        is_earlier = other is not None and (
            (other.received_at, other.id) < (record.received_at, record.id)
            or other.state in _ROUTED
        )
        if candidate.confidence >= SURE and is_earlier:
            reasons.append(f"possible duplicate of {candidate.id}: {candidate.reason}")
    return tuple(reasons[:3])


def _compared(one: DocumentRecord, other: DocumentRecord) -> DuplicateCandidate | None:
    """Return why the other may be the same paper, None where nothing speaks for it.

    Two numbers that differ speak against it, whatever else is alike: it is the next invoice.
    """
    mine, theirs = _values(one), _values(other)
    if mine["number"] and theirs["number"] and mine["number"] != theirs["number"]:
        return None
    is_numbered = mine["number"] is not None and mine["number"] == theirs["number"]
    parties = [
        bool(mine[name] and mine[name] == theirs[name]) for name in ("supplier_vat", "supplier")
    ]
    if is_numbered and any(parties):
        return _candidate(other, _SAME_PARTY_AND_NUMBER, "same supplier and number")
    if _digest(one) is not None and _digest(one) == _digest(other):
        return _candidate(other, _SAME_TEXT, "same text")
    amounts = [mine[name] and mine[name] == theirs[name] for name in ("date", "total_gross")]
    if is_numbered and all(amounts):
        return _candidate(other, _SAME_NUMBERS, "same number, date and gross")
    distance = _distance(one, other)
    if distance is not None and distance <= _NEAR:
        return _candidate(other, _NEAR_TEXT, "nearly the same text")
    return None


def _values(record: DocumentRecord) -> dict[str, str | None]:
    values = {field.name: field.value for field in fields_of(record)}
    named = ("number", "supplier", "supplier_vat", "date", "total_gross")
    return {name: key_of(values.get(name)) for name in named}  # type: ignore[call-overload]


def _digest(record: DocumentRecord) -> str | None:
    words = _WORD.findall((record.text or "").casefold())
    return sha256(" ".join(words).encode()).hexdigest() if len(words) >= _LEAST_WORDS else None


def _distance(one: DocumentRecord, other: DocumentRecord) -> int | None:
    prints = [
        "".join(band or "" for band in (r.band_0, r.band_1, r.band_2, r.band_3))
        for r in (one, other)
    ]
    if not all(prints):
        return None
    return (int(prints[0], 16) ^ int(prints[1], 16)).bit_count()


def _candidate(other: DocumentRecord, confidence: float, reason: str) -> DuplicateCandidate:
    return DuplicateCandidate.model_validate(
        {
            "id": other.id,
            "name": other.name[:80],
            "state": other.state,
            "confidence": confidence,
            "reason": reason,
        }
    )
