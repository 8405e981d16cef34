"""What a contract settles about itself: between whom, since when, under which law, for how long."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import LEGAL_FORM, any_of
from switchgear_documents.reading.reading import FieldName
from switchgear_documents.reading.words import Page
from switchgear_documents.reading.written import dates_in, dialect_of

_OPENING = 3500
_LAST_CLAUSE = 900
_BOTH = 300
_BETWEEN = any_of(
    r"""
    \b(?:by and (?:between|among)|between|among)\s*:?\s+
    \b(?:zwischen|entre|tra|fra|tussen)\s*:?\s+
    """,
    whole=False,
)
_CLAUSE_ENDS = any_of(
    r"""
    \b(?:WHEREAS|Whereas)\b|\bWITNESSETH\b|\bRECITALS?\b
    \bI[Nn] (?:consideration|CONSIDERATION|connection|order)\b
    \bPr[äa]ambel|(?<=[)\u201d\"])\.\s|\bThe parties\b|\bFor purposes\b|hereinafter referred
    \bon the other(?: hand)?\.|\bR E C I T A L S\b|\b(?:regarding|relating to)\b|\.\s+[A1]\.\s
    """,
    whole=False,
    flags=re.RegexFlag(0),
)
_NEXT = any_of(
    r"""
    (?:,|;|\))\s+(?:and|und|et|y|e|en),?\s+|\s+and,?\s+(?!Company\b)(?=[A-Z])|;\s+|\s+und\s+
    \s+et\s+
    """,
    whole=False,
    flags=re.RegexFlag(0),
)
_WORD = r"[A-Z0-9][\w.&\u2019'-]*"
_PARTY = re.compile(
    r"^(?:\(?[a-z0-9]\)\s*|the undersigned,?\s*|its\s+)?"
    rf"(?P<name>{_WORD}(?:,?\s+(?:{_WORD}|&|of|the|and Company|de|van|von|der|plc))*)"
)
_TERM = re.compile(r"\s*\([^()]{0,240}\)")
"""What a party is called from here on: it stands in brackets behind its name."""
_UNNAMED = re.compile(
    r"(?:\[\s*\]|undersigned|employee signatory|_{3,}|\band\s*$|^\s*\(|\band\s+\()", re.IGNORECASE
)
_NOT_A_PARTY = any_of(
    r"""
    the (?:company|parties|agreement)|company|employee|agreement|exhibit|whereas|this|it|each|seller
    state|parent|collectively|delaware|nevada|effective|buyer|recipient|confidential\w*
    (?:chief|president|plan|scope|vice)\b.*
    """
)
_SINCE = re.compile(
    r"(?:effective|entered into|made|executed|dated|as of|geschlossen|vom|en date du|con fecha)"
    r"[^.;]{0,45}$",
    re.IGNORECASE,
)
_LAW = re.compile(
    r"(?:laws?|statutes)\s+(?:and \w+ )?of\s+(?:the\s+)?(?:State|Commonwealth|Province)?\s*"
    r"(?:of\s+)?(?:the\s+)?(?P<place>[A-Z][a-z]+(?:\s+[A-Z][a-z]+){0,2})"
    r"|(?P<first>[A-Z][a-z]+(?:\s[A-Z][a-z]+)?)\s+laws?\s+(?:shall|will|govern|appl)"
    r"|(?:Recht der|droit|legge|ley|recht van)\s+(?P<other>[A-Z]?\w+(?:\s+[A-Z]\w+)*)",
)
_NO_PLACE = {"United", "This", "Such", "Any", "Securities"}
_GOVERNS = any_of(
    r"""
    govern|constru|interpret|gilt|unterliegt|anwendbar|r[ée]gi|soumis|regir|disciplinat|toepassing
    """,
    whole=False,
)
_NUMBERS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_LENGTH = re.compile(
    rf"(?P<number>\d{{1,2}}|{'|'.join(_NUMBERS)}|twenty-four|thirty-six)(?:\s*\(\d+\))?[\s-]+"
    r"(?P<unit>year|month|day|jahr|monat|an|mois|año|mes|anno|jaar|maand)(?:s|e|n|en|re|nen|i)?\b",
    re.IGNORECASE,
)
_UNITS = {
    **dict.fromkeys(("year", "jahr", "an", "año", "anno", "jaar"), "year"),
    **dict.fromkeys(("month", "monat", "mois", "mes", "maand"), "month"),
    "day": "day",
}
_ENDS = "terminat|expir|remain|continu"
_ABOUT_THE_TERM = tuple(
    (re.compile(pattern, re.IGNORECASE), weight)
    for pattern, weight in (
        (r"term of (?:this|the) (?:letter )?agreement|laufzeit|durée du", 1.0),
        (rf"(?:this|letter) agreement[^.]{{0,80}}(?:{_ENDS}|in (?:full )?force)", 0.9),
        (rf"(?:obligations|agreement|confidential)[^.]{{0,160}}(?:{_ENDS}|surviv|cease)", 0.8),
        (r"(?:terminat|expir)\w*[^.]{0,60}$", 0.7),
    )
)
_FORMS = ((r",?\s*\bIncorporated\b\.?", " Inc."), (r"\bL\.L\.C\.?", "LLC"), (r"\bL\.P\.?", "LP"))


def read_agreement(pages: Sequence[Page]) -> dict[FieldName, Candidate]:
    """Return what was found, each in its place in the prose."""
    flow = _Flow(pages)
    found: dict[FieldName, Candidate | None] = {
        "parties": _parties(flow),
        "date": _date(flow),
        "jurisdiction": _jurisdiction(flow),
        "term": _term(flow),
    }
    return {name: candidate for name, candidate in found.items() if candidate is not None}


class _Flow:
    """The pages as one text, and the cell that each letter of it stands in."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._cells = [cell for page in pages for cell in page.cells]
        self.text = " ".join(cell.text for cell in self._cells)
        lengths = (len(cell.text) + 1 for cell in self._cells)
        self._starts = [0, *accumulate(lengths)]

    def candidate(self, value: str, start: int, end: int, score: float) -> Candidate:
        place = min(bisect_right(self._starts, start) - 1, len(self._cells) - 1)
        cell = self._cells[place]
        offset = self._starts[place]
        return Candidate(value, cell.part(start - offset, max(end - offset, 1)), score)


