"""The slip of a till: which shop, when, what was to be paid, and where the shop is."""

from statistics import median

from switchgear_documents.reading.codes import read_currency
from switchgear_documents.reading.labels import Candidate, beside, date_finder, find_labels
from switchgear_documents.reading.phrases import phrases
from switchgear_documents.reading.reading import FieldName
from switchgear_documents.reading.receipt_addresses import read_address
from switchgear_documents.reading.receipt_suppliers import read_supplier
from switchgear_documents.reading.receipt_totals import read_total
from switchgear_documents.reading.wording import Wording
from switchgear_documents.reading.words import Page
from switchgear_documents.reading.written import Dialect, dates_in, dialect_of

_DATE_LABELS = Wording(
    [
        phrases(
            "date", 0.95, r"(?:inv(?:oice)?\.? ?|trans\w*\.? ?|bill ?|tax )?date|datum|fecha|data"
        )
    ]
)
_WITH_DATE_LABEL, _BY_ITSELF = 0.95, 0.85
_LETTERS_ON_A_ROLL = 75


def read_receipt(page: Page) -> dict[FieldName, Candidate]:
    """Return what a slip says of its sale."""
    dialect = dialect_of(page.text)
    supplier = read_supplier(page)
    found: dict[FieldName, Candidate | None] = {
        "supplier": supplier,
        "date": read_date(page, dialect),
        "total_gross": read_total(page, dialect),
        "address": read_address(page, supplier),
        "currency": read_currency([page], ()),
    }
    return {name: candidate for name, candidate in found.items() if candidate is not None}


def is_slip(page: Page) -> bool:
    """Tell whether the page is a picture of paper as narrow as a till prints on."""
    if all(word.confidence == 1 for word in page.words):
        return False
    letters = [word.box.width / len(word.text) for word in page.words if len(word.text) > 1]
    return bool(letters) and median(letters) > 1 / _LETTERS_ON_A_ROLL


def read_date(page: Page, dialect: Dialect) -> Candidate | None:
    """Return the day of the sale: the one by its label, else the first."""
    labels = find_labels([page], _DATE_LABELS)
    find = date_finder(dialect)
    found = [c for label in labels for c in beside(label, page, find)]
    if found:
        best = max(found, key=lambda c: c.score)
        return best._replace(score=min(best.score, _WITH_DATE_LABEL))
    for cell in page.cells:
        for day in dates_in(cell.text, dialect):
            return Candidate(day.value, cell.part(day.start, day.end), _BY_ITSELF)
    return None
