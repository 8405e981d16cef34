"""FatturaPA, the Italian e-invoice: format 1.2 to public bodies (FPA12) and others (FPR12).

After the technical specifications of the Agenzia delle Entrate, 1.2 to 1.2.3. The totals are sums
over the summary by rate; the document's own total may be left out.
"""

from decimal import Decimal

from switchgear_documents.reading.einvoice import (
    FieldFinder,
    optional,
    parse_decimal,
    unit_price,
)
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.markup import Element, find, find_all, find_text, text_of
from switchgear_documents.reading.reading import Check, DocumentType, FieldName, InvoiceLine

ROOT = "FatturaElettronica"

_HEADER = "FatturaElettronicaHeader"
_GENERAL = "DatiGenerali/DatiGeneraliDocumento"
_PAYMENT = "DatiPagamento/DettaglioPagamento"
_SUMMARY = "DatiBeniServizi/DatiRiepilogo"
_CREDIT_NOTES = ("TD04", "TD08")
_TOLERANCE = Decimal(1)
"""What the exchange system lets the lines differ from the summary by (its check 00422)."""


def read_fatturapa(root: Element) -> Extract:
    """Read the first invoice; a lot of several says so by a failed check."""
    bodies = list(find_all(root, "FatturaElettronicaBody"))
    body = bodies[0] if bodies else root
    code = find_text(body, f"{_GENERAL}/TipoDocumento") or ""
    kind: DocumentType = "credit_note" if code in _CREDIT_NOTES else "invoice"
    extract = Extract(kind, "e-invoice/type-code" if code else "e-invoice/root-element")
    extract.line_tolerance = _TOLERANCE
    finder = FieldFinder(body, extract)
    finder.add_text("number", f"{_GENERAL}/Numero")
    finder.add_date("date", f"{_GENERAL}/Data")
    finder.add_date("due_date", f"{_PAYMENT}/DataScadenzaPagamento")
    _add_party(finder, root, "CedentePrestatore", "supplier", "supplier_vat")
    _add_party(finder, root, "CessionarioCommittente", "buyer", "buyer_vat")
    finder.add_text("currency", f"{_GENERAL}/Divisa")
    _add_totals(finder, body)
    finder.add_text("iban", f"{_PAYMENT}/IBAN")
    finder.add_text("order_ref", "DatiGenerali/DatiOrdineAcquisto/IdDocumento")
    finder.add_text("document_type_code", f"{_GENERAL}/TipoDocumento")
    for line in find_all(body, "DatiBeniServizi/DettaglioLinee"):
        finder.add_line(_line(finder, line))
    if len(bodies) != 1:
        detail = f"the file holds {len(bodies)} invoices, the first is read"
        extract.malformed.append(Check(name="one_document", passed=False, detail=detail))
    return extract


def _add_party(
    finder: FieldFinder, root: Element, role: str, name: FieldName, vat: FieldName
) -> None:
    party = f"{_HEADER}/{role}/DatiAnagrafici"
    found = find(root, f"{party}/Anagrafica/Denominazione")
    if found is not None:
        finder.add_element(name, found)
    else:
        given = find(root, f"{party}/Anagrafica/Nome")
        family = find(root, f"{party}/Anagrafica/Cognome")
        finder.add_joined(name, (given, family), " ")
    country = find(root, f"{party}/IdFiscaleIVA/IdPaese")
    number = find(root, f"{party}/IdFiscaleIVA/IdCodice")
    if number is not None:
        finder.add_joined(vat, (country, number), "")


def _add_totals(finder: FieldFinder, body: Element) -> None:
    summary = list(find_all(body, _SUMMARY))
    taxable = [e for part in summary if (e := find(part, "ImponibileImporto")) is not None]
    taxes = [e for part in summary if (e := find(part, "Imposta")) is not None]
    finder.add_sum("net", taxable)
    finder.add_sum("tax", taxes)
    finder.add_tax_parts(taxes)
    for part in summary:
        elements = (find(part, name) for name in ("ImponibileImporto", "AliquotaIVA", "Imposta"))
        finder.add_tax_part(*elements)
    gross = find(body, f"{_GENERAL}/ImportoTotaleDocumento")
    amounts = finder.extract.amounts
    if gross is not None:
        finder.add_sum("gross", [gross])
    elif {"net", "tax"} <= amounts.keys():
        finder.add_total("gross", amounts["net"] + amounts["tax"], taxable[0])
    finder.add_sum("due", [e for e in find_all(body, f"{_PAYMENT}/ImportoPagamento") if text_of(e)])
    _add_the_rest(body, finder, summary)


def _add_the_rest(body: Element, finder: FieldFinder, summary: list[Element]) -> None:
    """Take in what stands between the lines, the totals and what is to be paid."""
    amounts = finder.extract.amounts
    fund = _total(body, f"{_GENERAL}/DatiCassaPrevidenziale/ImportoContributoCassa")
    extra = sum((_total(part, "SpeseAccessorie") for part in summary), Decimal(0))
    rounded = sum((_total(part, "Arrotondamento") for part in summary), Decimal(0))
    amounts["charges"] = fund + extra + rounded
    amounts["rounding"] = _total(body, f"{_GENERAL}/Arrotondamento")
    stamp = _total(body, f"{_GENERAL}/DatiBollo/ImportoBollo")
    if {"net", "tax", "gross"} <= amounts.keys():
        without = amounts["net"] + amounts["tax"] + amounts["rounding"]
        if amounts["gross"] == without + stamp:  # the total may count the stamp duty or not
            amounts["rounding"] += stamp
    split = sum(
        (_total(part, "Imposta") for part in summary if find_text(part, "EsigibilitaIVA") == "S"),
        Decimal(0),
    )
    withheld = _total(body, f"{_GENERAL}/DatiRitenuta/ImportoRitenuta")
    amounts["prepaid"] = withheld + split


def _total(element: Element, path: str) -> Decimal:
    numbers = (parse_decimal(text_of(found)) for found in find_all(element, path))
    return sum((number for number in numbers if number is not None), Decimal(0))


def _line(finder: FieldFinder, line: Element) -> InvoiceLine:
    price = finder.number(find(line, "PrezzoUnitario"))
    return InvoiceLine(
        line_no=find_text(line, "NumeroLinea") or "",
        description=find_text(line, "Descrizione") or "",
        seller_item_id=find_text(line, "CodiceArticolo/CodiceValore"),
        quantity=optional(finder.number(find(line, "Quantita"))),
        unit=find_text(line, "UnitaMisura"),
        unit_price=unit_price(price, None),
        net=optional(finder.number(find(line, "PrezzoTotale"))),
        tax_percent=optional(finder.number(find(line, "AliquotaIVA"))),
        order_line_ref=None,
    )
