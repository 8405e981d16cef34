"""Loading, before the worker gives up its files, all that the first documents would load."""

import codecs
import encodings
import pkgutil
import zipfile
from contextlib import suppress
from datetime import date
from io import BytesIO

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.schemas import load_schemas

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


def rehearse() -> None:
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
    )
    load_schemas()
    for sample in samples:
        read_contents(sample, ".txt", max_pages=1, today=date(2000, 1, 1))


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
