"""What is filled into a form or laid over a page is read, shown and parted as people see it."""

import re
from io import BytesIO
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from pypdfium2 import raw
from reportlab.lib.colors import white
from reportlab.pdfgen.canvas import Canvas
from tests.documents.reading_of import failures, read, values

from switchgear_documents.reading.annotations import page_as_shown
from switchgear_documents.reading.cutting import cut
from switchgear_documents.reading.rendering import render_page

PRINTED = """Contoso Ltd
Purchase order
Order number
Date
Bill to: Fabrikam GmbH, Berlin
Item A 10 pieces 10.00
Net total 100.00
VAT 19 % 19.00
Total EUR"""
FILLED = {"Order number": "PO-4711", "Date": "2026-03-02", "Total EUR": "119.00"}
AT = (220, 20)
SEEN = "text_is_visible"


def a_form(*, filled: dict[str, str] = FILLED, under: str = "") -> bytes:
    """Return an order whose number, date and total are filled into fields beside their labels.

    With words `under` them the fields are opaque.
    """
    file = BytesIO()
    canvas = Canvas(file, pageCompression=0)
    for row, line in enumerate(PRINTED.splitlines()):
        height = 780 - 20 * row
        canvas.drawString(50, height, line)
        if line in filled:
            over: dict[str, Any] = {"fillColor": white} if under else {}
            canvas.drawString(AT[0] + 4, height, under)
            canvas.acroForm.textfield(
                name=line, value=filled[line], x=AT[0], y=height - 4, height=AT[1], **over
            )
    canvas.save()
    return file.getvalue()


def without_appearances(pdf: bytes) -> bytes:
    """Return the form as programs leave it that let the viewer draw what is filled in."""
    return pdf.replace(b"/AP", b"/XP")


@pytest.mark.parametrize("made", [a_form(), without_appearances(a_form())], ids=["drawn", "left"])
def test_what_is_filled_in_is_read(made: bytes) -> None:
    reading = read(made, ".pdf")

    assert reading.document_type == "purchase_order"
    found = values(reading)
    assert (found["number"], found["date"]) == ("PO-4711", "2026-03-02")
    assert found["total_gross"] == "119.00"
    assert "PO-4711" in reading.text


def test_it_is_read_where_it_stands() -> None:
    number = next(field for field in read(a_form(), ".pdf").fields if field.name == "number")

    assert number.box is not None
    assert number.box[0] * 595 == pytest.approx(AT[0], abs=8)
    assert number.page == 1


@pytest.mark.parametrize("made", [a_form(), without_appearances(a_form())], ids=["drawn", "left"])
def test_the_page_for_people_shows_it(made: bytes) -> None:
    filled, empty = (
        np.asarray(Image.open(BytesIO(render_page(pdf, 1, max_pixels=9_000_000))).convert("L"))
        for pdf in (made, a_form(filled={}))
    )

    right = int(AT[0] / 595 * filled.shape[1])
    assert (filled[:, right:] < 128).sum() > (empty[:, right:] < 128).sum() + 200


@pytest.mark.parametrize("under", ["", "paid by bank already"])
def test_words_under_a_field_are_not_taken_for_shown(under: str) -> None:
    told = [said for name, said in failures(read(a_form(under=under), ".pdf")) if name == SEEN]

    assert len(told) == bool(under)
    assert all(under in said for said in told)


def test_what_a_viewer_hides_is_not_read() -> None:
    hidden = re.sub(rb"/F 4\b", b"/F 2", a_form())
    assert hidden != a_form()

    assert "PO-4711" not in read(hidden, ".pdf").text


def test_parts_keep_what_was_filled_in() -> None:
    for made in (a_form(), without_appearances(a_form())):
        (part,) = cut(made, [(1, 1)])

        assert values(read(part, ".pdf"))["number"] == "PO-4711"
        assert (part,) == tuple(cut(made, [(1, 1)]))


def test_links_leave_a_page_as_it_is() -> None:
    file = BytesIO()
    canvas = Canvas(file)
    canvas.drawString(50, 780, "Pay at our site")
    canvas.linkURL("https://example.com", (50, 770, 200, 790))
    canvas.save()
    document = pypdfium2.PdfDocument(file.getvalue())

    page = page_as_shown(document, 0)

    assert raw.FPDFPage_GetAnnotCount(page) == 1
    document.close()
