"""Hybrid invoices: the XML inside a PDF, held against what its pages show."""

from collections.abc import Iterator
from decimal import Decimal

from switchgear_documents.reading.cii import ROOTS, read_cii
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.fatturapa import ROOT as FATTURAPA
from switchgear_documents.reading.fatturapa import read_fatturapa
from switchgear_documents.reading.markup import Element, local_name, namespace
from switchgear_documents.reading.pdf import Pdf
from switchgear_documents.reading.reading import Check, Format
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


def check_pages(extract: Extract, text: str) -> Iterator[Check]:
    """Yield whether the pages show the number and the total that the XML states.

    People see the page and machines book the XML: a difference is an error or a fraud. Pages
    without text, such as scans, yield nothing.
    """
    if not text.strip():
        return
    shown = "".join(text.split())
    number = next((field.value for field in extract.fields if field.name == "number"), None)
    if number is not None:
        found = "".join(number.split()) in shown
        yield _check("page_shows_number", number[:60], found=found)
    gross = extract.amounts.get("gross", extract.amounts.get("due"))
    if gross is not None:
        found = any(spelling in shown for spelling in _spellings(gross))
        yield _check("page_shows_total", format(gross, "f"), found=found)


def _check(name: str, value: str, *, found: bool) -> Check:
    detail = f"{value!a} is {'' if found else 'not '}on the pages"
    return Check(name=name, passed=found, detail=detail)


def _spellings(amount: Decimal) -> set[str]:
    """Return how people write the amount, white space left out."""
    whole = amount == amount.to_integral_value()
    text = f"{abs(amount):,.2f}"
    texts = {text} | ({f"{abs(amount):,.0f}"} if whole else set[str]())
    separators = (",.", ".,", "'.", "\u2019.", "\u2019,", " .", " ,")
    return {
        text.translate(str.maketrans({",": thousands.strip(), ".": decimal}))
        for text in texts
        for thousands, decimal in separators
    }
