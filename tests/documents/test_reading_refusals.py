"""Files that lie, burst or make no sense are refused with a reason, or read with a failed check."""

import datetime as dt
import zipfile
from decimal import Decimal
from io import BytesIO

import pypdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.reading import Check, Reading
from switchgear_documents.samples import InvoiceSpec, Line, Party, to_ubl
from switchgear_shared.errors import UnreadableDocumentError

TODAY = dt.date(2026, 11, 23)


def invoice() -> bytes:
    seller = Party("Seller Ltd", "GB980780684", "Road 1", "Leeds", "LS1", "GB")
    line = Line("Bolt", None, None, Decimal(10), "C62", Decimal("1.20"), Decimal(20))
    day = dt.date(2026, 5, 4)
    return to_ubl(InvoiceSpec("S-1", day, day, seller, seller, "GBP", None, (line,)))


def read(data: bytes, suffix: str = ".xml", max_pages: int = 500) -> Reading:
    return read_contents(data, suffix, max_pages=max_pages, today=TODAY)


def refusal(data: bytes, suffix: str = ".xml", max_pages: int = 500) -> str:
    with pytest.raises(UnreadableDocumentError) as refused:
        read(data, suffix, max_pages)
    assert refused.value.retryable is False
    return refused.value.message


def pdf(pages: int = 1) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, invariant=1)
    for page in range(pages):
        canvas.drawString(72, 720, f"Page {page}")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def archive(**parts: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n", b"\0\0\0"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert refusal(data) == "the file is empty"


def test_xml_cut_short_is_refused() -> None:
    assert refusal(invoice()[:-40]).startswith("not well-formed XML: ")


def test_text_called_xml_is_read_as_the_text_it_is() -> None:
    reading = read(b"Dear Sir, yours sincerely, Ann", ".xml")

    assert (reading.format, reading.media_type) == ("text", "text/plain")
    assert reading.failed_checks() == (
        Check(
            name="content_fits_name",
            passed=False,
            detail="named .xml, the content is text/plain",
        ),
    )


def test_the_content_decides_what_an_invoice_called_pdf_is() -> None:
    reading = read(invoice(), ".PDF")

    assert (reading.format, reading.value("number")) == ("ubl", "S-1")
    assert [check.name for check in reading.failed_checks()] == ["content_fits_name"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.98])
def test_a_truncated_pdf_is_refused(share: float) -> None:
    whole = pdf(3)

    assert refusal(whole[: int(len(whole) * share)], ".pdf") == (
        "the PDF is cut short: its end marker is missing"
    )


def test_a_pdf_of_noise_is_refused() -> None:
    assert refusal(b"%PDF-1.7\nnoise\n%%EOF", ".pdf") == ("the PDF is damaged and cannot be opened")


def test_a_pdf_locked_with_a_password_is_refused() -> None:
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(BytesIO(pdf())))
    writer.encrypt("secret", algorithm="RC4-128")
    file = BytesIO()
    writer.write(file)

    assert refusal(file.getvalue(), ".pdf") == "the PDF is locked with a password"


def test_a_pdf_of_ten_thousand_pages_is_refused() -> None:
    assert refusal(pdf(10_000), ".pdf") == "the PDF has 10000 pages, at most 500 are read"


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = archive(**{"xl/workbook.xml": b"\0" * 50_000_000})

    assert refusal(bomb, ".xlsx").startswith("the zip unpacks to 50000000 bytes, ")


def test_a_zip_of_too_many_entries_is_refused() -> None:
    crowd = archive(**{f"n{number}": b"" for number in range(10_001)})

    assert refusal(crowd, ".zip") == "the zip has 10001 entries, over 10000"


def test_a_zip_whose_directory_understates_a_part_is_refused() -> None:
    honest = archive(**{"word/document.xml": b"<w>" + b" " * 1_000_000 + b"</w>"})
    size = (1_000_007).to_bytes(4, "little")
    lying = honest.replace(size, (10).to_bytes(4, "little"))

    assert lying != honest
    assert refusal(lying, ".docx")


def entities(depth: int) -> bytes:
    lines = ["<!ENTITY a0 'ha'>"]
    lines += [f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, depth)]
    return f"<?xml version='1.0'?><!DOCTYPE x [{''.join(lines)}]><x>&a{depth - 1};</x>".encode()


XXE = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(entities(10), id="billion laughs"),
        pytest.param(XXE, id="external entity"),
        pytest.param(XXE.decode().encode("utf-16"), id="external entity in UTF-16"),
        pytest.param(b"<!-- x -->" * 9000 + XXE[21:], id="behind a long comment"),
        pytest.param(b"<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'><x/>", id="external subset"),
    ],
)
def test_a_document_type_is_refused(data: bytes) -> None:
    assert refusal(data) == "the XML declares a document type, which is refused"


def test_a_depth_bomb_is_refused() -> None:
    depth = 100_000

    assert "depth" in refusal(b"<a>" * depth + b"</a>" * depth).lower()


def test_totals_that_do_not_add_up_fail_their_checks() -> None:
    wrong = invoice().replace(b">14.40</cbc:TaxInc", b">15.40</cbc:TaxInc")

    assert read(wrong).failed_checks() == (
        Check(name="net_plus_tax_is_gross", passed=False, detail="14.40 is not 15.40"),
        Check(name="gross_less_prepaid_is_due", passed=False, detail="15.40 is not 14.40"),
    )


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        (b">GBP<", b">XXB<", "currency_is_known"),
        (b"2026-05-04</cbc:Issue", b"2026-06-04</cbc:Issue", "due_date_follows_date"),
        (b"2026-05-04</cbc:Issue", b"1926-05-04</cbc:Issue", "date_is_sane"),
        (b"2026-05-04</cbc:Due", b"soon</cbc:Due", "due_date_is_a_date"),
        (b">12.00</cbc:LineExt", b">12.00 pounds</cbc:LineExt", "amount_is_a_number"),
        (b">12.00</cbc:LineExt", b">1e2</cbc:LineExt", "amount_is_a_number"),
    ],
)
def test_a_value_that_cannot_be_fails_a_check(old: bytes, new: bytes, failed: str) -> None:
    broken = invoice().replace(old, new)

    assert broken != invoice()
    assert failed in {check.name for check in read(broken).failed_checks()}


def test_bytes_that_are_nothing_known_are_other_without_confidence() -> None:
    reading = read(bytes(range(256)) * 4, ".bin")

    assert (reading.format, reading.document_type, reading.confidence, reading.classifier) == (
        "other",
        "other",
        0.0,
        "none",
    )
    assert [check.name for check in reading.failed_checks()] == ["has_text"]
