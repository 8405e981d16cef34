"""A scan is a scan whatever a scanner, a fax or a signing service printed over it."""

import datetime as dt
from io import BytesIO

import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.documents.reading_of import read
from tests.documents.scans import INVOICE, needs, picture_of

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.engines import load_engine, tessdata
from switchgear_documents.reading.ocr import Ocr
from switchgear_documents.reading.scanned import MOST_STAMPED_LETTERS
from switchgear_documents.samples.page import to_page

ENVELOPE = "Envelope ID: 8A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"
PAGE = picture_of(to_page(INVOICE))
A4 = (595.0, 842.0)


def scan(stamp: str, *, covered: float = 1.0, strips: int = 1) -> bytes:
    """Return a page whose upper part is a picture, in one piece or in strips, under a stamp."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    width, height = A4
    piece = PAGE.height // strips
    for place in range(strips):
        part = PAGE.crop((0, place * piece, PAGE.width, (place + 1) * piece))
        tall = covered * height / strips
        canvas.drawImage(ImageReader(part), 0, height - (place + 1) * tall, width, tall)
    for row in range(0, len(stamp), 100):
        canvas.setFontSize(6)
        canvas.drawString(20, 20 + row / 10, stamp[row : row + 100])
    canvas.save()
    return file.getvalue()


@pytest.mark.parametrize(
    ("letters", "is_scan"),
    [
        (0, True),
        (7, True),
        (MOST_STAMPED_LETTERS, True),
        (MOST_STAMPED_LETTERS + 1, False),
    ],
)
def test_a_stamp_is_no_longer_than_so(letters: int, is_scan: bool) -> None:
    assert read(scan("x" * letters), ".pdf").unread_pages == ((1,) if is_scan else ())


@pytest.mark.parametrize(
    ("covered", "stamp", "is_scan"),
    [
        (0.5, ENVELOPE, True),
        (0.49, ENVELOPE, False),
        (0.1, "000002", True),
        (0.1, "0000002", False),
    ],
)
def test_a_scan_covers_half_of_its_page(covered: float, stamp: str, is_scan: bool) -> None:
    assert read(scan(stamp, covered=covered), ".pdf").unread_pages == ((1,) if is_scan else ())


def test_a_scan_may_come_in_strips() -> None:
    assert read(scan(ENVELOPE, strips=12), ".pdf").unread_pages == (1,)


@needs("tesseract")
@pytest.mark.parametrize("stamp", ["Scanned by CamScanner", ENVELOPE])
def test_a_stamped_scan_is_read_by_an_engine(stamp: str) -> None:
    ocr = Ocr(load_engine("tesseract", tessdata()), max_pages=5, max_pixels=20_000_000)

    reading = read_contents(scan(stamp), ".pdf", max_pages=1, today=dt.date(2026, 11, 23), ocr=ocr)

    assert reading.document_type == "invoice"
    assert (reading.value("number"), reading.value("total_gross")) == ("INV-2026-0042", "617.71")
    assert reading.unread_pages == ()
