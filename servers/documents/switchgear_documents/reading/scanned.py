"""Which pages of a PDF are scans, for an engine to read: pictures with hardly a letter on them."""

import pypdfium2
from pypdfium2 import raw

from switchgear_documents.reading.drawn import Frame, drawing_of
from switchgear_documents.reading.words import BLANK_LETTERS

MOST_STAMPED_LETTERS = 200
"""What scanners, faxes, archives and signing services print over a scan is shorter."""

_LEAST_COVERED = 0.5


def letters_in(text: str) -> int:
    """Count what is no white space."""
    return len("".join(text.split()))


def is_scan(page: pypdfium2.PdfPage, letters: int) -> bool:
    """Tell whether a page with so many letters of text is to be read from its pictures.

    With hardly a letter any picture will do; with no more than a stamp, pictures (a scan may come
    in strips) have to cover half of the page.
    """
    if letters > MOST_STAMPED_LETTERS:
        return False
    drawing = drawing_of(page)
    pictures = list(drawing.of_kind(raw.FPDF_PAGEOBJ_IMAGE))
    if letters <= BLANK_LETTERS or not pictures:
        return bool(pictures)
    frame = Frame(page)
    boxes = [box for each in pictures if (box := frame.box_of(drawing, each)) is not None]
    covered = sum(
        max(min(box.right, 1.0) - max(box.left, 0.0), 0.0)
        * max(min(box.bottom, 1.0) - max(box.top, 0.0), 0.0)
        for box in boxes
    )
    return covered >= _LEAST_COVERED
