"""Words in places: what a page shows where, whichever way it was made."""

from io import BytesIO

import pypdf
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from switchgear_documents.reading.pdf import read_pdf
from switchgear_documents.reading.words import Page, pages_of_text

WIDTH, HEIGHT = A4


def a_pdf(*texts: tuple[float, float, str], turned: int = 0) -> bytes:
    """Return a page with each text at its left and baseline, in points from the bottom left."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    canvas.setFont("Helvetica", 10)
    for left, bottom, text in texts:
        canvas.drawString(left, bottom, text)
    canvas.save()
    if not turned:
        return file.getvalue()
    writer = pypdf.PdfWriter(clone_from=BytesIO(file.getvalue()))
    writer.pages[0].rotate(turned)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def page_of(data: bytes) -> Page:
    return read_pdf(data, 10).pages[0]


def cells(page: Page) -> list[list[str]]:
    return [[cell.text for cell in line] for line in page.lines]


def test_a_wide_gap_parts_a_line_into_cells_and_a_space_does_not() -> None:
    data = a_pdf((50, 700, "Invoice number"), (300, 700, "R 2026 7"), (50, 680, "Due date"))

    assert cells(page_of(data)) == [["Invoice number", "R 2026 7"], ["Due date"]]


def test_a_box_is_in_fractions_of_the_page_from_its_top_left_corner() -> None:
    (cell,) = page_of(a_pdf((0.25 * WIDTH, 0.75 * HEIGHT, "Total"))).cells

    assert cell.box.left == pytest.approx(0.25, abs=0.01)
    assert cell.box.bottom == pytest.approx(0.25, abs=0.01)
    assert 0 < cell.box.height < 0.03


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_page_that_is_shown_turned_is_read_as_it_is_shown(turned: int) -> None:
    page = page_of(a_pdf((50, 700, "left"), (400, 700, "right"), (50, 100, "below"), turned=turned))
    place = {cell.text: cell.box for cell in page.cells}

    upright = {0: "left", 90: "below", 180: "right", 270: "right"}[turned]
    assert min(place, key=lambda name: place[name].top + place[name].left) in (upright, "below")
    assert page.aspect == pytest.approx(WIDTH / HEIGHT if turned % 180 == 0 else HEIGHT / WIDTH)
    assert all(0 <= edge <= 1 for box in place.values() for edge in box)


def test_words_of_slightly_different_height_share_a_line() -> None:
    data = a_pdf((50, 700, "Total"), (200, 701.5, "12.50"), (50, 686, "Tax"), (200, 687, "2.00"))

    assert cells(page_of(data)) == [["Total", "12.50"], ["Tax", "2.00"]]


def test_text_that_runs_up_the_page_tears_no_lines_together() -> None:
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    canvas.drawString(100, 700, "Net 10.00")
    canvas.drawString(100, 680, "Tax 1.90")
    canvas.rotate(90)
    canvas.drawString(640, -60, "SPECIMEN OF A PAGE")
    canvas.save()

    found = cells(page_of(file.getvalue()))
    assert ["Net 10.00"] in found
    assert ["Tax 1.90"] in found


def test_text_without_places_is_set_out_as_it_was_typed() -> None:
    (page,) = pages_of_text(["Invoice no.      R-1\n\nTotal            12.50"])

    assert cells(page) == [["Invoice no.", "R-1"], ["Total", "12.50"]]
    assert page.cells[1].box.left == page.cells[3].box.left


def test_an_empty_page_has_no_lines() -> None:
    assert pages_of_text([""])[0].lines == ()
    assert page_of(a_pdf()).lines == ()


def test_only_the_first_pages_get_places_and_all_are_read() -> None:
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    for number in range(1, 16):
        canvas.drawString(50, 700, f"page {number}")
        canvas.showPage()
    canvas.save()

    pdf = read_pdf(file.getvalue(), 20)

    assert len(pdf.pages) == 12
    assert [text.strip() for text in pdf.page_texts] == [f"page {n}" for n in range(1, 16)]
