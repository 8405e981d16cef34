"""Loading, before the worker gives up its files, all that the first documents would load."""

import codecs
import encodings
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from typing import TYPE_CHECKING

import openpyxl
from docx import Document

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.engines import EngineName
from switchgear_documents.reading.rendering import render_page
from switchgear_documents.reading.schemas import load_schemas
from switchgear_documents.reading.words import Word

if TYPE_CHECKING:
    from PIL.Image import Image

    from switchgear_documents.reading.ocr import Ocr

_ENOUGH = 1_000_000
_OBJECTS = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
        b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
    ),
    b"<</Length 46>>stream\nBT /F 9 Tf (Invoice No. 1 Total 1.00) Tj ET         \nendstream",
)
_MT940 = b":20:A\n:25:1\n:60F:C200501EUR1,\n:61:200501C1,NTRFA\n:86:166?20A\n:62F:C200501EUR2,\n"
_OFX = b"OFXHEADER:100\n<OFX><CODE>0</OFX>"
_EDIFACT = b"UNB+UNOC:3'UNH+1+INVOIC:D'BGM+380+1'LIN+1'UNT+4+1'UNZ+1'"


_CONTRACT = (
    b"Agreement entered into as of May 1, 2020 between Abc Def Inc. (the x) and Ghi Jkl Ltd. "
    b"The term of this agreement is two years. It is governed by the laws of Ohio."
)
_SLIP = b"Receipt\nSHOP SDN BHD\nDate 01/05/2020\nTotal RM 1.00 EUR\nCash 2.00\nChange 1.00"


def rehearse(ocr: "Ocr | None" = None) -> None:
    """Read one small document of each kind, and load every text encoding Python has."""
    for module in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError):
            codecs.lookup(module.name)
    samples = (
        b"<Invoice xmlns='urn:example'/>",
        b"<html><body>Invoice no 1 of 1 May 2020",
        _email(),
        _pdf(),
        _word(),
        _CONTRACT,
        _SLIP,
        _excel(),
        _MT940,
        _OFX,
        _EDIFACT,
    )
    load_schemas()
    for sample in samples:
        read_contents(sample, ".txt", max_pages=1, today=date(2000, 1, 1))
    render_page(_pdf(), 1, max_pixels=_ENOUGH)
    if ocr is not None:
        _rehearse_scans(ocr)


def _rehearse_scans(ocr: "Ocr") -> None:
    """Read one scan with the engine, and open one in each other format without."""
    able = replace(ocr, max_pages=1, max_pixels=_ENOUGH)
    blind = replace(able, engine=_Blind())
    for place, sample in enumerate(_scans()):
        read_contents(
            sample, ".txt", max_pages=1, today=date(2000, 1, 1), ocr=blind if place else able
        )


class _Blind:
    """An engine that sees nothing."""

    name: EngineName = "tesseract"

    def read(self, picture: "Image") -> tuple[tuple[Word, ...], float]:
        return (), picture.width / picture.height


def _scans() -> Iterator[bytes]:
    """Yield a small scan in each format."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - only where there is an engine

    Image.init()
    picture = Image.new("RGB", (160, 60), "white")
    ImageDraw.Draw(picture).text((9, 9), "Invoice 1\n1.00", "black", font_size=20)
    for name in ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "PDF"):
        file = BytesIO()
        picture.save(file, name)
        yield file.getvalue()


def _email() -> bytes:
    """Write one, too: a message within another kind of message is turned into one."""
    inner = EmailMessage(policy=SMTP)
    inner["Subject"], inner["From"], inner["Date"] = "ä", "a <a@example.com>", datetime.now(UTC)
    inner.set_content("ä")
    inner.add_alternative("<p>ä</p>", subtype="html")
    outer = EmailMessage(policy=SMTP)
    outer["Subject"], outer["From"], outer["To"] = "ä", "a@example.com", "b@example.com"
    outer.set_content("ä")
    outer.add_attachment(inner)
    outer.add_attachment(b"a", maintype="application", subtype="pdf", filename="ä.pdf")
    outer.add_attachment(b"a", maintype="application", subtype="pdf")
    return outer.as_bytes()


def _pdf() -> bytes:
    body = b"%PDF-1.4\n"
    offsets: list[int] = []
    for number, content in enumerate(_OBJECTS, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 5\n0000000000 65535 f \n" + entries
    trailer = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + table + trailer


def _word() -> bytes:
    document = Document()
    document.add_paragraph("Dear")
    document.add_table(1, 2).cell(0, 0).text = "Sir"
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _excel() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Sheet")
    sheet.append(["Dear", 1, 1.5, date(2020, 5, 1)])
    file = BytesIO()
    book.save(file)
    return file.getvalue()
