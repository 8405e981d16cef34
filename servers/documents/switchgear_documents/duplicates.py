"""Documents that may be one and the same paper: by supplier and number, by amounts, by text."""

import re
import unicodedata
from collections import Counter
from functools import cached_property
from hashlib import blake2b, sha256

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.models import DuplicateCandidate
from switchgear_documents.rows import fields_of, hold
from switchgear_documents.tables import DocumentRecord

SURE = 0.9
"""From here on a person is asked before the later one goes on."""

_BYTES = 8
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
    hashes = b"".join(blake2b(run.encode(), digest_size=_BYTES).digest() for run in runs)
    found = 0
    for place in range(_BYTES):
        counts = Counter(hashes[place::_BYTES])
        for bit in range(8):
            ones = sum(count for byte, count in counts.items() if byte >> bit & 1)
            found |= (2 * ones > len(runs)) << (8 * (_BYTES - 1 - place) + bit)
    return f"{found:016x}"


def mark(record: DocumentRecord) -> None:
    """Set what duplicates of the document are found by, from its fields and text."""
    record.number_key = key_of(record.number)
    found = fingerprint(record.text or "")
    width = 2 * _BYTES // _BANDS
    bands = [found[at * width : (at + 1) * width] if found else None for at in range(_BANDS)]
    record.band_0, record.band_1, record.band_2, record.band_3 = bands


async def find(session: AsyncSession, record: DocumentRecord) -> tuple[DuplicateCandidate, ...]:
    """Return what may be the same paper as `record`, the surest first; rejected ones are none."""
    return tuple(candidate for _, candidate in await _alike(session, record))


async def doubts_of_another(session: AsyncSession, record: DocumentRecord) -> tuple[str, ...]:
    """Return why a person should look before this one goes on: an earlier one is surely the same.

    Earlier is what came first or went on already, so of two at once one is asked about: until
    this one's transaction ends no other of its type is looked for.
    """
    await hold(session, f"alike.{record.tenant}.{record.document_type}")
    reasons = [
        f"possible duplicate of {candidate.id}: {candidate.reason}"
        for other, candidate in await _alike(session, record)
        if candidate.confidence >= SURE
        and (
            (other.received_at, other.id) < (record.received_at, record.id)
            or other.state in _ROUTED
        )
    ]
    return tuple(reasons[:3])


async def _alike(
    session: AsyncSession, record: DocumentRecord
) -> list[tuple[DocumentRecord, DuplicateCandidate]]:
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
        return []
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
    mine = _Paper(record)
    found = [
        (row, candidate) for row in rows if (candidate := _compared(mine, _Paper(row))) is not None
    ]
    return sorted(found, key=lambda one: -one[1].confidence)


class _Paper:
    """What a document is compared by; its text is looked at only where that decides."""

    def __init__(self, record: DocumentRecord) -> None:
        self.record = record
        values = {field.name: field.value for field in fields_of(record)}
        self.number = key_of(values.get("number"))
        self.parties = [key_of(values.get(name)) for name in ("supplier_vat", "supplier")]
        self.amounts = [key_of(values.get(name)) for name in ("date", "total_gross")]

    @cached_property
    def digest(self) -> str | None:
        words = _WORD.findall((self.record.text or "").casefold())
        return sha256(" ".join(words).encode()).hexdigest() if len(words) >= _LEAST_WORDS else None

    @cached_property
    def fingerprint(self) -> int | None:
        record = self.record
        bands = (record.band_0, record.band_1, record.band_2, record.band_3)
        return int("".join(band or "" for band in bands), 16) if any(bands) else None


def _compared(one: _Paper, other: _Paper) -> DuplicateCandidate | None:
    """Return why the other may be the same paper, None where nothing speaks for it.

    Two numbers that differ speak against it, whatever else is alike: it is the next invoice.
    """
    if one.number and other.number and one.number != other.number:
        return None
    is_numbered = one.number is not None and one.number == other.number
    if is_numbered and any(
        mine and mine == theirs for mine, theirs in zip(one.parties, other.parties, strict=True)
    ):
        return _candidate(other.record, _SAME_PARTY_AND_NUMBER, "same supplier and number")
    if one.digest is not None and one.digest == other.digest:
        return _candidate(other.record, _SAME_TEXT, "same text")
    if is_numbered and all(one.amounts) and one.amounts == other.amounts:
        return _candidate(other.record, _SAME_NUMBERS, "same number, date and gross")
    if one.fingerprint is not None and other.fingerprint is not None:
        distance = (one.fingerprint ^ other.fingerprint).bit_count()
        if distance <= _NEAR:
            return _candidate(other.record, _NEAR_TEXT, "nearly the same text")
    return None


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
