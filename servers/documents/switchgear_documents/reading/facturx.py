"""E-invoices in XML, on their own or inside a PDF: which syntax, and its reader."""

from switchgear_documents.reading.cii import ROOTS, read_cii
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.fatturapa import ROOT as FATTURAPA
from switchgear_documents.reading.fatturapa import read_fatturapa
from switchgear_documents.reading.markup import Element, local_name, namespace
from switchgear_documents.reading.pdf import Pdf
from switchgear_documents.reading.reading import Format
from switchgear_documents.reading.ubl import NAMESPACE, read_ubl

_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml")


def read_einvoice(root: Element) -> Extract | None:
    """Read the XML by the syntax of its root, or return None if it is no e-invoice syntax."""
    if local_name(root) in ROOTS:
        return read_cii(root)
    if namespace(root).startswith(NAMESPACE):
        return read_ubl(root)
    if local_name(root) == FATTURAPA:
        return read_fatturapa(root)
    return None


def syntax_of(root: Element) -> Format:
    """Return what an e-invoice that could be read is written in."""
    if local_name(root) == FATTURAPA:
        return "fatturapa"
    return "ubl" if namespace(root).startswith(NAMESPACE) else "cii"


def embedded_invoice(pdf: Pdf) -> bytes | None:
    """Return the XML that Factur-X, ZUGFeRD, XRechnung or Order-X attach to their PDF."""
    by_name = {name.lower(): data for name, data in pdf.attachments.items()}
    return next((by_name[name] for name in _NAMES if name in by_name), None)
