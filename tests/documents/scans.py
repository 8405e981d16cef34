"""Pages as a scanner or a camera hands them in, made from pages of our own."""

import datetime as dt
import os
from decimal import Decimal
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image

from switchgear_documents.reading.engines import EngineName, missing_reason
from switchgear_documents.samples import InvoiceSpec, Line, Party

DPI = 144
_SELLER = Party(
    name="Nordlicht Werkzeuge GmbH",
    vat="DE136695976",
    street="Hafenstrasse 12",
    city="Hamburg",
    zip="20457",
    country="DE",
    iban="DE89370400440532013000",
)
_BUYER = Party("Brouwer & Zonen B.V.", None, "Keizersgracht 100", "Amsterdam", "1015 AA", "NL")
INVOICE = InvoiceSpec(
    number="INV-2026-0042",
    date=dt.date(2026, 3, 2),
    due_date=dt.date(2026, 4, 1),
    seller=_SELLER,
    buyer=_BUYER,
    currency="EUR",
    order_ref="PO-1007",
    lines=(
        Line("Cordless drill", None, None, Decimal(3), "C62", Decimal("129.90"), Decimal(19)),
        Line("Handbook", None, None, Decimal(2), "C62", Decimal("14.95"), Decimal(7)),
        Line("Fitting", None, None, Decimal("1.5"), "HUR", Decimal("68.333"), Decimal(19)),
    ),
)


def needs(engine: EngineName) -> pytest.MarkDecorator:
    """Skip a test where its engine is not installed; where CI runs, it has to be."""
    reason = missing_reason(engine)
    return pytest.mark.skipif(
        reason is not None and os.environ.get("CI") != "true", reason=str(reason)
    )


def picture_of(pdf: bytes, page: int = 0) -> Image.Image:
    """Return a page of the PDF as a picture in grey."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page].render(scale=2).to_pil().convert("L")
    finally:
        document.close()


def saved(picture: Image.Image, kind: str, *more: Image.Image) -> bytes:
    """Return the picture as a file; with `more`, as a file of several pages."""
    file = BytesIO()
    picture = picture.copy()  # a picture keeps the settings of the format it was last saved in
    if more:
        squeeze = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
        picture.save(file, kind, save_all=True, append_images=list(more), **squeeze)
    elif kind == "PDF":
        picture.save(file, kind, resolution=DPI)
    else:
        picture.save(file, kind)
    return file.getvalue()
