"""What each page of a file says of the document it belongs to: number, count, total, terms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from switchgear_documents.reading.classifier import classify
from switchgear_documents.reading.labels import find_labels
from switchgear_documents.reading.parties import read_parties
from switchgear_documents.reading.phrases import PHRASES
from switchgear_documents.reading.several import number_of, summed_up, with_total
from switchgear_documents.reading.wording import Wording
from switchgear_documents.reading.words import BLANK_LETTERS, Cell, Page
from switchgear_documents.reading.written import Dialect, amounts_in, dialect_of

_WANTED = Wording(each for each in PHRASES if each.role in ("number", "net", "tax", "gross", "due"))
_COUNTED_CHARS = 60
_MARGIN = 0.12
_HEADING_LINES = 2
_HEADING_CHARS = 200
_SURE_TYPE = 0.5
_PAGE = r"(?:page|sheet|seite|blatt|p[áa]gina|p[áa]g\.?|pagina|bladzijde|blad|feuille|hoja|foglio)"
_OF = r"\s?(?:of|von|de|di|van|sur|/|\|)\s?"
_COUNTED = re.compile(
    rf"(?<![\w-]){_PAGE}\s?[:.#]?\s?(?P<place>\d{{1,3}})(?:{_OF}(?P<count>\d{{1,3}}))?(?![\d.,])",
    re.IGNORECASE,
)
_BARE = re.compile(rf"[\W_]*(?P<place>\d{{1,2}}){_OF}(?P<count>\d{{1,2}})[\W_]*", re.IGNORECASE)
_TERMS = re.compile(
    r"[\W\d]{0,8}(?:(?:our|unsere|nos|nuestras|nostre|onze|the) )?(?:terms (?:and|&) conditions"
    r"|(?:general|standard) (?:terms|conditions)"
    r"|(?:terms|conditions) of (?:sale|delivery|purchase|business|trade|payment)"
    r"|(?:allgemeine )?\w{0,30}(?:geschäfts|verkaufs|liefer|zahlungs|einkaufs)\w{0,30}bedingungen"
    r"|agb(?!\w)|conditions? g[ée]n[ée]rales?|condiciones generales|condizioni generali"
    r"|algemene (?:\w{1,30})?voorwaarden|(?:leverings|verkoop|betalings)voorwaarden)"
    r"[^:\d]{0,60}",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?!\w{4})")
OF_TRADE = (
    *("invoice", "credit_note", "purchase_order"),
    *("order_confirmation", "delivery_note", "receipt"),
)


class Count(NamedTuple):
    """Which page of its document a page says it is, and of how many, if it says so."""

    place: int
    of: int | None


@dataclass(frozen=True)
class Signs:
    """What one page says; `number` is the one in its head, `shown` every word on it.

    `has_total` where something is called a total, `has_sum` where net and tax add up to it. A
    `sender` is looked for where neither number nor total stands.
    """

    page: int
    number: str | None = None
    count: Count | None = None
    has_total: bool = False
    has_sum: bool = False
    is_blank: bool = False
    is_terms: bool = False
    sender: str | None = None
    text: str = ""
    shown: frozenset[str] = frozenset()


def signs_of(pages: Sequence[Page]) -> tuple[Signs, ...]:
    """Return what each of the pages says, in their order."""
    return tuple(map(_signs_of, pages))


def _signs_of(page: Page) -> Signs:
    words = [word.text for word in page.words]
    if sum(map(len, words)) <= BLANK_LETTERS and not page.is_drawn_on:
        return Signs(page.number, is_blank=True)
    labels = find_labels([page], _WANTED)
    number = number_of(page, labels)
    dialect = dialect_of(page.text)
    has_total = bool(with_total([page], labels, dialect))
    is_bare = number is None and not has_total
    sender = read_parties([page], find_labels([page])).supplier if is_bare else None
    return Signs(
        page.number,
        number=number,
        count=_count_of(page),
        has_total=has_total,
        has_sum=has_total and bool(summed_up([page], labels, dialect)),
        is_terms=is_bare and _is_of_terms(page, dialect),
        sender=sender.value if sender is not None else None,
        text=page.text,
        shown=frozenset(word.strip(".,:;()#") for word in words),
    )


def _count_of(page: Page) -> Count | None:
    """Return the page's count; one without a whole counts only in the margin."""
    for cell in page.cells:
        if len(cell.text) > _COUNTED_CHARS:
            continue
        found = _COUNTED.search(cell.text)
        if found is None and _is_in_margin(cell):
            found = _BARE.fullmatch(cell.text)
        if found is None or (found["count"] is None and not _is_in_margin(cell)):
            continue
        place, count = int(found["place"]), int(found["count"]) if found["count"] else None
        if place >= 1 and (count is None or place <= count):
            return Count(place, count)
    return None


def _is_in_margin(cell: Cell) -> bool:
    return cell.box.top < _MARGIN or cell.box.bottom > 1 - _MARGIN


def _is_of_terms(page: Page, dialect: Dialect) -> bool:
    """Tell whether terms are the page's heading, and nothing on it could be asked to be paid."""
    headings = [cell.text[:_HEADING_CHARS] for line in page.lines[:_HEADING_LINES] for cell in line]
    if not any(map(_TERMS.fullmatch, headings)) or _IBAN.search(page.text):
        return False
    if any(amount.is_money for amount in amounts_in(page.text, dialect)):
        return False
    verdict = classify(page.text)
    return verdict.document_type not in OF_TRADE or verdict.confidence < _SURE_TYPE
