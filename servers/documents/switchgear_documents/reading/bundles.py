"""A file of several documents as a bundle of its parts, where nothing speaks against it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from switchgear_documents.reading.classifier import classify
from switchgear_documents.reading.cutting import cut
from switchgear_documents.reading.independence import Part, ties
from switchgear_documents.reading.ocr import LEGIBLE
from switchgear_documents.reading.page_signs import OF_TRADE, Signs, signs_of
from switchgear_documents.reading.parting import MOST_PAGES, PARTED, find_parts
from switchgear_documents.reading.parts import (
    OF_THE_FILE,
    ONE_DOCUMENT,
    bundled,
    offered,
    proposed,
)
from switchgear_documents.reading.reading import PageRange, Reading
from switchgear_documents.reading.words import Page
from switchgear_shared.errors import UnreadableDocumentError

_WORTH_A_LOOK = (*OF_TRADE, "other")

ReadAlone = Callable[[Sequence[Page]], Reading]


@dataclass(frozen=True)
class FilePages:
    """The first pages of a file with words in their places, and what places all of them."""

    first: Sequence[Page]
    whole: Callable[[], Sequence[Page]] | None = None


def in_parts(reading: Reading, data: bytes, file: FilePages, read: ReadAlone) -> Reading:
    """Return the file as a bundle if it surely holds several documents, else as it was read.

    Where it seems to hold several, the parts are proposed and a failed check says what is in
    doubt. The parts of a scan are offered: one engine may have misread what parts them. `read`
    reads some of its pages as a file of their own.
    """
    if reading.pages < 2 or not _may_be_several(reading):  # noqa: PLR2004 - one page, one document
        return reading
    pages, signs = file.first, signs_of(file.first)
    found = find_parts(signs)
    if file.whole is not None and (len(found.parts) > 1 or reading.document_type in PARTED):
        pages = file.whole()
        signs = signs_of(pages)
        found = find_parts(signs)
    if len(found.parts) < 2:  # noqa: PLR2004 - one part is no parting
        return reading
    parts = [_alone(part, pages, signs, read) for part in found.parts]
    is_told = any(check.name == ONE_DOCUMENT for check in reading.failed_checks())
    if not is_told and sum(map(_is_invoice, parts)) < 2:  # noqa: PLR2004 - a document that speaks of another
        return reading
    doubt = next(_doubts(reading, found.doubt, parts), None)
    if doubt is not None:
        return proposed(reading, found.parts, doubt)
    try:
        contents = list(cut(data, [(part.first, part.last) for part in found.parts]))
    except UnreadableDocumentError as error:
        return proposed(reading, found.parts, error.message)
    is_scan = any(check.name == LEGIBLE for check in reading.checks)
    return (offered if is_scan else bundled)(reading, found.parts, contents)


def _alone(part: PageRange, pages: Sequence[Page], signs: Sequence[Signs], read: ReadAlone) -> Part:
    """Return the part with what it says when it is read on its own."""
    own = [page for page in pages if part.first <= page.number <= part.last]
    terms = {each.page for each in signs if each.is_terms}
    text = "\n".join(page.text for page in own if page.number not in terms)
    return Part(part, read(own), text)


def _is_invoice(part: Part) -> bool:
    """Tell whether the part is one invoice with its number and total."""
    return (
        part.reading.document_type in PARTED
        and part.reading.value("number") == part.pages.number
        and part.reading.value("total_gross") is not None
        and all(check.name != ONE_DOCUMENT for check in part.reading.failed_checks())
    )


def _may_be_several(reading: Reading) -> bool:
    """Tell whether it is worth a look: papers of trade, or a text that begins like an invoice."""
    if reading.document_type in _WORTH_A_LOOK:
        return True
    first_page = reading.text.split("\f", 1)[0]
    return classify(first_page).document_type in PARTED


def _doubts(reading: Reading, doubt: str | None, parts: Sequence[Part]) -> Iterator[str]:
    """Yield what speaks against the parting, `doubt` being what the pages themselves say."""
    if reading.pages > MOST_PAGES:
        yield f"it has more than {MOST_PAGES} pages"
    for check in reading.failed_checks():
        if check.name in OF_THE_FILE:
            yield check.detail
    if doubt is not None:
        yield doubt
    for part in parts:
        if not _is_invoice(part):
            yield f"pages {part.pages.first} to {part.pages.last} alone are no invoice"
    yield from ties(parts)
