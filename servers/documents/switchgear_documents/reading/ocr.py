"""Scans into pages of words, by the engine at hand and within its limits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchgear_documents.reading.engines import Engine
from switchgear_documents.reading.inking import is_nearly_white
from switchgear_documents.reading.pictures import (
    count_pages,
    pictures_of_image,
    pictures_of_pdf,
)
from switchgear_documents.reading.reading import Check
from switchgear_documents.reading.words import Page

if TYPE_CHECKING:
    from PIL.Image import Image

LEGIBLE = "scan_is_legible"
"""The check that every reading by an engine has."""

_SURE_ENOUGH = 0.6
_NAMES = {"tesseract": "tesseract", "rapidocr": "RapidOCR"}


@dataclass(frozen=True)
class Ocr:
    """An engine, and how much of a document it is given."""

    engine: Engine
    max_pages: int
    max_pixels: int

    def read_image(self, data: bytes) -> tuple[tuple[Page, ...], tuple[Check, ...]]:
        """Return an image file's pages, and what there is to say about them.

        Raises UnreadableDocumentError if it is damaged or too large.
        """
        pictures = pictures_of_image(data, max_pages=self.max_pages, max_pixels=self.max_pixels)
        pages = tuple(self._page(number, picture) for number, picture in enumerate(pictures, 1))
        return pages, self._checks(pages, count_pages(data))

    def read_pdf(
        self, data: bytes, numbers: tuple[int, ...]
    ) -> tuple[tuple[Page, ...], tuple[Check, ...]]:
        """Return those pages of a PDF that were asked for, by number; see `read_image`."""
        pictures = pictures_of_pdf(data, numbers[: self.max_pages])
        pages = tuple(self._page(number, picture) for number, picture in pictures)
        return pages, self._checks(pages, len(numbers))

    def _page(self, number: int, picture: "Image") -> Page:
        return Page(number, *self.engine.read(picture), is_drawn_on=not is_nearly_white(picture))

    def _checks(self, pages: tuple[Page, ...], count: int) -> tuple[Check, ...]:
        words = [word for page in pages for word in page.words]
        sure = sum(word.confidence for word in words) / max(len(words), 1)
        checks = [
            Check(
                name=LEGIBLE,
                passed=sure >= _SURE_ENOUGH,
                detail=f"{_NAMES[self.engine.name]} read {len(words)} words, {sure:.2f} sure",
            )
        ]
        if count > len(pages):
            detail = f"{len(pages)} of {count} scanned pages were read"
            checks.append(Check(name="every_page_is_read", passed=False, detail=detail))
        return tuple(checks)
