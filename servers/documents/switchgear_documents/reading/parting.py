"""Where one document of a file ends and the next begins, by what its pages say.

Doubt is cheap, a wrong parting is not: a page that fits to nothing leaves the parting to a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from switchgear_documents.reading.classifier import classify
from switchgear_documents.reading.lookalikes import alike
from switchgear_documents.reading.page_signs import Count, Signs
from switchgear_documents.reading.parts import MOST_PARTS
from switchgear_documents.reading.reading import DocumentType, PageRange

PARTED: tuple[DocumentType, ...] = ("invoice", "credit_note")
"""What a part must be: of other papers nobody knows how they follow one another."""
MOST_PAGES = 200
"""How many pages of a file are looked at for where its documents begin."""
_SURE_TYPE = 0.5


@dataclass(frozen=True)
class Parting:
    """The parts found, which cover every page once and in order, and what speaks against them."""

    parts: tuple[PageRange, ...]
    doubt: str | None = None


@dataclass
class _Open:
    """A document whose pages are being found."""

    first: int
    number: str | None
    count: Count | None
    last: int
    text: str
    has_total: bool = False
    has_sum: bool = False
    reasons: list[str] = field(default_factory=list[str])
    doubts: list[str] = field(default_factory=list[str])

    def take(self, page: Signs, why: str | None = None) -> None:
        self.last = page.page
        self.has_total = self.has_total or page.has_total
        self.has_sum = self.has_sum or page.has_sum
        self.count = page.count or self.count
        self.number = self.number or page.number
        if why is not None:
            self.reasons.append(f"page {page.page} {why}")


def find_parts(pages: Sequence[Signs]) -> Parting:
    """Return the documents that the pages are; one part, or none, is no parting."""
    found = _gathered(pages)
    parts = tuple(_part(one) for one in found)
    if len(parts) > MOST_PARTS:
        return Parting(parts[:MOST_PARTS], f"it seems to hold more than {MOST_PARTS} documents")
    return Parting(parts, next(_doubts(found), None))


def _gathered(pages: Sequence[Signs]) -> list[_Open]:
    """Return the documents one after another; blank pages before the first belong to it."""
    found: list[_Open] = []
    first = pages[0].page if pages else 1
    for page in pages:
        if not found:
            if not page.is_blank:
                found.append(_begun(page, first))
            continue
        before = found[-1]
        if page.is_blank:
            before.take(page, "is blank")
        elif _begins(page, before):
            found.append(_begun(page, page.page))
        else:
            _follow(page, before)
    return found


def _begun(page: Signs, first: int) -> _Open:
    begun = _Open(
        first, page.number, page.count, page.page, page.text, page.has_total, page.has_sum
    )
    if page.number is not None:
        begun.reasons.append(f"page {page.page} bears number {page.number[:40]}")
    if page.count is not None and page.count.place > 1:
        begun.doubts.append(f"page {page.page} says that it is page {page.count.place} of its own")
    return begun


def _begins(page: Signs, before: _Open) -> bool:
    """Tell whether the page begins a document: another number in its head, and no count beyond 1.

    A number alone may be that of another document it speaks of, so what came before must have had
    its total. Pages without one are in doubt wherever they begin.
    """
    if page.count is not None and (page.count.place > 1 or page.number is None):
        return page.count.place == 1
    if page.number is None:
        return page.has_sum and before.has_sum
    return page.number != before.number and (before.has_total or before.number is None)


def _follow(page: Signs, before: _Open) -> None:
    """Take the page on as one of the document before it; doubt if nothing says that it is."""
    repeats = page.number is not None and page.number == before.number
    if page.count is not None:
        known = before.count
        if known is None or page.count.place != known.place + 1 or page.count.of != known.of:
            before.doubts.append(f"the count of page {page.page} does not follow")
        elif page.number is not None and not repeats:
            before.doubts.append(f"page {page.page} bears another number")
        before.take(page, "follows by its count")
    elif repeats:
        if _is_of_its_own(page, before):
            before.doubts.append(f"page {page.page} repeats number and total")
        before.take(page, "bears the same number")
    elif page.is_terms:
        before.take(page, "holds terms")
    elif before.number in page.shown and _goes_on(page, before):
        before.take(page, "names the same number")
    else:
        before.doubts.append(f"page {page.page} fits to none for sure")
        before.take(page)


def _is_of_its_own(page: Signs, before: _Open) -> bool:
    """Tell whether the page may be a copy, or the same again: both have what only one page has.

    A column of a table may be called a total, so what adds up counts, unless nothing does.
    """
    if page.has_sum or before.has_sum:
        return page.has_sum and before.has_sum
    return page.has_total and before.has_total


def _goes_on(page: Signs, before: _Open) -> bool:
    """Tell whether a page that names the number is more of that document and none of its own."""
    if page.number is not None or page.has_total:
        return False
    if page.sender is not None and alike(page.sender) not in alike(before.text):
        return False
    verdict = classify(page.text)
    return verdict.document_type in PARTED and verdict.confidence >= _SURE_TYPE


def _doubts(found: Sequence[_Open]) -> Iterator[str]:
    """Yield what speaks against the parting."""
    seen: dict[str, int] = {}
    for one in found:
        yield from one.doubts
        if one.number is None:
            yield f"page {one.first} bears no number"
            continue
        if not one.has_total:
            yield f"no total is with number {one.number[:40]} of page {one.first}"
        if one.number in seen:
            yield f"number {one.number[:40]} is on page {seen[one.number]} and page {one.first}"
        seen[one.number] = one.first
        if one.count is not None and one.count.of not in (None, one.count.place):
            yield f"pages of number {one.number[:40]} are missing: the last is {one.count.place}"


def _part(one: _Open) -> PageRange:
    return PageRange(first=one.first, last=one.last, number=one.number, why="; ".join(one.reasons))
