"""An invoice as a cross industry invoice, Factur-X profile EN 16931."""

from datetime import date
from decimal import Decimal

from switchgear_documents.samples.invoice import InvoiceSpec, Line, Party, TaxPart
from switchgear_documents.samples.tree import Node, node, optional, plain, to_bytes

_CEFACT = "urn:un:unece:uncefact:data:standard:"
_NAMESPACES = {
    "xmlns:rsm": f"{_CEFACT}CrossIndustryInvoice:100",
    "xmlns:ram": f"{_CEFACT}ReusableAggregateBusinessInformationEntity:100",
    "xmlns:udt": f"{_CEFACT}UnqualifiedDataType:100",
}
_PROFILE = "urn:cen.eu:en16931:2017"


def to_cii(spec: InvoiceSpec) -> bytes:
    """Return the invoice as a CII document; the same bytes for the same spec."""
    guideline = node("ram:GuidelineSpecifiedDocumentContextParameter", node("ram:ID", _PROFILE))
    note = node("ram:IncludedNote", node("ram:Content", spec.note)) if spec.note else None
    lines = (_line(spec, number, line) for number, line in enumerate(spec.lines, start=1))
    root = node(
        "rsm:CrossIndustryInvoice",
        node("rsm:ExchangedDocumentContext", guideline),
        node(
            "rsm:ExchangedDocument",
            node("ram:ID", spec.number),
            node("ram:TypeCode", "380"),
            node("ram:IssueDateTime", _day(spec.date)),
            note,
        ),
        node(
            "rsm:SupplyChainTradeTransaction",
            *lines,
            _agreement(spec),
            node("ram:ApplicableHeaderTradeDelivery"),
            _settlement(spec),
        ),
        **_NAMESPACES,
    )
    return to_bytes(root)


def _day(day: date) -> Node:
    return node("udt:DateTimeString", day.strftime("%Y%m%d"), format="102")


def _agreement(spec: InvoiceSpec) -> Node:
    order = node("ram:IssuerAssignedID", spec.order_ref) if spec.order_ref else None
    return node(
        "ram:ApplicableHeaderTradeAgreement",
        node("ram:SellerTradeParty", *_party(spec.seller)),
        node("ram:BuyerTradeParty", *_party(spec.buyer)),
        None if order is None else node("ram:BuyerOrderReferencedDocument", order),
    )


def _party(party: Party) -> tuple[Node | None, ...]:
    address = node(
        "ram:PostalTradeAddress",
        node("ram:PostcodeCode", party.zip),
        node("ram:LineOne", party.street),
        node("ram:CityName", party.city),
        node("ram:CountryID", party.country),
    )
    scheme = "VA" if party.has_vat_id else "FC"  # FC is a tax number
    vat = node("ram:ID", party.vat, schemeID=scheme) if party.vat else None
    registration = None if vat is None else node("ram:SpecifiedTaxRegistration", vat)
    return node("ram:Name", party.name), address, registration


def _settlement(spec: InvoiceSpec) -> Node:
    return node(
        "ram:ApplicableHeaderTradeSettlement",
        node("ram:PaymentReference", spec.number),
        node("ram:InvoiceCurrencyCode", spec.currency),
        _means(spec.seller.iban),
        *(_tax(part) for part in spec.tax_parts),
        node("ram:SpecifiedTradePaymentTerms", node("ram:DueDateDateTime", _day(spec.due_date))),
        node(
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            _amount("ram:LineTotalAmount", spec.net),
            _amount("ram:TaxBasisTotalAmount", spec.net),
            node("ram:TaxTotalAmount", plain(spec.tax), currencyID=spec.currency),
            _amount("ram:GrandTotalAmount", spec.gross),
            _amount("ram:DuePayableAmount", spec.gross),
        ),
    )


def _means(iban: str | None) -> Node | None:
    if iban is None:
        return None
    account = node("ram:PayeePartyCreditorFinancialAccount", node("ram:IBANID", iban))
    return node("ram:SpecifiedTradeSettlementPaymentMeans", node("ram:TypeCode", "30"), account)


def _amount(tag: str, amount: Decimal) -> Node:
    return node(tag, plain(amount))


def _tax(part: TaxPart) -> Node:
    return node(
        "ram:ApplicableTradeTax",
        _amount("ram:CalculatedAmount", part.tax),
        node("ram:TypeCode", "VAT"),
        _amount("ram:BasisAmount", part.base),
        node("ram:CategoryCode", part.category),
        _amount("ram:RateApplicablePercent", part.percent),
    )


def _line(spec: InvoiceSpec, number: int, line: Line) -> Node:
    price = node("ram:NetPriceProductTradePrice", _amount("ram:ChargeAmount", line.unit_price))
    quantity = node("ram:BilledQuantity", plain(line.quantity), unitCode=line.unit)
    tax = node(
        "ram:ApplicableTradeTax",
        node("ram:TypeCode", "VAT"),
        node("ram:CategoryCode", "S" if line.tax_percent else "Z"),
        _amount("ram:RateApplicablePercent", line.tax_percent),
    )
    net = _amount("ram:LineTotalAmount", spec.line_net(line))
    return node(
        "ram:IncludedSupplyChainTradeLineItem",
        node("ram:AssociatedDocumentLineDocument", node("ram:LineID", str(number))),
        node(
            "ram:SpecifiedTradeProduct",
            optional("ram:SellerAssignedID", line.seller_item_id),
            optional("ram:BuyerAssignedID", line.buyer_item_id),
            node("ram:Name", line.description),
        ),
        node("ram:SpecifiedLineTradeAgreement", price),
        node("ram:SpecifiedLineTradeDelivery", quantity),
        node(
            "ram:SpecifiedLineTradeSettlement",
            tax,
            node("ram:SpecifiedTradeSettlementLineMonetarySummation", net),
        ),
    )
