"""Files that hold more than one document go to a person, with the pages."""

from io import BytesIO
from random import Random

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas
from tests.documents.reading_of import failures, read

from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.trade import trade
from switchgear_documents.generating.voice import LANGUAGES, Voice
from switchgear_documents.reading.several import CHECK
from switchgear_documents.routing import doubts_about

FIRST = "Nordlicht GmbH\nInvoice no. R-1\nNet total 10.00\nVAT 2.00\nGrand total 12.00"
SECOND = "Nordlicht GmbH\nInvoice no. R-2\nNet total 20.00\nVAT 4.00\nGrand total 24.00"


def a_pdf(*texts: str) -> bytes:
    file = BytesIO()
    canvas = Canvas(file)
    for text in texts:
        for row, line in enumerate(text.splitlines()):
            canvas.drawString(50, 780 - 20 * row, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def bound_together(*files: bytes) -> bytes:
    bound = pypdfium2.PdfDocument.new()
    parts = [pypdfium2.PdfDocument(data) for data in files]
    for part in parts:
        bound.import_pages(part)
    file = BytesIO()
    bound.save(file)
    for document in (*parts, bound):
        document.close()
    return file.getvalue()


def test_two_invoices_in_one_file_are_told_by_page_and_number() -> None:
    reading = read(a_pdf(FIRST, SECOND), ".pdf")

    said = "the file holds several documents: 'R-1' on page 1, 'R-2' on page 2"
    assert (CHECK, said) in failures(reading)
    assert f"{CHECK}: {said}" in doubts_about(reading)


def test_two_invoices_without_numbers_are_told_by_totals_that_add_up() -> None:
    first, second = (text.replace("Invoice no. R-", "Invoice ") for text in (FIRST, SECOND))

    reading = read(a_pdf(first, second), ".pdf")

    totals = "'a total of 12.00' on page 1, 'a total of 24.00' on page 2"
    assert (CHECK, f"the file holds several documents: {totals}") in failures(reading)
    carried = first.replace("VAT 2.00\n", "").replace("Grand total", "Total carried forward")
    assert CHECK not in [name for name, _ in failures(read(a_pdf(carried, second), ".pdf"))]


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param((FIRST,), id="one page"),
        pytest.param((FIRST, FIRST), id="a copy"),
        pytest.param((FIRST.replace("Grand total 12.00", ""), FIRST), id="a total at the end"),
        pytest.param((FIRST, "Cancels\nInvoice no. R-0\nof last month"), id="another one named"),
    ],
)
def test_one_invoice_of_several_pages_is_one_document(pages: tuple[str, ...]) -> None:
    assert CHECK not in [name for name, _ in failures(read(a_pdf(*pages), ".pdf"))]


def test_invented_invoices_bound_together_are_seen_apart_and_none_alone() -> None:
    seen = 0
    for place in range(12):
        rng = Random(place)  # noqa: S311 - chance to repeat, not to hide
        one, other = (
            to_pdf(trade(Voice(rng, LANGUAGES[place % 6]), "invoice"), rng) for _ in range(2)
        )
        both = bound_together(one, other)
        assert CHECK not in [name for name, _ in failures(read(one, ".pdf"))]
        reading = read(both, ".pdf")
        assert CHECK in [name for name, _ in failures(reading)] or doubts_about(reading)
        seen += CHECK in [name for name, _ in failures(reading)]
    assert seen >= 6
