"""Loading, before the worker gives up its files, all that the first documents would load."""

import codecs
import encodings
import pkgutil
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.engines import EngineName
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
_EMAIL = (
    b"Subject: =?utf-8?q?a?=\nFrom: a <a@example.com>\nDate: Fri, 1 May 2020 10:00:00 +0000\n\nb"
)


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
        _EMAIL,
        _pdf(),
        _word(),
        _CONTRACT,
        _SLIP,
    )
    for sample in samples:
        read_contents(sample, ".txt", max_pages=1, today=date(2000, 1, 1))
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
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w><p><t>Dear</t></p></w>")
    return file.getvalue()
