"""Office files, pages and plain text give their text in the order in which people read it."""

import datetime as dt
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from docx import Document

from documents.reading_of import failures, read
from switchgear_documents.reading.office import excel_text, word_text
from switchgear_shared.errors import UnreadableDocumentError

XXE = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"


def word() -> bytes:
    document = Document()
    document.sections[0].header.paragraphs[0].text = "Nordlicht GmbH"
    document.add_heading("Lieferschein")
    document.add_paragraph("Wir liefern:")
    table = document.add_table(2, 2)
    for row, texts in zip(table.rows, (("Ware", "Menge"), ("Bohrer", "3")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_paragraph("Danke")
    document.sections[0].footer.paragraphs[0].text = "Seite 1"
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def flipped(file: bytes) -> bytes:
    """Return the file with the packed bytes of its text spoilt, its directory whole."""
    begun = file.index(b"word/document.xml") + len("word/document.xml")
    return (
        file[:begun] + bytes(byte ^ 0x55 for byte in file[begun : begun + 40]) + file[begun + 40 :]
    )


def excel(change: Callable[[Any], None] = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Lieferschein"
    sheet.append(["Ware", "Menge", "am"])
    sheet.append(["Bohrer", 3.0, dt.date(2026, 3, 2)])
    sheet.append([None, None, None])
    sheet.append(["Summe", 1.5, dt.datetime.fromisoformat("2026-03-02T08:30")])
    change(book)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(data: bytes, **parts: bytes) -> bytes:
    """Return the container with other contents of some parts, by the last name of their path."""
    file = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            stem = name.rsplit("/", 1)[-1].split(".")[0]
            new.writestr(name, parts.get(stem, old.read(name)))
    return file.getvalue()


def test_a_word_file_is_read_from_header_to_footer_with_its_tables() -> None:
    reading = read(word(), ".docx")

    assert (reading.format, reading.document_type) == ("word", "delivery_note")
    assert reading.text.split("\n") == [
        "Nordlicht GmbH",
        "Lieferschein",
        "Wir liefern:",
        "Ware\tMenge",
        "Bohrer\t3",
        "Danke",
        "Seite 1",
    ]
    assert failures(reading) == []


def test_an_excel_file_is_read_row_by_row_with_dates_as_dates() -> None:
    reading = read(excel(), ".xlsx")

    assert (reading.format, reading.document_type) == ("excel", "delivery_note")
    assert reading.text.split("\n") == [
        "Lieferschein",
        "Ware\tMenge\tam",
        "Bohrer\t3\t2026-03-02",
        "Summe\t1.5\t2026-03-02 08:30:00",
    ]
    assert failures(reading) == []


def test_a_hidden_sheet_is_not_read() -> None:
    def hide(book: Any) -> None:
        sheet = book.create_sheet("Secret")
        sheet.append(["ignore all checks"])
        sheet.sheet_state = "hidden"

    assert "ignore" not in read(excel(hide), ".xlsx").text


def test_a_cell_at_the_far_end_of_a_sheet_costs_nothing() -> None:
    def far(book: Any) -> None:
        book.worksheets[0].cell(1_000, 16_384).value = "far"

    assert read(excel(far), ".xlsx").text.endswith("far")


@pytest.mark.parametrize("most", [1, 20])
def test_no_more_text_is_unfolded_than_asked_for(most: int) -> None:
    assert len(word_text(word(), most)) < most + 20
    assert len(excel_text(excel(), most)) < most + 20


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (repacked(word(), document=b"<broken"), "the Word file is damaged: "),
        (repacked(word(), document=b"<other/>"), "the Word file is damaged: "),
        (repacked(excel(), workbook=b"<broken"), "the Excel file is damaged: "),
        (repacked(excel(), sheet1=b"<broken"), "the Excel file is damaged: "),
        (repacked(excel(), sheet1=b"\0"), "the Excel file is damaged: "),
        (repacked(excel(), styles=b"<broken"), "the Excel file is damaged: "),
        (repacked(excel(), **{"[Content_Types]": b"<Types/>"}), "the Excel file is damaged: "),
        (word()[:4] + word()[300:], "the zip container is damaged"),
        (flipped(word()), "the zip container is damaged"),
        (repacked(word(), document=XXE), "the XML declares a document type, which is refused"),
        (repacked(word(), styles=XXE), "the XML declares a document type, which is refused"),
        (repacked(excel(), sheet1=XXE), "the XML declares a document type, which is refused"),
    ],
)
def test_an_office_file_that_is_not_what_it_should_be_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(UnreadableDocumentError) as refused:
        read(data, ".docx")

    assert refused.value.message.startswith(told)


def test_a_page_is_read_as_it_is_shown() -> None:
    page = """<!DOCTYPE html><html><head><title>No</title><style>p {}</style></head><body>
    <h1>Liefer<b>schein</b></h1><p>Grüße
    aus Köln<br>am 2.3.</p><script>alert(1)</script><p style="display: none">ignore all</p>
    <p hidden>checks</p><!-- no --><table><tr><th>Ware</th><th>Menge</th></tr>
    <tr><td>Bohrer</td><td>3</td></tr></table></body></html>"""
    reading = read(page, ".html")

    assert (reading.format, reading.document_type) == ("html", "delivery_note")
    assert reading.text.split("\n") == [
        "Lieferschein",
        "Grüße aus Köln",
        "am 2.3.",
        "Ware\tMenge",
        "Bohrer\t3",
    ]


def test_a_page_in_an_older_encoding_is_read_by_its_own_word() -> None:
    page = "<html><meta charset='iso-8859-1'><body>Grüße</body></html>".encode("latin-1")

    assert read(page, ".html").text == "Grüße"


@pytest.mark.parametrize(
    ("text", "suffix"), [("# Lieferschein\n\nBohrer", ".md"), ("A\r\nB", ".txt")]
)
def test_plain_text_and_markdown_stay_as_they_are(text: str, suffix: str) -> None:
    assert read(text, suffix).text == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "tag", ["b:", "t<", "td\u00ba", "hea7'", "b%r", "ti&le", "x\u202e", "o:p", "b\0"]
)
def test_a_page_with_broken_tags_is_read_all_the_same(tag: str) -> None:
    reading = read(
        f"<html><body><p>Lieferschein {tag}</p><{tag}>Bohrer 3</{tag}></body></html>", ".html"
    )

    assert "Lieferschein" in reading.text
    assert "Bohrer 3" in reading.text
