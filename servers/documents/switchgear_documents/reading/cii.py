"""UN/CEFACT cross industry invoices: EN 16931 CII, Factur-X, ZUGFeRD 1 and 2, Order-X."""

from dataclasses import dataclass

from switchgear_documents.reading.einvoice import (
    FieldFinder,
    claims_en16931,
    optional,
    type_code,
    unit_price,
)
from switchgear_documents.reading.extract import AmountName, Extract
from switchgear_documents.reading.markup import (
    Element,
    find,
    find_all,
    find_text,
    leaves,
    local_name,
    text_at,
    text_of,
)
from switchgear_documents.reading.reading import DocumentType, InvoiceLine

ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument", "SCRDMCCBDACIOMessageStructure")

_SILENT_LINES = ("GROUP", "INFORMATION")


@dataclass(frozen=True)
class _Words:
    """The element names that differ between ZUGFeRD 1 and everything after it."""

    document: str
    transaction: str
    agreement: str
    settlement: str
    totals: str
    line_agreement: str
    line_delivery: str
    line_settlement: str
    line_totals: str
    reference: str
    rate: str


_CII = _Words(
    document="ExchangedDocument",
    transaction="SupplyChainTradeTransaction",
    agreement="ApplicableHeaderTradeAgreement",
    settlement="ApplicableHeaderTradeSettlement",
    totals="SpecifiedTradeSettlementHeaderMonetarySummation",
    line_agreement="SpecifiedLineTradeAgreement",
    line_delivery="SpecifiedLineTradeDelivery",
    line_settlement="SpecifiedLineTradeSettlement",
    line_totals="SpecifiedTradeSettlementLineMonetarySummation",
    reference="IssuerAssignedID",
    rate="RateApplicablePercent",
)
_ZUGFERD_1 = _Words(
    document="HeaderExchangedDocument",
    transaction="SpecifiedSupplyChainTradeTransaction",
    agreement="ApplicableSupplyChainTradeAgreement",
    settlement="ApplicableSupplyChainTradeSettlement",
    totals="SpecifiedTradeSettlementMonetarySummation",
    line_agreement="SpecifiedSupplyChainTradeAgreement",
    line_delivery="SpecifiedSupplyChainTradeDelivery",
    line_settlement="SpecifiedSupplyChainTradeSettlement",
    line_totals="SpecifiedTradeSettlementMonetarySummation",
    reference="ID",
    rate="ApplicablePercent",
)
_AMOUNTS: dict[AmountName, str] = {
    "line_total": "LineTotalAmount",
    "allowances": "AllowanceTotalAmount",
    "charges": "ChargeTotalAmount",
    "net": "TaxBasisTotalAmount",
    "tax": "TaxTotalAmount",
    "gross": "GrandTotalAmount",
    "prepaid": "TotalPrepaidAmount",
    "rounding": "RoundingAmount",
    "due": "DuePayableAmount",
}


def read_cii(root: Element) -> Extract:
    """Read a cross industry invoice or order of any profile; MINIMUM has no lines."""
    words = _ZUGFERD_1 if local_name(root) == "CrossIndustryDocument" else _CII
    agreement = f"{words.transaction}/{words.agreement}"
    settlement = f"{words.transaction}/{words.settlement}"
    finder = FieldFinder(root, Extract(*_document_type(root, words)))
    finder.add_text("number", f"{words.document}/ID")
    finder.add_date("date", f"{words.document}/IssueDateTime/DateTimeString")
    finder.add_date(
        "due_date", f"{settlement}/SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"
    )
    finder.add_text("supplier", f"{agreement}/SellerTradeParty/Name")
    finder.add_element("supplier_vat", _vat(root, f"{agreement}/SellerTradeParty"))
    finder.add_text("buyer", f"{agreement}/BuyerTradeParty/Name")
    finder.add_element("buyer_vat", _vat(root, f"{agreement}/BuyerTradeParty"))
    finder.add_text(
        "currency", f"{settlement}/InvoiceCurrencyCode", f"{settlement}/OrderCurrencyCode"
    )
    if finder.extract.document_type in ("purchase_order", "order_confirmation"):
        requested = f"{words.transaction}/ApplicableHeaderTradeDelivery/RequestedDelivery"
        event = f"{requested}SupplyChainEvent/OccurrenceDateTime/DateTimeString"
        finder.add_date("delivery_date", event)
    _add_totals(finder, root, settlement, words)
    means = f"{settlement}/SpecifiedTradeSettlementPaymentMeans"
    finder.add_text(
        "iban",
        f"{means}/PayeePartyCreditorFinancialAccount/IBANID",
        f"{means}/PayeePartyCreditorFinancialAccount/ProprietaryID",
        f"{means}/PayerPartyDebtorFinancialAccount/IBANID",
    )
    finder.add_text("order_ref", f"{agreement}/BuyerOrderReferencedDocument/{words.reference}")
    order = f"{words.line_agreement}/BuyerOrderReferencedDocument/{words.reference}"
    finder.add_order_of_lines(f"{words.transaction}/IncludedSupplyChainTradeLineItem/{order}")
    _add_facts(finder, root, settlement, words)
    finder.add_text("document_type_code", f"{words.document}/TypeCode")
    for line in find_all(root, f"{words.transaction}/IncludedSupplyChainTradeLineItem"):
        status = find_text(line, "AssociatedDocumentLineDocument/LineStatusReasonCode")
        finder.add_line(_line(finder, line, words), counts=status not in _SILENT_LINES)
    return finder.extract


