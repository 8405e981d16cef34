"""The pages' words and the attachments of a PDF."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2
from pypdfium2 import raw

from switchgear_documents.reading.annotations import page_as_shown
from switchgear_documents.reading.covered import TooCrowdedError
from switchgear_documents.reading.inking import is_nearly_white
from switchgear_documents.reading.placing import Boxes, place_words
from switchgear_documents.reading.scanned import is_scan, letters_in
from switchgear_documents.reading.unseen import unseen_words
from switchgear_documents.reading.words import BLANK_LETTERS, Page
from switchgear_shared.errors import UnreadableDocumentError

MEDIA_TYPE = "application/pdf"

_WRONG_PASSWORD = 4
_TRAILER_BYTES = 4096
_LOOKED_AT = 1000
_DRAWN = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING)
PLACED_PAGES = 12
"""Words get their places on the first pages; what follows is read for its text alone."""


@dataclass(frozen=True)
class Pdf:
    """The text of each page in reading order, words in their places on the first of them.

    `attachments` are the XML files attached, by name. `images` are the numbers of the pages,
    from 1, that are scans (`is_scan`). `unseen` are words that do not show,
    `crowded` the numbers of pages on which too much is drawn to tell.
    """

    page_texts: tuple[str, ...]
    attachments: dict[str, bytes]
    pages: tuple[Page, ...] = ()
    images: tuple[int, ...] = ()
    unseen: tuple[str, ...] = ()
    crowded: tuple[int, ...] = ()

    def with_pages(self, found: Sequence[Page]) -> "Pdf":
        """Return the PDF with these pages in place of the pictures they were read from."""
        by_number = {page.number: page for page in (*self.pages, *found)}
        texts = list(self.page_texts)
        for page in found:
            texts[page.number - 1] = page.text
        pages = tuple(by_number[number] for number in sorted(by_number))
        return replace(self, page_texts=tuple(texts), pages=pages)


def read_pdf(data: bytes, max_pages: int, placed: int = PLACED_PAGES) -> Pdf:
    """Read a PDF, with words in their places on the first `placed` pages.

    Raises UnreadableDocumentError if it is damaged, locked or too long.
    """
    document = open_pdf(data)
    try:
        if len(document) > max_pages:
            raise UnreadableDocumentError(
                f"the PDF has {len(document)} pages, at most {max_pages} are read"
            )
        return _read(document, placed)
    except pypdfium2.PdfiumError as error:
        raise UnreadableDocumentError("the PDF is damaged inside") from error
    finally:
        document.close()


def open_pdf(data: bytes) -> pypdfium2.PdfDocument:
    """Open a PDF, for the caller to close; raises UnreadableDocumentError if it cannot be."""
    if b"%%EOF" not in data[-_TRAILER_BYTES:]:
        raise UnreadableDocumentError("the PDF is cut short: its end marker is missing")
    try:
        document = pypdfium2.PdfDocument(data)
        document.init_forms()  # what is filled in shows only then; does nothing without a form
    except pypdfium2.PdfiumError as error:
        if error.err_code == _WRONG_PASSWORD:
            raise UnreadableDocumentError("the PDF is locked with a password") from error
        raise UnreadableDocumentError("the PDF is damaged and cannot be opened") from error
    return document


def _read(document: pypdfium2.PdfDocument, placed_pages: int) -> Pdf:
    texts: list[str] = []
    pages: list[Page] = []
    images: list[int] = []
    unseen: list[str] = []
    crowded: list[int] = []
    for number in range(1, len(document) + 1):
        page = page_as_shown(document, number - 1)
        text_page = page.get_textpage()
        text = text_page.get_text_range()
        texts.append(_clean(text))
        letters = letters_in(text)
        if number <= placed_pages:
            placed = place_words(page, text_page, text)
            try:
                unseen += unseen_words(page, text_page, placed)
            except TooCrowdedError:
                crowded.append(number)
            on_it = tuple(compress(placed.words, _is_on_the_page(placed.boxes)))
            is_drawn_on = letters <= BLANK_LETTERS and _is_drawn_on(page)
            pages.append(Page(number, on_it, placed.shape, is_drawn_on))
        if is_scan(page, letters):
            images.append(number)
        text_page.close()
        page.close()
    attachments = _attachments(document)
    return Pdf(
        tuple(texts), attachments, tuple(pages), tuple(images), tuple(unseen), tuple(crowded)
    )


def _is_on_the_page(boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Say of which the middle is."""
    left, top, right, bottom = boxes.T
    across, down = left + right, top + bottom
    return (across >= 0) & (across <= 2) & (down >= 0) & (down <= 2)  # noqa: PLR2004 - twice its middle


def _shows(page: pypdfium2.PdfPage, *kinds: int) -> bool:
    return any(True for _ in page.get_objects(kinds, max_depth=3))


def _is_drawn_on(page: pypdfium2.PdfPage) -> bool:
    """Tell whether the page shows a picture or lines that are not drawn nearly white."""
    if not _shows(page, *_DRAWN):
        return False
    scale: Any = _LOOKED_AT / max(*page.get_size(), 1.0)
    return not is_nearly_white(page.render(scale=scale).to_pil())


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "").replace("\ufffe", "-")


def _attachments(document: pypdfium2.PdfDocument) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number in range(document.count_attachments()):
        attachment = document.get_attachment(number)
        name = attachment.get_name()
        if name.lower().endswith(".xml"):
            found[name] = bytes(attachment.get_data())
    return found
