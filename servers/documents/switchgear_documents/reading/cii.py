"""UN/CEFACT cross industry invoices: EN 16931 CII, Factur-X, ZUGFeRD 1 and 2, Order-X."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Self

from switchgear_documents.reading.einvoice import (
    FieldFinder,
    claims_en16931,
    type_code,
)
from switchgear_documents.reading.extract import AmountName, Extract
from switchgear_documents.reading.markup import (
    Element,
    Wanted,
    find,
    find_all,
    find_text,
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
    paths = _LinePaths.of(words)
    wanted = Wanted(*paths.every())
    for line in find_all(root, f"{words.transaction}/IncludedSupplyChainTradeLineItem"):
        at = wanted.leaves(line)
        counts = text_at(at, paths.status) not in _SILENT_LINES
        finder.add_line(_line(finder, at, paths), counts=counts)
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


@dataclass(frozen=True)
class _LinePaths:
    """Where a line says what; of several paths the first that has text counts."""

    number: str
    status: str
    description: tuple[str, ...]
    seller_item_id: str
    buyer_item_id: str
    quantity: tuple[str, ...]
    price: str
    per: str
    net: str
    rate: str
    order_line: str

    @classmethod
    def of(cls, words: _Words) -> Self:
        document, product = "AssociatedDocumentLineDocument", "SpecifiedTradeProduct"
        price = f"{words.line_agreement}/NetPriceProductTradePrice"
        quantities = ("BilledQuantity", "RequestedQuantity", "AgreedQuantity")
        return cls(
            number=f"{document}/LineID",
            status=f"{document}/LineStatusReasonCode",
            description=(
                f"{product}/Name",
                f"{product}/Description",
                f"{document}/IncludedNote/Content",
            ),
            seller_item_id=f"{product}/SellerAssignedID",
            buyer_item_id=f"{product}/BuyerAssignedID",
            quantity=tuple(f"{words.line_delivery}/{name}" for name in quantities),
            price=f"{price}/ChargeAmount",
            per=f"{price}/BasisQuantity",
            net=f"{words.line_settlement}/{words.line_totals}/LineTotalAmount",
            rate=f"{words.line_settlement}/ApplicableTradeTax/{words.rate}",
            order_line=f"{words.line_agreement}/BuyerOrderReferencedDocument/LineID",
        )

    def every(self) -> Iterator[str]:
        for path in astuple(self):
            yield from (path,) if isinstance(path, str) else path


def _line(finder: FieldFinder, at: Mapping[str, Element], paths: _LinePaths) -> InvoiceLine:
    quantity = next((at[path] for path in paths.quantity if path in at), None)
    return InvoiceLine(
        line_no=text_at(at, paths.number) or "",
        description=text_at(at, *paths.description) or "",
        seller_item_id=text_at(at, paths.seller_item_id),
        buyer_item_id=text_at(at, paths.buyer_item_id),
        quantity=finder.digits(quantity),
        unit=None if quantity is None else quantity.get("unitCode"),
        unit_price=finder.unit_price(at.get(paths.price), at.get(paths.per)),
        net=finder.digits(at.get(paths.net)),
        tax_percent=finder.digits(at.get(paths.rate)),
        order_line_ref=text_at(at, paths.order_line),
    )
