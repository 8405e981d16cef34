"""An invoice as Factur-X: the page for people with the XML for machines inside."""

import re

from switchgear_documents.samples.cii import to_cii
from switchgear_documents.samples.invoice import InvoiceSpec
from switchgear_documents.samples.page import to_page

_PDF_TIME = re.compile(rb"(D:|D\\072)\d{14}")
_XMP_TIME = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")


def to_facturx(spec: InvoiceSpec) -> bytes:
    """Return the invoice as a Factur-X PDF (EN 16931); the same bytes for the same spec.

    The XML is checked against the profile's schema on the way.
    """
    from facturx import generate_from_binary  # noqa: PLC0415 - costs almost a second

    made = generate_from_binary(
        to_page(spec),
        to_cii(spec),
        flavor="factur-x",
        level="en16931",
        lang="en",
        xmp_compression=False,
    )
    return _dated(made, spec)


def _dated(pdf: bytes, spec: InvoiceSpec) -> bytes:
    """Replace the moment of making, of the same length, by the invoice's own date."""
    pdf = _PDF_TIME.sub(rb"\g<1>" + spec.date.strftime("%Y%m%d000000").encode(), pdf)
    return _XMP_TIME.sub(f"{spec.date.isoformat()}T00:00:00".encode(), pdf)
