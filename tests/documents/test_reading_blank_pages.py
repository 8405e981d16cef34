"""A page counts as blank only if nothing shows on it: what is dropped is lost."""

import datetime as dt
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from tests.documents.reading_of import failures, read
from tests.documents.scans import needs, picture_of
from tests.documents.test_reading_several import FIRST, SECOND, a_pdf

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.engines import load_engine, tessdata
from switchgear_documents.reading.inking import is_nearly_white
from switchgear_documents.reading.ocr import Ocr
from switchgear_documents.reading.parts import ONE_DOCUMENT
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.routing import doubts_about

Between = Literal["nothing", "lines", "white lines", "an invoice", "a white sheet", "a photograph"]


def stack(between: Between, stamp: str = "") -> bytes:
    """Return two invoices with a page between them that has hardly a letter of text."""
    file = BytesIO()
    canvas = Canvas(file)

    def text(said: str) -> None:
        for row, line in enumerate(said.splitlines()):
            canvas.drawString(50, 780 - 20 * row, line)
        canvas.showPage()

    pictures = {
        "an invoice": picture_of(a_pdf(FIRST.replace("R-1", "R-9"))),
        "a white sheet": Image.new("L", (1000, 1400), 250),
        "a photograph": Image.new("L", (1000, 1400), 90),
    }
    text(FIRST)
    if between in pictures:
        canvas.drawImage(ImageReader(pictures[between]), 0, 0, 595, 842)
    elif between != "nothing":
        canvas.setStrokeGray(0.99 if between == "white lines" else 0)
        for row in range(20):
            canvas.line(50, 100 + row * 30, 500, 110 + row * 30)
    canvas.drawString(500, 20, stamp)
    canvas.showPage()
    text(SECOND)
    canvas.save()
    return file.getvalue()


@pytest.mark.parametrize(
    ("between", "stamp", "is_blank"),
    [
        ("nothing", "", True),
        ("nothing", "000002", True),
        ("nothing", "0000002", False),
        ("white lines", "", True),
        ("lines", "", False),
        ("lines", "0002", False),
    ],
)
def test_a_page_with_lines_on_it_is_not_blank(between: Between, stamp: str, is_blank: bool) -> None:
    reading = read(stack(between, stamp), ".pdf")

    assert (reading.document_type == "bundle") is is_blank
    told = [said for name, said in failures(reading) if name == ONE_DOCUMENT]
    assert [said.endswith("page 2 fits to none for sure") for said in told] == (
        [True] * (not is_blank)
    )


@needs("tesseract")
@pytest.mark.parametrize(
    ("between", "numbers"),
    [
        ("an invoice", ["R-1", "R-9", "R-2"]),
        ("a white sheet", ["R-1", "R-2"]),
        ("a photograph", ["R-1", "R-2"]),
    ],
)
def test_a_page_on_which_an_engine_finds_nothing_is_for_a_person(
    between: Between, numbers: list[str]
) -> None:
    ocr = Ocr(load_engine("tesseract", tessdata()), max_pages=5, max_pixels=20_000_000)

    reading = read_contents(
        stack(between, "0002" if between == "an invoice" else ""),
        ".pdf",
        max_pages=10,
        today=dt.date(2026, 11, 23),
        ocr=ocr,
    )

    assert [part.number for part in reading.parts] == numbers
    assert ("page 2 is blank" in reading.parts[0].why) is (between == "a white sheet")
    assert reading.document_type != "bundle"


@pytest.mark.parametrize(("dots", "is_white"), [(0, True), (20, True), (21, False)])
def test_so_many_specks_of_a_million_dots_are_nothing(dots: int, is_white: bool) -> None:
    picture = Image.new("L", (1000, 1000), 255)
    for place in range(dots):
        picture.putpixel((place * 7, place * 5), 0)

    assert is_nearly_white(picture) is is_white


async def test_a_picture_among_pages_of_text_that_no_engine_read_is_for_a_person(
    tmp_path: Path,
) -> None:
    file = tmp_path / "stack"
    file.write_bytes(stack("an invoice"))
    reader = Reader(workers=1, engines=())

    reading = await reader.read(file, "stack.pdf")
    await reader.close()

    told = ("every_page_is_read", "1 scanned pages were not read, the first is page 2")
    assert told in failures(reading)
    assert ": ".join(told) in doubts_about(reading)
