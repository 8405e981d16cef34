"""Values by their labels: after it in its cell, to the right of it, or below it."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from switchgear_documents.reading.phrases import PHRASES
from switchgear_documents.reading.wording import Role, Wording
from switchgear_documents.reading.words import Box, Cell, Page
from switchgear_documents.reading.written import Dialect, amounts_in, dates_in

_ALL = Wording(PHRASES)
_LONGEST_CELL = 400
_NEAR = 3
_WITHIN = 45
_SAME_CELL, _LATER, _RIGHT, _FURTHER, _BELOW, _LOWER = 1.0, 0.8, 0.97, 0.8, 0.85, 0.7
_CELLS_TO_THE_RIGHT = 4
_LINES_BELOW = 3
_ALIGNED = 0.012
_REACH = 5.0
_NEXT_ROW = 0.97

_LETTER = re.compile(r"[^\W\d_]")
"""Every phrase has one, and half of the cells of a table have none."""

_NUMBER = re.compile(r"(?=[\w./-]*\d)[A-Za-z0-9][\w./-]{0,39}")
_LEAD = re.compile(r"[\s:#.°|=\-\u2013()*]*")
_SIGN = re.compile(r"\s?(?:[€$£]|(?:EUR|USD|GBP|CHF|Euro)\b)")
_UNIT = re.compile(r"\W*(?:[A-Z]{2,3}|[€$£]|kč|zł|kr)?\W*", re.IGNORECASE)


class Label(NamedTuple):
    """A phrase found in a cell: what stands after `end` is what it may name."""

    role: Role
    strength: float
    cell: Cell
    start: int
    end: int


class _Naming(NamedTuple):
    """A phrase found in a text, and from where to where it stands."""

    role: Role
    strength: float
    span: tuple[int, int]


class Candidate(NamedTuple):
    """A value that may be the one: `score` weighs its label by how it stands to it.

    `share` is below one where the value, wherever it stands, can be read in two ways.
    """

    value: str
    cell: Cell
    score: float
    share: float = 1.0


class Value(NamedTuple):
    """A value in a text, and from where to where it stands."""

    value: str
    start: int
    end: int


Finder = Callable[[str], Iterator[Value]]


def find_labels(pages: Sequence[Page], wanted: Wording = _ALL) -> list[Label]:
    """Return every phrase found, page by page; of two that overlap in one role the stronger."""
    known: dict[str, tuple[_Naming, ...]] = {}
    found: list[Label] = []
    for page in pages:
        for cell in page.cells:
            text = cell.text
            if text not in known:
                known[text] = tuple(_namings(text[:_LONGEST_CELL].lower(), wanted))
            found += [Label(role, how, cell, *span) for role, how, span in known[text]]
    return found


def _namings(text: str, wanted: Wording) -> Iterator[_Naming]:
    if _LETTER.search(text) is None:
        return
    taken: dict[Role, list[tuple[int, int]]] = {}
    for role, strength, pattern, _ in wanted.in_text(text):
        for match in pattern.finditer(text):
            spans = taken.setdefault(role, [])
            if any(start < match.end() and match.start() < end for start, end in spans):
                continue
            spans.append(match.span())
            yield _Naming(role, strength, match.span())


def numbers_in(text: str) -> Iterator[Value]:
    """Yield the words that could be a document's number."""
    days = [(found.start, found.end) for found in dates_in(text)]
    for match in _NUMBER.finditer(text):
        value = match[0].rstrip(".-/_")
        if any(start < match.end() and match.start() < end for start, end in days):
            continue
        if (
            re.fullmatch(r"\d{1,3}(?:[.,]\d{3})*[.,]\d\d", match[0])
            or text[match.end() :][:1] == "%"
        ):
            continue
        yield Value(value, match.start(), match.start() + len(value))


def date_finder(dialect: Dialect) -> Finder:
    """Return what finds dates as this document writes them."""

    def find(text: str) -> Iterator[Value]:
        for found in dates_in(text, dialect):
            yield Value(found.value, found.start, found.end)

    return find


def money_finder(dialect: Dialect, *, cents_only: bool = True) -> Finder:
    """Return what finds amounts as this document writes them."""

    def find(text: str) -> Iterator[Value]:
        for found in amounts_in(text, dialect):
            if found.is_money or not cents_only or _SIGN.match(text, found.end):
                yield Value(format(found.value, "f"), found.start, found.end)

    return find


def beside(label: Label, page: Page, find: Finder, *, rows: int = 1) -> Iterator[Candidate]:
    """Yield the values that stand to the label as values do, the likeliest places first.

    What stands below counts only where nothing stands to the right: the nearest `rows` of it.
    """
    is_found = False
    for candidate in (*_in_cell(label, find), *_to_the_right(label, page, find)):
        is_found = True
        yield candidate
    if not is_found:
        yield from islice(_below(label, page, find), rows)


def _in_cell(label: Label, find: Finder) -> Iterator[Candidate]:
    rest = label.cell.text[label.end :]
    lead = _LEAD.match(rest)
    skipped = lead.end() if lead else 0
    for value in find(rest):
        gap = value.start - skipped
        if gap <= _NEAR:
            share = _SAME_CELL
        elif gap <= _WITHIN:
            share = _LATER
        else:
            return
        part = label.cell.part(label.end + value.start, label.end + value.end)
        yield Candidate(value.value, part, label.strength * share)


def _to_the_right(label: Label, page: Page, find: Finder) -> Iterator[Candidate]:
    line = page.lines[label.cell.line - 1]
    place = line.index(label.cell)
    if len(label.cell.text) - label.end > _WITHIN:
        return
    share = _RIGHT
    for cell in line[place + 1 : place + 1 + _CELLS_TO_THE_RIGHT]:
        lead = _LEAD.match(cell.text)
        skipped = lead.end() if lead else 0
        values = [value for value in find(cell.text) if value.start - skipped <= _NEAR]
        if values:
            for value in values[:1]:
                yield Candidate(
                    value.value, cell.part(value.start, value.end), label.strength * share
                )
            share *= _FURTHER
        elif not _UNIT.fullmatch(cell.text):
            return


def _below(label: Label, page: Page, find: Finder) -> Iterator[Candidate]:
    if len(label.cell.text) - label.end > _NEAR:
        return
    share = _BELOW
    missed = 0
    reach = label.cell.part(label.start, label.end).box
    for line in page.lines[label.cell.line :]:
        under = next((cell for cell in line if _is_under(reach, cell)), None)
        if under is None:
            continue
        if under.box.top - reach.bottom > _REACH * max(reach.height, page.line_height):
            return
        value = next((value for value in find(under.text) if value.start <= _NEAR), None)
        if value is None:
            missed += 1
            share *= _LOWER
            if missed == _LINES_BELOW:
                return
            continue
        part = under.part(value.start, value.end)
        yield Candidate(value.value, part, label.strength * share)
        share *= _NEXT_ROW
        reach = Box(reach.left, reach.top, reach.right, under.box.bottom)


def _is_under(head: Box, cell: Cell) -> bool:
    box = cell.box
    shared = min(head.right, box.right) - max(head.left, box.left)
    return (
        shared > 0 or abs(head.right - box.right) < _ALIGNED or abs(head.left - box.left) < _ALIGNED
    )
