"""Several documents in one file: pages that each begin one, by number and total of their own."""

from collections.abc import Sequence
from decimal import Decimal

from switchgear_documents.reading.einvoice import plain
from switchgear_documents.reading.labels import Candidate, Label, beside, money_finder, numbers_in
from switchgear_documents.reading.parts import ONE_DOCUMENT
from switchgear_documents.reading.reading import Check
from switchgear_documents.reading.words import Page
from switchgear_documents.reading.written import Dialect

_HEAD = 0.5


def check_single(pages: Sequence[Page], labels: Sequence[Label], dialect: Dialect) -> Check | None:
    """Return a failed check if two pages bear other numbers in their heads and totals each.

    A number in a page's head alone may be that of another document it speaks of. Where a number
    is not found, two pages are two documents if each has a total that is its tax above another
    amount, and the totals differ.
    """
    numbered: dict[str, int] = {}
    totalled = with_total(pages, labels, dialect)
    for page in pages:
        number = number_of(page, labels)
        if number is not None and _is_of_document(page.number, number, numbered, totalled):
            numbered.setdefault(number, page.number)
    if len(numbered) < 2:  # noqa: PLR2004 - one number, one document
        numbered = summed_up(pages, labels, dialect)
    if len(numbered) < 2:  # noqa: PLR2004 - one total, one document
        return None
    said = ", ".join(f"{number[:40]!a} on page {page}" for number, page in numbered.items())
    return Check(
        name=ONE_DOCUMENT, passed=False, detail=f"the file holds several documents: {said}"
    )


def summed_up(pages: Sequence[Page], labels: Sequence[Label], dialect: Dialect) -> dict[str, int]:
    """Return the totals that net and tax of their page add up to, each with its first page."""
    money = money_finder(dialect)
    found: dict[str, int] = {}
    for page in pages:
        by_role: dict[str, set[Decimal]] = {r: set() for r in ("net", "tax", "gross", "due")}
        for label in labels:
            if label.cell.page == page.number and label.role in by_role:
                by_role[label.role] |= {Decimal(c.value) for c in beside(label, page, money)}
        shown = {Decimal(c.value) for cell in page.cells for c in money(cell.text)}
        totals = {
            total
            for total in by_role["gross"] | by_role["due"]
            for tax in by_role["tax"]
            if total - tax in (shown if tax else by_role["net"])
        }
        for total in sorted(totals, reverse=True)[:1]:
            found.setdefault(f"a total of {plain(total)}", page.number)
    return found


def _is_of_document(page: int, number: str, earlier: dict[str, int], totalled: set[int]) -> bool:
    """Tell whether the page begins a document, and what came before had its total."""
    if not earlier:
        return True
    has_total = any(place >= page for place in totalled)
    was_total = any(max(earlier.values()) <= place < page for place in totalled)
    return number in earlier or (has_total and was_total)


def number_of(page: Page, labels: Sequence[Label]) -> str | None:
    """Return the likeliest number in the page's head, None where it bears none."""
    found: list[Candidate] = [
        candidate
        for label in labels
        if label.role == "number"
        if label.cell.page == page.number and label.cell.box.top < _HEAD
        for candidate in beside(label, page, numbers_in)
    ]
    return max(found, key=lambda candidate: candidate.score).value if found else None


def with_total(pages: Sequence[Page], labels: Sequence[Label], dialect: Dialect) -> set[int]:
    """Return the numbers of the pages that show a total or what is due."""
    money = money_finder(dialect)
    by_number = {page.number: page for page in pages}
    return {
        label.cell.page
        for label in labels
        if label.role in ("gross", "due")
        if any(True for _ in beside(label, by_number[label.cell.page], money))
    }
