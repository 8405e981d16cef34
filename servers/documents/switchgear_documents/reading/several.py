"""Several documents in one file: pages that each begin one, by number and total of their own."""

from collections.abc import Sequence

from switchgear_documents.reading.labels import Candidate, Label, beside, money_finder, numbers_in
from switchgear_documents.reading.reading import Check
from switchgear_documents.reading.words import Page
from switchgear_documents.reading.written import Dialect

CHECK = "one_document"
_HEAD = 0.5


def check_single(pages: Sequence[Page], labels: Sequence[Label], dialect: Dialect) -> Check | None:
    """Return a failed check if two pages bear other numbers in their heads and totals each.

    A number in a page's head alone may be that of another document it speaks of.
    """
    numbered: dict[str, int] = {}
    totalled = _with_total(pages, labels, dialect)
    for page in pages:
        number = _number_of(page, labels)
        if number is not None and _is_of_document(page.number, number, numbered, totalled):
            numbered.setdefault(number, page.number)
    if len(numbered) < 2:  # noqa: PLR2004 - one number, one document
        return None
    said = ", ".join(f"{number[:40]!a} on page {page}" for number, page in numbered.items())
    return Check(name=CHECK, passed=False, detail=f"the file holds several documents: {said}")


def _is_of_document(page: int, number: str, earlier: dict[str, int], totalled: set[int]) -> bool:
    """Tell whether the page begins a document, and what came before had its total."""
    if not earlier:
        return True
    has_total = any(place >= page for place in totalled)
    was_total = any(max(earlier.values()) <= place < page for place in totalled)
    return number in earlier or (has_total and was_total)


def _number_of(page: Page, labels: Sequence[Label]) -> str | None:
    found: list[Candidate] = [
        candidate
        for label in labels
        if label.role == "number"
        if label.cell.page == page.number and label.cell.box.top < _HEAD
        for candidate in beside(label, page, numbers_in)
    ]
    return max(found, key=lambda candidate: candidate.score).value if found else None


def _with_total(pages: Sequence[Page], labels: Sequence[Label], dialect: Dialect) -> set[int]:
    money = money_finder(dialect)
    by_number = {page.number: page for page in pages}
    return {
        label.cell.page
        for label in labels
        if label.role in ("gross", "due")
        if any(True for _ in beside(label, by_number[label.cell.page], money))
    }