def _document_type(root: Element, words: _Words) -> tuple[DocumentType, str]:
    _, by_code = type_code(root, f"{words.document}/TypeCode")
    if by_code is not None:
        return by_code, "e-invoice/type-code"
    is_order = local_name(root) == "SCRDMCCBDACIOMessageStructure"
    return "purchase_order" if is_order else "invoice", "e-invoice/root-element"


def _vat(root: Element, party: str) -> Element | None:
    ids = list(find_all(root, f"{party}/SpecifiedTaxRegistration/ID"))
    return next((e for e in ids if e.get("schemeID") == "VA" and text_of(e)), None)


def _add_totals(finder: FieldFinder, root: Element, settlement: str, words: _Words) -> None:
    currency = find_text(root, f"{settlement}/InvoiceCurrencyCode")
    taxes = find_all(root, f"{settlement}/ApplicableTradeTax/CalculatedAmount")
    finder.add_tax_parts(element for element in taxes if text_of(element))
    totals = next(find_all(root, f"{settlement}/{words.totals}"), None)
    if totals is None:
        return
    amounts: dict[AmountName, Element | None] = {
        amount: _in_currency(totals, path, currency) for amount, path in _AMOUNTS.items()
    }
    finder.add_amounts(amounts)


def _add_facts(finder: FieldFinder, root: Element, settlement: str, words: _Words) -> None:
    """Take in what the rules of EN 16931 look at."""
    extract = finder.extract
    context = "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID"
    extract.claims_en16931 = claims_en16931(find_text(root, context))
    terms = f"{settlement}/SpecifiedTradePaymentTerms/Description"
    extract.has_terms = find_text(root, terms) is not None
    seller = f"{words.transaction}/{words.agreement}/SellerTradeParty"
    ids = ("ID", "GlobalID", "SpecifiedLegalOrganization/ID", "SpecifiedTaxRegistration/ID")
    extract.seller_is_identified = find_text(root, *(f"{seller}/{i}" for i in ids)) is not None
    names = ("supplier_vat", "buyer_vat")
    extract.vat_ids = [field.value for field in extract.fields if field.name in names]
    for change in find_all(root, f"{settlement}/SpecifiedTradeAllowanceCharge"):
        indicator = find_text(change, "ChargeIndicator/Indicator")
        finder.add_change(find(change, "ActualAmount"), is_charge=indicator == "true")
    for charge in find_all(root, f"{settlement}/SpecifiedLogisticsServiceCharge"):
        finder.add_change(find(charge, "AppliedAmount"), is_charge=True)
    for part in find_all(root, f"{settlement}/ApplicableTradeTax"):
        finder.add_tax_part(
            find(part, "BasisAmount"), find(part, words.rate), find(part, "CalculatedAmount")
        )


def _in_currency(totals: Element, path: str, currency: str | None) -> Element | None:
    """Return the amount in the document's currency where it also stands in another."""
    stated = [e for e in find_all(totals, path) if text_of(e)]
    return next(
        (e for e in stated if e.get("currencyID", currency) == currency), next(iter(stated), None)
    )


def _line(finder: FieldFinder, line: Element, words: _Words) -> InvoiceLine:
    quantities = ("BilledQuantity", "RequestedQuantity", "AgreedQuantity")
    at = leaves(line)
    paths = (f"{words.line_delivery}/{name}" for name in quantities)
    quantity = next((at[path] for path in paths if path in at), None)
    price = f"{words.line_agreement}/NetPriceProductTradePrice"
    rate = at.get(f"{words.line_settlement}/ApplicableTradeTax/{words.rate}")
    net = at.get(f"{words.line_settlement}/{words.line_totals}/LineTotalAmount")
    return InvoiceLine(
        line_no=text_at(at, "AssociatedDocumentLineDocument/LineID") or "",
        description=text_at(
            at,
            "SpecifiedTradeProduct/Name",
            "SpecifiedTradeProduct/Description",
            "AssociatedDocumentLineDocument/IncludedNote/Content",
        )
        or "",
        seller_item_id=text_at(at, "SpecifiedTradeProduct/SellerAssignedID"),
        buyer_item_id=text_at(at, "SpecifiedTradeProduct/BuyerAssignedID"),
        quantity=optional(finder.number(quantity)),
        unit=None if quantity is None else quantity.get("unitCode"),
        unit_price=unit_price(
            finder.number(at.get(f"{price}/ChargeAmount")),
            finder.number(at.get(f"{price}/BasisQuantity")),
        ),
        net=optional(finder.number(net)),
        tax_percent=optional(finder.number(rate)),
        order_line_ref=text_at(at, f"{words.line_agreement}/BuyerOrderReferencedDocument/LineID"),
    )
