"""Files made to hang, swell, deceive or break their reader: refused or read, and never more."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import facturx
import pypdf
import pytest

from documents.reading_of import failures, read
from documents.test_reading_edifact import interchange, invoic
from documents.test_reading_mail import letter
from documents.test_reading_office import XXE, excel, repacked, word
from documents.test_reading_refusals import archive
from documents.test_reading_samples import EURO
from documents.test_reading_statements import MT940, OFX_1
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.samples import to_cii, to_facturx, to_ubl
from switchgear_documents.samples.page import to_page
from switchgear_shared.errors import UnreadableDocumentError

LIMIT_S = 20.0
ENTITY = "[<!ENTITY e SYSTEM 'file:///etc/passwd'>]"


def refusal(data: bytes, suffix: str) -> str:
    with pytest.raises(UnreadableDocumentError) as refused:
        read(data, suffix)
    return refused.value.message


def pdf_of(*objects: bytes) -> bytes:
    """Return a PDF whose fourth object, the page's content, is the caller's."""
    head = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<<>>>>",
    )
    body, offsets = b"%PDF-1.4\n", list[int]()
    for number, content in enumerate((*head, *objects), start=1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(offsets) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n"
        % (
            count,
            table,
            count,
        )
        + b"startxref\n%d\n%%%%EOF\n" % len(body)
    )


def squeezed(content: bytes, times: int = 1) -> bytes:
    filters = b"[" + b"/FlateDecode" * times + b"]"
    for _ in range(times):
        content = zlib.compress(content, 9)
    return b"<</Length %d/Filter%s>>\nstream\n%s\nendstream" % (len(content), filters, content)


def with_xml(xml: bytes) -> bytes:
    """Return a hybrid invoice whose XML was replaced."""
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(BytesIO(to_page(EURO))))
    writer.add_attachment("factur-x.xml", xml)
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def locked_zip() -> bytes:
    data = bytearray(word())
    for mark, flag_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + flag_at] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "suffix", "told"),
    [
        pytest.param(locked_zip(), ".docx", "the zip is locked with a password", id="locked"),
        pytest.param(word()[:-30], ".docx", "the zip container is damaged", id="word, cut"),
        pytest.param(excel()[:2_000], ".xlsx", "the zip container is damaged", id="excel, cut"),
        pytest.param(
            to_ubl(EURO) + b"<html><script>1</script></html>",
            ".xml",
            "not well-formed XML: Extra content at the end of the document",
            id="HTML behind XML",
        ),
        pytest.param(
            with_xml(XXE),
            ".pdf",
            "the XML declares a document type, which is refused",
            id="entity in a PDF's XML",
        ),
        pytest.param(
            repacked(word(), app=XXE),
            ".docx",
            "the XML declares a document type, which is refused",
            id="entity in a part that is not read",
        ),
    ],
)
def test_what_is_locked_cut_or_declares_entities_is_refused(
    data: bytes, suffix: str, told: str
) -> None:
    assert refusal(data, suffix).startswith(told)


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (
            OFX_1.replace("<OFX>", "<!DOCTYPE OFX [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><OFX>"),
            ".ofx",
        ),
        ("<!DOCTYPE html [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><html>&e;</html>", ".html"),
    ],
)
def test_no_entity_is_followed_where_a_document_type_is_usual(data: str, suffix: str) -> None:
    text = read(data.replace("Invoice 42", "&e;"), suffix)

    assert "root:" not in text.model_dump_json()


def test_a_message_cut_short_is_read_as_far_as_it_goes_and_says_so() -> None:
    mail = letter()
    mail.add_attachment(b"x" * 9_000, maintype="application", subtype="pdf", filename="a.pdf")
    reading = read(mail.as_bytes()[:-4_000], ".eml")

    assert ("message_is_whole", "it ends before its last part does") in failures(reading)
    assert "Dear Sir" in reading.text


@pytest.mark.parametrize(
    ("data", "suffix", "told"),
    [
        pytest.param(
            to_facturx(EURO) + archive(a=b"a"),
            ".pdf",
            "it is application/pdf and a zip container at once",
            id="PDF and zip",
        ),
        pytest.param(
            b"#!/bin/sh\nrm -r x\n" + to_page(EURO),
            ".pdf",
            "it is application/pdf and something else before it at once",
            id="script and PDF",
        ),
        pytest.param(
            b"<html><!-- %PDF-1.4 --><body>Hello</body></html>",
            ".html",
            "it is text/html and a PDF at once",
            id="HTML and PDF",
        ),
        pytest.param(
            b"\xff\xd8\xff\xe0\0\x10JFIF %PDF-1.4",
            ".jpg",
            "it is image/jpeg and a PDF at once",
            id="picture and PDF",
        ),
    ],
)
def test_a_file_that_is_two_things_at_once_is_found_out(
    data: bytes, suffix: str, told: str
) -> None:
    assert ("content_is_one_format", told) in failures(read(data, suffix))


@pytest.mark.parametrize(
    ("data", "suffix"), [(to_facturx(EURO), ".pdf"), (word(), ".docx"), (to_ubl(EURO), ".xml")]
)
def test_a_file_that_is_one_thing_is_no_doubt(data: bytes, suffix: str) -> None:
    assert failures(read(data, suffix)) == []


def test_a_page_that_begins_as_xml_is_read_as_the_page_it_is() -> None:
    page = b"<?xml version='1.0'?>\n<!DOCTYPE html><html><body><p>Hello</p></body></html>"

    assert (read(page, ".html").format, read(page, ".html").text) == ("html", "Hello")


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".xml", ".html", ".msg", ".png", ".xlsx"])
def test_a_wrong_ending_is_told(suffix: str) -> None:
    reading = read(MT940, suffix)

    assert reading.format == "mt940"
    assert [name for name, _ in failures(reading)] == ["content_fits_name"]


@asynccontextmanager
async def a_reader() -> AsyncGenerator[Reader]:
    reader = Reader(workers=1, timeout_s=LIMIT_S, memory_mb=512)
    try:
        yield reader
    finally:
        await reader.close()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "a page that unfolds to 240 MB": lambda: pdf_of(squeezed(b"q Q " * 60_000_000)),
    "a page folded twice": lambda: pdf_of(squeezed(b"q Q " * 25_000_000, 2)),
    "an invoice within a PDF that unfolds to 300 MB": lambda: with_xml(b"<x>" + b" " * 300_000_000),
    "a page that refers to itself": lambda: pdf_of(b"4 0 R"),
    "a million elements": lambda: b"<a>" + b"<b/>" * 1_000_000 + b"</a>",
    "a million attributes": lambda: (
        b"<a " + b" ".join(b"a%d=''" % n for n in range(300_000)) + b"/>"
    ),
    "pages in pages": lambda: b"<html>" + b"<div>" * 200_000,
    "tables in tables": lambda: b"<html>" + b"<table><tr><td>" * 50_000,
    "one line of two million digits": lambda: b"1 " * 1_000_000,
    "one word of two million letters": lambda: b"a" * 2_000_000,
    "commas and points": lambda: b"total 1,1.1,1.1 " * 100_000,
    "an address without an end": lambda: b"DE89 " * 300_000,
    "a statement of fields without values": lambda: b":20:\n:61:\n:86:\n" * 100_000,
    "a field 86 of separators": lambda: MT940.replace("Invoice 4", "?2" * 300_000).encode(),
    "an interchange of separators": lambda: b"UNA:+.? 'UNB+UNH+1+INVOIC" + b"'" * 1_000_000,
    "an interchange of releases": lambda: (
        interchange(invoic()).replace("Cordless", "?" * 1_000_001).encode()
    ),
    "an OFX of openings": lambda: b"OFXHEADER:100\n<OFX>" + b"<A></B>" * 300_000,
    "a message of boundaries": lambda: (
        b"From: a\nTo: b\nSubject: c\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\n\n" * 100_000
    ),
    "a message of messages": lambda: (
        b"From: a\nTo: b\nSubject: c\nContent-Type: message/rfc822\n\n" * 5_000
    ),
    "a header without an end": lambda: b"From: a\nTo: b\nSubject: " + b"=?utf-8?q?a?= " * 100_000,
    "a zip of nothing": lambda: b"PK\x05\x06" + b"\0" * 18,
    "a compound file of nothing": lambda: OLE + b"\xff" * 4_000,
    "a compound file that goes in circles": lambda: (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 16
        + b"\x3e\0\3\0\xfe\xff\t\0\6\0"
        + b"\0" * 9_000
    ),
}


@pytest.mark.parametrize("name", list(HOSTILE))
async def test_a_hostile_file_ends_in_time_and_harms_no_other(name: str, tmp_path: Path) -> None:
    """Refused with a reason or read: both are right, as long as the next document is read."""
    bad, good = tmp_path / "bad", tmp_path / "good"
    bad.write_bytes(HOSTILE[name]())
    good.write_bytes(to_cii(EURO))

    async with a_reader() as reader, asyncio.timeout(3 * LIMIT_S):
        try:
            outcome: Reading | str = await reader.read(bad, "bad.bin")
        except UnreadableDocumentError as error:
            outcome = error.message
        assert outcome != ""
        assert (await reader.read(good, "good.xml")).value("number") == EURO.number


SLIP = """
RECEIPT
Corner Shop Ltd
{line}
Date: 02/11/2026 12:40
Tea      2.00
Total GBP 2.00
Cash GBP 5.00
Change GBP 3.00
"""
AGREEMENT = "Agreement between Acme Ltd and Smith Ltd.\n{line}\nGoverned by the laws of France."


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SLIP.format(line="1" + "&11" * 400), id="a house of many numbers"),
        pytest.param(SLIP.format(line="No 3 Jalan " + "1" * 30_000 + "x y"), id="a long number"),
        pytest.param(SLIP.format(line="1" + ",111" * 20_000), id="thousands of thousands"),
        pytest.param(AGREEMENT.format(line="agreement one day " * 20_000), id="a term a word"),
        pytest.param(AGREEMENT.format(line="law of Aa " * 20_000), id="a law a word"),
    ],
)
async def test_words_that_keep_an_expression_busy_are_read_in_time(
    text: str, tmp_path: Path
) -> None:
    file = tmp_path / "page"
    file.write_text(text, encoding="utf-8")

    async with a_reader() as reader:
        reading = await reader.read(file, "page.txt")

    assert reading.format == "text"


def test_a_hybrid_whose_xml_was_exchanged_is_found_out() -> None:
    other = to_cii(EURO).replace(b"INV-2026-0042", b"INV-6666")
    forged = facturx.generate_from_binary(to_page(EURO), other)

    assert [name for name, _ in failures(read(forged, ".pdf"))] == ["page_shows_number"]
