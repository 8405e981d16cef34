"""Stacks of invoices on paper: files bound together from pages without XML."""

from switchgear_documents.evaluation.pages import without_xml
from switchgear_documents.generating.stacks import bound
from switchgear_documents.samples import InvoiceSpec, to_facturx


def on_paper(spec: InvoiceSpec) -> bytes:
    """Return the invoice as a PDF that people read and machines have to."""
    return without_xml(to_facturx(spec))


def stacked(*files: bytes) -> bytes:
    """Return one PDF with the pages of all."""
    return bound(files)
