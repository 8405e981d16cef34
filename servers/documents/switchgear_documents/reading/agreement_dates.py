"""Since when a contract is: the day it is made or in force from, a letter's, or its signers'."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import any_of
from switchgear_documents.reading.prose import Prose
from switchgear_documents.reading.written import DateIn, Dialect, dates_in, dialect_of

_OPENING, _CLOSING, _PLACE = 3500, 4000, 25
_MADE = re.compile(
    r"(?:effective(?: date)?|entered into|made|executed|as of|geschlossen|conclue?|signé|celebrado"
    r"|suscrito|stipulato|sottoscritto|gesloten|aangegaan)[^.;]{0,45}$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"(?:dated|vom|en date du|fait à|con fecha|in data|gedateerd|d\.d\.)[^.;]{0,45}$", re.IGNORECASE
)
_OF_ANOTHER = re.compile(
    r"\b(?:that certain|existing|prior|previous|earlier|former)\b[^.;]{0,200}$", re.IGNORECASE
)
_SALUTATION = any_of(
    r"""
    dear (?:sir|mr|ms|mrs|dr|[A-Z])|ladies and gentlemen|gentlemen|sehr geehrte|madame,? monsieur
    estimad[oa]s?|muy señor|gentil[ei]|egregi|spettabile|geachte
    """
)
_EXECUTED = re.compile(
    r"(?:witness whereof|executed|signed|made)[^.;]{0,160}\b(?:this|as of|on)(?: the)?\s*$",
    re.IGNORECASE,
)
_BESIDE_A_SIGNATURE = re.compile(
    r"\b(?:dated?|date signed|datum|fecha|data|le|am|den|il|op)\s*[:,]?\s*$", re.IGNORECASE
)
_AMERICAN = re.compile(r"\b(?:State|Commonwealth) of [A-Z]|, Inc\.|\bLLC\b")
_LETTERS, _MADE_THEN, _ONE_DATED, _SIGNED, _FIRST = 0.87, 0.85, 0.8, 0.7, 0.6


def read_agreement_date(prose: Prose) -> Candidate | None:
    """Return the likeliest day; without a better one, the first in the opening."""
    dialect = dialect_of(prose.text)
    if not dialect.is_order_known and _AMERICAN.search(prose.text):
        dialect = dialect._replace(is_month_first=True)
    days = tuple(dates_in(prose.text[:_OPENING], dialect))
    found = chain(
        _of_a_letter(prose, days),
        _after(prose, days, _MADE, _MADE_THEN),
        _after(prose, days, _DATED, _ONE_DATED),
        _by_signatures(prose, dialect),
        (prose.candidate(d.value, d.start, d.end, _FIRST) for d in days if d.start < _OPENING // 2),
    )
    return next(found, None)


def _of_a_letter(prose: Prose, days: Sequence[DateIn]) -> Iterator[Candidate]:
    """Yield the day in a letter's head: the first that stands in a line of its own above it."""
    salutation = _SALUTATION.search(prose.text[:_OPENING])
    if salutation is None:
        return
    for day in days:
        line = prose.cell_at(day.start).text
        if day.start < salutation.start() and len(line) - (day.end - day.start) < _PLACE:
            yield prose.candidate(day.value, day.start, day.end, _LETTERS)


def _after(
    prose: Prose, days: Sequence[DateIn], words: re.Pattern[str], score: float
) -> Iterator[Candidate]:
    for day in days:
        before = prose.text[: day.start]
        if words.search(before) and not _OF_ANOTHER.search(before):
            yield prose.candidate(day.value, day.start, day.end, score)


def _by_signatures(prose: Prose, dialect: Dialect) -> Iterator[Candidate]:
    """Yield the day it says it was executed on; else the last on which anybody signed."""
    start = max(len(prose.text) - _CLOSING, 0)
    closing = prose.text[start:]
    days = tuple(dates_in(closing, dialect))
    executed = [day for day in days if _EXECUTED.search(closing[: day.start])]
    signed = [day for day in days if _BESIDE_A_SIGNATURE.search(closing[: day.start])]
    for day in executed[:1] or sorted(signed, key=lambda day: day.value)[-1:]:
        yield prose.candidate(day.value, start + day.start, start + day.end, _SIGNED)
