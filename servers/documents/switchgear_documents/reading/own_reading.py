"""A document of a company's own type: recognised, read by its labels and checked as it says."""

from collections.abc import Iterator, Mapping, Sequence

from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.labels import (
    Candidate,
    Finder,
    Label,
    beside,
    date_finder,
    money_finder,
    numbers_in,
)
from switchgear_documents.reading.own_document import FieldKind, OwnField, OwnType, own_types
from switchgear_documents.reading.reading import Check
from switchgear_documents.reading.templates import currencies_in, rest_of
from switchgear_documents.reading.words import Page
from switchgear_documents.reading.written import Dialect, dialect_of

_LEAST_SURE = 0.5
_MOST_SURE = 0.99
_LABELLED = 0.95


def recognised(text: str) -> tuple[OwnType, float] | None:
    """Return the own type that is surest of the text, and how sure; None if none is."""
    said = [(own, float(own.recognise(text))) for own in own_types().values()]
    best = max(said, key=lambda one: one[1], default=None)
    if best is None or not best[1] >= _LEAST_SURE:
        return None
    return best[0], min(best[1], _MOST_SURE)


def read_own(own: OwnType, pages: Sequence[Page]) -> dict[str, Candidate]:
    """Return the best candidate of each field that the pages show."""
    finders = _finders(dialect_of("\n".join(page.text for page in pages)))
    found: dict[str, Candidate] = {}
    for name, field in own.fields.items():
        candidates = [
            candidate
            for page in pages
            for label in _labels(page, field)
            for candidate in beside(label, page, finders[field.kind])
        ]
        if candidates:
            found[name] = max(candidates, key=lambda candidate: candidate.score)
    return found


def check_own(own: OwnType, extract: Extract) -> tuple[Check, ...]:
    """Return what the type itself says is wrong, or one passed check if it looked."""
    if own.check is None:
        return ()
    values = {field.name: field.value for field in extract.fields}
    name = f"{own.name}_rules"
    wrong = tuple(Check(name=name, passed=False, detail=said) for said in own.check(values))
    return wrong or (Check(name=name, passed=True, detail="as its type wants it"),)


def _finders(dialect: Dialect) -> Mapping[FieldKind, Finder]:
    return {
        "text": rest_of,
        "code": numbers_in,
        "date": date_finder(dialect),
        "amount": money_finder(dialect, cents_only=False),
        "currency": currencies_in,
    }


def _labels(page: Page, field: OwnField) -> Iterator[Label]:
    for cell in page.cells:
        text = cell.text.casefold()
        for phrase in field.after:
            place = text.find(phrase.casefold())
            if place >= 0:
                yield Label("number", _LABELLED, cell, place, place + len(phrase))
                break
