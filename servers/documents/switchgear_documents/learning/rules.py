"""Rules that could find a corrected value on its page, the likeliest to hold on others first."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import islice

from switchgear_documents.reading.labels import Finder, date_finder, money_finder, numbers_in
from switchgear_documents.reading.reading import FieldName
from switchgear_documents.reading.templates import LONGEST_TEXT, FieldRule, currencies_in
from switchgear_documents.reading.written import Dialect, dialect_of

DATES = frozenset({"date", "due_date"})
AMOUNTS = frozenset({"total_net", "total_tax", "total_gross", "total_due"})
_CODES = frozenset({"number", "order_ref"})
_SUPPLIERS_OWN = frozenset({"iban", "supplier_vat"})

MOST_PLACES = 20
"""So many places of a value are looked at; the same value everywhere teaches nothing more."""
LONGEST_LINE = 2000
"""No page has longer lines, and what looks for dates and amounts in one takes its time."""

_GAP = re.compile(r" {3,}")
_LEAST, _MOST = 2, 60
_WORDS_KEPT = 3
_LINES_ABOVE = 3
_EDGES = " \t:#.=|*-\u2013\u2014"


def same(name: str, one: str | None, other: str | None) -> bool:
    """Say whether two values of a field mean the same."""
    if one is None or other is None:
        return one is other
    if name in AMOUNTS:
        try:
            return Decimal(one) == Decimal(other)
        except InvalidOperation:
            return False
    return _folded(one) == _folded(other)


def dialects(text: str) -> Iterator[Dialect]:
    """Yield how numbers and dates may be written, the page's own way first."""
    seen = dialect_of(text)
    yield seen
    for mark in (".", ","):
        for is_month_first in (False, True):
            if (mark, is_month_first) != (seen.decimal_mark, seen.is_month_first):
                yield Dialect(mark, is_month_first)


def rules_for(
    name: FieldName, value: str, text: str, dialect: Dialect, keywords: Sequence[str] = ()
) -> list[FieldRule]:
    """Return rules that may lead to the value; none where it does not stand on the page.

    One that always says the same goes by the page: for an account or a tax number only where
    `keywords` ask for it there, and for a currency after all others.
    """
    found: dict[FieldRule, None] = {}
    always = FieldRule(value=value)
    if name in _SUPPLIERS_OWN and _folded(value) in {_folded(keyword) for keyword in keywords}:
        found[always] = None
    for lines, row, start in islice(_places_in(name, value, text, dialect), MOST_PLACES):
        for rule in _leading(lines, row, start):
            found[rule] = None
    if name == "currency":
        found[always] = None
    return list(found)


def _places_in(
    name: str, value: str, text: str, dialect: Dialect
) -> Iterator[tuple[list[str], int, int]]:
    for page in text.split("\f"):
        lines = [line if len(line) <= LONGEST_LINE else "" for line in page.splitlines()]
        for row, line in enumerate(lines):
            for start in _places(name, value, line, dialect):
                yield lines, row, start


def _places(name: str, value: str, line: str, dialect: Dialect) -> Iterator[int]:
    find = _finder(name, dialect)
    if find is None:
        start = line.casefold().find(value.casefold())
        if start >= 0:
            yield start
        return
    for each in find(line):
        if same(name, each.value, value):
            yield each.start


def _finder(name: str, dialect: Dialect) -> Finder | None:
    if name in DATES:
        return date_finder(dialect)
    if name in AMOUNTS:
        return money_finder(dialect, cents_only=False)
    if name == "currency":
        return currencies_in
    return numbers_in if name in _CODES else None


def _leading(lines: list[str], row: int, start: int) -> Iterator[FieldRule]:
    """Yield what leads to the place: its label before it, to its left, a pattern, one above."""
    cells = [cell.strip(_EDGES) for cell in _GAP.split(lines[row][:start])]
    label = cells[-1] or (cells[-2] if len(cells) > 1 else "")
    for anchor in dict.fromkeys((label, _last_words(label))):
        if _is_anchor(anchor):
            yield FieldRule(after=anchor)
    if label:
        words = [_escaped(word) for word in label.split()[-_WORDS_KEPT:]]
        pattern = r"\s+".join(words) + r"\W*?\s*([^\s].*)"
        if len(pattern) <= LONGEST_TEXT:
            yield FieldRule(pattern=pattern)
    for above in reversed(lines[max(0, row - _LINES_ABOVE) : row]):
        for anchor in _cells_over(above, start):
            if _is_anchor(anchor):
                yield FieldRule(after=anchor)


def _cells_over(line: str, start: int) -> Iterator[str]:
    """Yield the cells of a line, those nearest above the place first."""
    spans = [(m.start(), m[0].strip(_EDGES)) for m in re.finditer(r"\S+(?: {1,2}\S+)*", line)]
    for _, cell in sorted(spans, key=lambda span: abs(span[0] - start)):
        yield cell


def _last_words(label: str) -> str:
    return " ".join(label.split()[-_WORDS_KEPT:])


def _is_anchor(text: str) -> bool:
    """A label says something and is no value: letters, and no digit that may change."""
    return (
        _LEAST <= len(text) <= _MOST
        and any(c.isalpha() for c in text)
        and not any(c.isdigit() for c in text)
    )


def _escaped(word: str) -> str:
    return re.sub(r"\d+", r"\\d+", re.escape(word))


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