def _parties(flow: _Flow) -> Candidate | None:
    for opening in _BETWEEN.finditer(flow.text[:_OPENING]):
        start = opening.end()
        written = flow.text[start : start + _LAST_CLAUSE]
        clause = _TERM.sub(",", written)
        end = _CLAUSE_ENDS.search(clause)
        clause = clause[: end.start()] if end else clause
        names = [name for part in _NEXT.split(clause) if (name := _party(part)) is not None]
        unique = list(dict.fromkeys(names))[:4]
        if len(unique) > 1:
            score = 0.7 if len(unique) == 2 else 0.5  # noqa: PLR2004 - most have two
            return flow.candidate("; ".join(unique), start, start + len(unique[0]), score)
        if unique and LEGAL_FORM.search(unique[0]) and _UNNAMED.search(written[:_BOTH]):
            return flow.candidate(unique[0], start, start + len(unique[0]), 0.6)
    return None


def _party(text: str) -> str | None:
    match = _PARTY.match(text.strip())
    if match is None or _NOT_A_PARTY.match(match["name"]):
        return None
    name = match["name"]
    form = LEGAL_FORM.search(name)
    if form is not None and form.start():
        more = LEGAL_FORM.match(name, form.end() + 1)
        name = name[: more.end() if more else form.end()]
    elif "," in name:
        name = name.split(",")[0]
    for pattern, short in _FORMS:
        name = re.sub(pattern, short, name)
    name = name.strip(" ,")
    return name if len(name.split()) > 1 else None


def _date(flow: _Flow) -> Candidate | None:
    opening = flow.text[:_OPENING]
    first: Candidate | None = None
    for day in dates_in(opening, dialect_of(flow.text)):
        if _SINCE.search(opening[: day.start]):
            return flow.candidate(day.value, day.start, day.end, 0.85)
        if first is None and day.start < _OPENING // 2:
            first = flow.candidate(day.value, day.start, day.end, 0.6)
    return first


def _jurisdiction(flow: _Flow) -> Candidate | None:
    best: Candidate | None = None
    for match in _LAW.finditer(flow.text):
        around = flow.text[max(0, match.start() - 160) : match.end() + 60]
        place = match["place"] or match["first"] or match["other"]
        place = re.sub(r"^(?:State|Commonwealth)\s+(?:of\s+)?", "", place).strip()
        if not _GOVERNS.search(around) or place.split()[0] in _NO_PLACE:
            continue
        candidate = flow.candidate(place, match.start(), match.end(), 0.88)
        if best is None:
            best = candidate
        elif best.value != candidate.value:
            best = best._replace(score=0.7)
    return best


def _term(flow: _Flow) -> Candidate | None:
    best: Candidate | None = None
    for match in _LENGTH.finditer(flow.text):
        sentence = flow.text[max(0, match.start() - 220) : match.start()]
        weight = max((w for pattern, w in _ABOUT_THE_TERM if pattern.search(sentence)), default=0.0)
        if weight and (best is None or weight > best.score):
            value = _length(match["number"].lower(), match["unit"].lower())
            best = flow.candidate(value, match.start(), match.end(), weight)
    return best and best._replace(score=round(best.score * 0.7, 2))


def _length(number: str, unit: str) -> str:
    words = {**{word: n for n, word in enumerate(_NUMBERS, 1)}, "twenty-four": 24, "thirty-six": 36}
    count = words.get(number) or int(number)
    return f"{count} {_UNITS[unit]}{'s' if count > 1 else ''}"
