"""A file of several documents as a bundle of its parts, where nothing speaks against it."""

from collections.abc import Callable, Iterator, Sequence

from switchgear_documents.reading.classifier import classify
from switchgear_documents.reading.cutting import cut
from switchgear_documents.reading.page_signs import signs_of
from switchgear_documents.reading.parting import MOST_PAGES, PARTED, find_parts
from switchgear_documents.reading.parts import OF_THE_FILE, ONE_DOCUMENT, bundled, proposed
from switchgear_documents.reading.reading import PageRange, Reading
from switchgear_documents.reading.words import Page
from switchgear_shared.errors import UnreadableDocumentError

CLASSIFIER = "parts/1"

_OF_TRADE = (*PARTED, "purchase_order", "order_confirmation", "delivery_note", "receipt", "other")

AllPages = Callable[[], Sequence[Page]]
ReadAlone = Callable[[Sequence[Page]], Reading]


def in_parts(reading: Reading, data: bytes, pages_of: AllPages, read: ReadAlone) -> Reading:
    """Return the file as a bundle if it surely holds several documents, else as it was read.

    Where it seems to hold several, the parts are proposed and a failed check says what is in
    doubt. `read` reads some of its pages as a file of their own.
    """
    if reading.pages < 2 or not _may_be_several(reading):  # noqa: PLR2004 - one page, one document
        return reading
    pages = pages_of()
    found = find_parts(signs_of(pages[:MOST_PAGES]))
    if len(found.parts) < 2:  # noqa: PLR2004 - one part is no parting
        return reading
    alone = [_is_alone(part, pages, read) for part in found.parts]
    is_told = any(check.name == ONE_DOCUMENT for check in reading.failed_checks())
    if not is_told and sum(alone) < 2:  # noqa: PLR2004 - a document that speaks of another
        return reading
    doubts = (*_of_the_file(reading), found.doubt, *_of_parts(found.parts, alone))
    doubt = next((doubt for doubt in doubts if doubt is not None), None)
    if doubt is not None:
        return proposed(reading, found.parts, doubt)
    try:
        contents = list(cut(data, [(part.first, part.last) for part in found.parts]))
    except UnreadableDocumentError as error:
        return proposed(reading, found.parts, error.message)
    return bundled(reading, found.parts, contents, CLASSIFIER)


def _is_alone(part: PageRange, pages: Sequence[Page], read: ReadAlone) -> bool:
    """Tell whether the part, read on its own, is one invoice with its number and total."""
    reading = read([page for page in pages if part.first <= page.number <= part.last])
    return (
        reading.document_type in PARTED
        and reading.value("number") == part.number
        and reading.value("total_gross") is not None
        and all(check.name != ONE_DOCUMENT for check in reading.failed_checks())
    )


def _may_be_several(reading: Reading) -> bool:
    """Tell whether it is worth a look: papers of trade, or a text that begins like an invoice."""
    if reading.document_type in _OF_TRADE:
        return True
    first_page = reading.text.split("\f", 1)[0]
    return classify(first_page).document_type in PARTED


def _of_the_file(reading: Reading) -> Iterator[str]:
    if reading.pages > MOST_PAGES:
        yield f"it has more than {MOST_PAGES} pages"
    for check in reading.failed_checks():
        if check.name in OF_THE_FILE:
            yield check.detail


def _of_parts(parts: Sequence[PageRange], alone: Sequence[bool]) -> Iterator[str]:
    for part, is_document in zip(parts, alone, strict=True):
        if not is_document:
            yield f"pages {part.first} to {part.last} alone are no invoice"
