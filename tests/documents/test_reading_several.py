"""Files of more than one document are parted where that is sure, else told with the pages."""

from io import BytesIO
from random import Random

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas
from tests.documents.reading_of import failures, read, values
from tests.documents.scans import INVOICE

from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.stacks import stack
from switchgear_documents.generating.trade import trade
from switchgear_documents.generating.voice import LANGUAGES, Voice
from switchgear_documents.reading import bundles, parting
from switchgear_documents.reading.page_signs import signs_of
from switchgear_documents.reading.parts import ONE_DOCUMENT as CHECK
from switchgear_documents.reading.pdf import PLACED_PAGES
from switchgear_documents.reading.words import pages_of_text
from switchgear_documents.routing import doubts_about
from switchgear_documents.samples import to_facturx

FIRST = "Nordlicht GmbH\nInvoice no. R-1\nNet total 10.00\nVAT 2.00\nGrand total 12.00"
SECOND = "Nordlicht GmbH\nInvoice no. R-2\nNet total 20.00\nVAT 4.00\nGrand total 24.00"


WEBER = (
    "Weber Consulting GmbH\nRing 5\n50667 Koeln\n\nInvoice for services\n"
    "Invoice date: 2026-11-05\n\nFollow-up to R-1\n\n{}\nPlease pay within 14 days"
)
SWALLOWED = {
    "a total beside its number": WEBER.replace("Weber Consulting", "Nordlicht").format(
        "Services EUR 500.00\nAmount payable EUR 500.00"
    ),
    "another sender": WEBER.format("Services of November, five hundred euros"),
    "terms of a delivery": "Delivery note\nTerms of delivery: FCA Hamburg\nHammer 5 pieces",
    "terms within an invoice": "Invoice\nGeneral Terms\nConsulting\n500.00 euros",
    "terms below the head": "Weber\nRing 5\nKoeln\nGeneral Terms and Conditions\nas agreed",
    "terms with an account": "General Terms\nPay to DE89 3704 0044 0532 0130 00",
    "terms with an amount": "General Terms\nPay us EUR 500.00 now",
}


def a_pdf(*texts: str) -> bytes:
    file = BytesIO()
    canvas = Canvas(file)
    for text in texts:
        for row, line in enumerate(text.splitlines()):
            canvas.drawString(50, 780 - 20 * row, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def numbered(count: int) -> list[str]:
    """Return so many invoices of a page."""
    return [FIRST.replace("R-1", f"R-{place}") for place in range(1, count + 1)]


def bound_to(first: bytes, *more: bytes) -> bytes:
    """Return the first file with the pages of the others behind its own."""
    bound = pypdfium2.PdfDocument(first)
    parts = [pypdfium2.PdfDocument(data) for data in more]
    for part in parts:
        bound.import_pages(part)
    file = BytesIO()
    bound.save(file)
    for document in (*parts, bound):
        document.close()
    return file.getvalue()


def test_two_invoices_in_one_file_are_its_parts() -> None:
    reading = read(a_pdf(FIRST, SECOND), ".pdf")

    assert (reading.document_type, reading.classifier) == ("bundle", "parts/1")
    assert [(part.first, part.last, part.number) for part in reading.parts] == [
        (1, 1, "R-1"),
        (2, 2, "R-2"),
    ]
    assert (reading.fields, reading.lines, failures(reading)) == ((), (), [])
    assert doubts_about(reading) == ()
    alone = [read(part.content, ".pdf") for part in reading.attachments]
    assert [(values(one)["number"], one.pages) for one in alone] == [("R-1", 1), ("R-2", 1)]


def test_two_invoices_without_numbers_are_told_by_totals_that_add_up() -> None:
    first, second = (text.replace("Invoice no. R-", "Invoice ") for text in (FIRST, SECOND))

    reading = read(a_pdf(first, second), ".pdf")

    totals = "'a total of 12.00' on page 1, 'a total of 24.00' on page 2"
    ((_, said),) = [one for one in failures(reading) if one[0] == CHECK]
    assert said.startswith(f"the file holds several documents: {totals}; it is not parted")
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


@pytest.mark.parametrize(
    ("between", "last"),
    [
        pytest.param("", 2, id="a blank page"),
        pytest.param("General Terms and Conditions\n1. Goods stay ours until paid.", 2, id="terms"),
        pytest.param("Invoice no. R-1\nNotes on the delivery of goods", 2, id="its number"),
    ],
)
def test_a_page_that_belongs_to_the_one_before_stays_with_it(between: str, last: int) -> None:
    reading = read(a_pdf(FIRST, between, SECOND), ".pdf")

    assert [(part.first, part.last) for part in reading.parts] == [(1, last), (3, 3)]
    assert [read(part.content, ".pdf").pages for part in reading.attachments] == [2, 1]


def test_pages_that_count_themselves_stay_together() -> None:
    head, total = FIRST.split("\nNet", 1)
    pages = (f"{head}\nPage 1 of 2", f"Page 2 of 2\nNet{total}", SECOND)

    reading = read(a_pdf(*pages), ".pdf")

    assert [(part.first, part.last) for part in reading.parts] == [(1, 2), (3, 3)]


@pytest.mark.parametrize(
    ("pages", "doubt"),
    [
        pytest.param(
            (FIRST, "Time sheet\nMonday 8 hours\nTuesday 7 hours", SECOND),
            "page 2 fits to none for sure",
            id="a time sheet",
        ),
        pytest.param(
            (FIRST, "Delivery note no. L-7\nCordless drill 3 pieces", SECOND),
            "page 2 fits to none for sure",
            id="a delivery note",
        ),
        *(
            pytest.param((FIRST, page, SECOND), "page 2 fits to none for sure", id=name)
            for name, page in SWALLOWED.items()
        ),
        pytest.param(
            (FIRST, SECOND, FIRST), "number R-1 is on page 1 and page 3", id="a number comes back"
        ),
        pytest.param((FIRST, FIRST, SECOND), "page 2 repeats number and total", id="a copy"),
        pytest.param(
            (f"{FIRST}\nPage 1 of 2", SECOND),
            "pages of number R-1 are missing: the last is 1",
            id="a page is missing",
        ),
        pytest.param(
            (FIRST, SECOND, "Nordlicht GmbH\nInvoice no. R-3\nTwo drills and one hammer"),
            "no total is with number R-3 of page 3",
            id="no total",
        ),
        pytest.param(
            (FIRST, SECOND.replace("Invoice no. R-2", "Invoice\nPage 1 of 1"), SECOND),
            "page 2 bears no number",
            id="no number",
        ),
        pytest.param(
            ("Cover sheet of the month", FIRST, SECOND), "page 1 bears no number", id="a cover"
        ),
    ],
)
def test_a_page_in_doubt_leaves_the_parting_to_a_person(pages: tuple[str, ...], doubt: str) -> None:
    reading = read(a_pdf(*pages), ".pdf")

    assert (reading.document_type == "bundle", reading.attachments) == (False, ())
    assert len(reading.parts) >= 2
    ((_, said),) = [one for one in failures(reading) if one[0] == CHECK]
    assert said.endswith(f"; it is not parted by itself: {doubt}")
    assert f"{CHECK}: {said}" in doubts_about(reading)


def test_what_is_wrong_with_the_file_leaves_the_parting_to_a_person() -> None:
    reading = read(a_pdf(FIRST, SECOND), ".docx")

    assert reading.attachments == ()
    assert CHECK in [name for name, _ in failures(reading)]


def test_an_invoice_with_its_time_sheet_is_one_document_as_before() -> None:
    reading = read(a_pdf(FIRST, "Time sheet\nMonday 8 hours"), ".pdf")

    assert (reading.parts, reading.document_type) == ((), "invoice")
    assert CHECK not in [name for name, _ in failures(reading)]


def test_a_hybrid_invoice_is_not_parted() -> None:
    hybrid = to_facturx(INVOICE)
    reading = read(bound_to(hybrid, a_pdf(SECOND)), ".pdf")

    assert (reading.format, reading.parts) == ("facturx", ())


def test_a_stack_of_more_pages_than_are_placed_at_first_is_parted_to_its_end() -> None:
    reading = read(a_pdf(*numbered(PLACED_PAGES + 2)), ".pdf")

    assert [part.first for part in reading.parts] == list(range(1, PLACED_PAGES + 3))
    assert len(reading.attachments) == PLACED_PAGES + 2


@pytest.mark.parametrize(("most", "parts"), [(2, 0), (3, 3), (4, 3)])
def test_a_file_becomes_so_many_documents_and_no_more(
    monkeypatch: pytest.MonkeyPatch, most: int, parts: int
) -> None:
    monkeypatch.setattr(parting, "MOST_PARTS", most)
    reading = read(a_pdf(*numbered(3)), ".pdf")

    assert len(reading.attachments) == parts
    told = [said for name, said in failures(reading) if name == CHECK]
    assert [said.endswith(f"more than {most} documents") for said in told] == [True] * (not parts)


@pytest.mark.parametrize(("most", "parts"), [(2, 0), (3, 2), (4, 2)])
def test_so_many_pages_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, most: int, parts: int
) -> None:
    monkeypatch.setattr(bundles, "MOST_PAGES", most)
    reading = read(a_pdf(FIRST, SECOND, ""), ".pdf")

    assert len(reading.attachments) == parts
    told = [said for name, said in failures(reading) if name == CHECK]
    assert [said.endswith(f": it has more than {most} pages") for said in told] == (
        [True] * (not parts)
    )


def test_invented_stacks_are_parted_as_they_are_or_told() -> None:
    """Most go to a person: with a time sheet, a copy, a page without a number, a total alone."""
    right = told = 0
    for place in range(14):
        made = stack(place, seed=3)
        reading = read(made.data, ".pdf")
        if reading.document_type == "bundle":
            assert tuple((part.first, part.last) for part in reading.parts) == made.parts
            right += 1
        elif len(made.parts) > 1:
            assert doubts_about(reading)
            told += 1
    assert right >= 1
    assert told > 0


def test_invented_invoices_alone_are_one_document() -> None:
    for place in range(12):
        rng = Random(place)  # noqa: S311 - chance to repeat, not to hide
        one = to_pdf(trade(Voice(rng, LANGUAGES[place % 6]), "invoice"), rng)
        assert CHECK not in [name for name, _ in failures(read(one, ".pdf"))]


@pytest.mark.parametrize("letters", ["liefer", "zahlungs", "a"])
def test_a_word_without_end_is_no_heading_and_ends_the_look(letters: str) -> None:
    page = pages_of_text([f"x\n{letters * 2000}\n{letters * 2000}bedingungen"])

    assert not signs_of(page)[0].is_terms
